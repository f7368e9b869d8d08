// How a transaction gets its snapshot.

#include <cstring>

#include <fmt/format.h>

#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"
#include "engine/upkeep/recover.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {
namespace {

// The part of the head that a reader needs lies at the start of the meta slot.
constexpr std::size_t kReaderBytes = 320;
constexpr std::size_t kFilePagesAt = 72;
constexpr std::size_t kIdAt = 80;
constexpr std::size_t kNonceAt = 88;
constexpr std::size_t kCatalogAt = 128;
constexpr std::size_t kMainAt = 192;
constexpr std::size_t kDomainVersionAt = 280;
constexpr std::size_t kMarkersAt = 288;

using ReaderWords = std::array<std::uint64_t, kReaderBytes / 8>;

std::span<const std::uint8_t> as_head_bytes(const ReaderWords& words) {
  return {reinterpret_cast<const std::uint8_t*>(words.data()), kReaderBytes};
}

}  // namespace

Result<void> Environment::fill(Snapshot& snapshot, std::span<const std::uint8_t> head_bytes) {
  const std::uint64_t file_pages = load64(head_bytes.data() + kFilePagesAt);
  const auto catalog = decode_table_record(head_bytes.subspan<kCatalogAt, TableRecord::kSize>());
  const auto main = decode_table_record(head_bytes.subspan<kMainAt, TableRecord::kSize>());
  if (!catalog || !main || !catalog->plain() || !main->plain()) [[unlikely]] {
    return fail(ErrorCode::kDamaged, path + ": the head in shared memory is not understood");
  }
  snapshot.domain_version = load64(head_bytes.data() + kDomainVersionAt);
  if (checks_domain_version_) [[unlikely]]
    KIST_TRY(check_domain_version(snapshot.domain_version));
  for (std::size_t i = 0; i < snapshot.markers.size(); ++i) {
    snapshot.markers[i] = load64(head_bytes.data() + kMarkersAt + 8 * i);
  }
  KIST_ASSIGN(MapHold map, pager->cover(file_pages));
  snapshot.head_place = 0;
  snapshot.id = load64(head_bytes.data() + kIdAt);
  snapshot.nonce = load64(head_bytes.data() + kNonceAt);
  snapshot.view = PageView(pager.get(), std::move(map), file_pages);
  snapshot.catalog = *catalog;
  snapshot.tables.assign(
      1, {.record = *main, .presence = TableState::Presence::kPresent, .plain = true});
  return {};
}

Result<void> Environment::begin_read(Snapshot& snapshot) {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  if (path_check_due(os::coarse_milliseconds())) [[unlikely]]
    KIST_TRY(check_place());
  if (!sharing->uses_slots()) {
    KIST_TRY(pin_by_lock(snapshot));
    return {};
  }
  KIST_TRY(announce_read(snapshot));
  return pin_newest(snapshot);
}

Result<void> Environment::announce_read(Snapshot& snapshot) {
  if (sharing->lock_file_damaged()) [[unlikely]] {
    return fail(ErrorCode::kDamaged,
                path + "-lock: was cut short; nobody sees what is pinned in it");
  }
  KIST_ASSIGN(const std::uint32_t slot, sharing->claim_slot());
  snapshot.slot = slot;
  snapshot.pin = Snapshot::Pin::kSlot;
  return {};
}

Result<void> Environment::pin_newest(Snapshot& snapshot) {
  const std::uint64_t known = snapshot.head_place;
  if (known != 0 && known == sharing->head_place()) [[likely]] {
    sharing->pin_slot(snapshot.slot, snapshot.id);
    return {};
  }
  ReaderWords words;
  const TipPlace place = sharing->read_placed_head(words);
  if (place == 0) [[unlikely]] {
    return fail(ErrorCode::kDamaged, path + "-lock: holds no head");
  }
  sharing->pin_slot(snapshot.slot, words[kIdAt / 8]);
  KIST_TRY(fill(snapshot, as_head_bytes(words)));
  snapshot.head_place = place;
  return {};
}

bool Environment::pin_again(Snapshot& snapshot) {
  const std::uint64_t now = os::coarse_milliseconds();
  if (snapshot.head_place == 0 || stale() || path_check_due(now) ||
      !sharing->pin_again(snapshot.slot, snapshot.head_place, snapshot.id, now)) [[unlikely]] {
    return false;
  }
  snapshot.pin = Snapshot::Pin::kSlot;
  return true;
}

bool Environment::begin_again(const std::shared_ptr<Environment>& environment,
                              std::shared_ptr<Snapshot>& snapshot) {
  environment->spares_.take(snapshot);
  if (!snapshot) [[unlikely]]
    return false;
  const bool begun = environment->pin_again(*snapshot);
  snapshot->reuse(environment);
  return begun;
}

Result<void> Environment::begin_read(const std::shared_ptr<Environment>& environment,
                                     std::shared_ptr<Snapshot>& snapshot) {
  if (!snapshot) snapshot = std::make_shared<Snapshot>(environment);
  return environment->begin_read(*snapshot);
}

void Environment::end_read(std::shared_ptr<Snapshot>&& snapshot) {
  if (snapshot.use_count() != 1 || !snapshot->reusable()) {
    const std::shared_ptr<Snapshot> last = std::move(snapshot);
    return last->end();
  }
  const std::shared_ptr<Environment> environment = snapshot->retire();
  environment->spares_.keep(std::move(snapshot));
}

Result<void> Environment::pin_tip(Snapshot& snapshot) {
  sharing->pin_slot(snapshot.slot, tip.id);
  return fill(snapshot, encode_meta_slot(tip));
}

Result<MetaSlot> Environment::begin_read_whole(Snapshot& snapshot) {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  HeadWords words;
  if (sharing->uses_slots()) {
    KIST_TRY(announce_read(snapshot));
    if (!sharing->read_head_checked(words)) {
      return fail(ErrorCode::kDamaged, path + "-lock: holds no head that can be trusted");
    }
    KIST_ASSIGN(const MetaSlot slot, decode_tip(words));
    sharing->pin_slot(snapshot.slot, slot.id);
    KIST_TRY(fill(snapshot, encode_meta_slot(slot)));
    return slot;
  }
  KIST_ASSIGN(const MetaSlotBytes bytes, pin_by_lock(snapshot));
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return decode_tip(words);
}

/// The head as those know it who have no slot: from the lock file of others, else from the file.
Result<MetaSlotBytes> Environment::choose_head() {
  MetaSlotBytes bytes{};
  HeadWords words;
  if (sharing->read_head(words)) {
    std::memcpy(bytes.data(), words.data(), bytes.size());
    return bytes;
  }
  KIST_ASSIGN(const MetaSlot slot, choose_head_read_only());
  return encode_meta_slot(slot);
}

/// Without a slot: pin a snapshot by a byte lock, then look whether it is still the newest. Only
/// then was it pinned before a writer could have counted on its absence.
Result<MetaSlotBytes> Environment::pin_by_lock(Snapshot& snapshot) {
  KIST_ASSIGN(MetaSlotBytes bytes, choose_head());
  for (;;) {
    const std::uint64_t id = load64(bytes.data() + kIdAt);
    KIST_TRY(sharing->pin_by_lock(id));
    snapshot.id = id;
    snapshot.pin = Snapshot::Pin::kLock;
    KIST_ASSIGN(bytes, choose_head());
    if (load64(bytes.data() + kIdAt) == id) {
      KIST_TRY(fill(snapshot, bytes));
      return bytes;
    }
    sharing->unpin_by_lock(id);
    snapshot.pin = Snapshot::Pin::kNone;
  }
}

Result<std::uint64_t> Environment::newest_id() {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  if (!sharing->uses_slots()) {
    KIST_ASSIGN(const MetaSlotBytes bytes, choose_head());
    return load64(bytes.data() + kIdAt);
  }
  std::array<std::uint64_t, kIdAt / 8 + 1> words;
  if (!sharing->read_head(words)) return fail(ErrorCode::kDamaged, path + "-lock: holds no head");
  return words.back();
}

Result<MetaSlot> Environment::choose_head_read_only() {
  KIST_ASSIGN(const SlotSet set, read_slots(file));
  KIST_TRY(judge_slots(set, path));
  const Identity identity = identity_of(set.newest_first().front());
  KIST_ASSIGN(const std::vector<MetaSlot> tips, leftover_tips(identity));
  KIST_ASSIGN(const Choice choice, choose_slot(*pager, set, tips));
  return choice.slot;
}

/// One pin of several snapshots. A second pin would not do: a writer that looks at the slots one
/// after the other could find the second one not yet there and the first one gone.
class SharedPin {
 public:
  SharedPin(Sharing& sharing, const Snapshot& snapshot)
      : sharing_(sharing), pin_(snapshot.pin), slot_(snapshot.slot), id_(snapshot.id) {}
  ~SharedPin() {
    if (pin_ == Snapshot::Pin::kSlot) sharing_.release_slot(slot_);
    if (pin_ == Snapshot::Pin::kLock) sharing_.unpin_by_lock(id_);
  }
  SharedPin(const SharedPin&) = delete;
  SharedPin& operator=(const SharedPin&) = delete;

 private:
  Sharing& sharing_;
  Snapshot::Pin pin_;
  std::uint32_t slot_;
  std::uint64_t id_;
};

void Environment::share_read(Snapshot& snapshot, Snapshot& copy) {
  if (!snapshot.shared_pin) snapshot.shared_pin = std::make_shared<SharedPin>(*sharing, snapshot);
  copy.shared_pin = snapshot.shared_pin;
  copy.pin = snapshot.pin;
  copy.slot = snapshot.slot;
  copy.id = snapshot.id;
  copy.view = snapshot.view;
  copy.catalog = snapshot.catalog;
  copy.nonce = snapshot.nonce;
  copy.domain_version = snapshot.domain_version;
  copy.markers = snapshot.markers;
  copy.uncommitted = snapshot.uncommitted;
  if (copy.uncommitted) {
    copy.tables = snapshot.tables;  // the catalog does not know yet what they are
  } else {
    copy.tables.assign(1, snapshot.tables[0]);  // the others are looked up when they are needed
  }
}

void Environment::park_read(const Snapshot& snapshot) {
  if (snapshot.pin == Snapshot::Pin::kSlot) sharing->park_slot(snapshot.slot, snapshot.id);
}

bool Environment::unpark_read(const Snapshot& snapshot) {
  return snapshot.pin != Snapshot::Pin::kSlot || sharing->unpark_slot(snapshot.slot, snapshot.id);
}

void Environment::end_read(Snapshot& snapshot) {
  if (snapshot.shared_pin) {
    snapshot.shared_pin.reset();
  } else if (snapshot.pin == Snapshot::Pin::kSlot) {
    sharing->release_slot(snapshot.slot);
  } else if (snapshot.pin == Snapshot::Pin::kLock) {
    sharing->unpin_by_lock(snapshot.id);
  }
  snapshot.pin = Snapshot::Pin::kNone;
}

}  // namespace kist::engine
