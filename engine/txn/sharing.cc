#include "engine/txn/sharing.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/failpoints.h"
#include "engine/txn/lock_bytes.h"

namespace kist::engine {
namespace {

// Many more than there are readers without slots; whoever locks more is up to no good.
constexpr std::size_t kMostLockPins = 4096;

}  // namespace

Sharing::Sharing(os::File& data, std::string lock_path, bool read_only, const FileAccess& created,
                 os::CallObserver* observer)
    : data_(data),
      lock_path_(std::move(lock_path)),
      read_only_(read_only),
      created_(created),
      observer_(observer),
      writer_lock_(data),
      flush_lock_(data) {}

Sharing::~Sharing() {
  if (!stale()) let_go();
}

Result<std::unique_ptr<Sharing>> Sharing::begin_open(os::File& data, const std::string& lock_path,
                                                     bool read_only, const FileAccess& created,
                                                     os::CallObserver* observer) {
  const bool can_exclude = data.access() == os::Access::kReadWrite;
  if (!can_exclude && !read_only) {
    return fail(ErrorCode::kInvalidArgument,
                "'" + data.path() + "' is open for reading only and cannot be shared for writing");
  }
  std::unique_ptr<Sharing> sharing(new Sharing(data, lock_path, read_only, created, observer));
  // Openers that cannot lock exclusively keep out of the way of all others but not of each other:
  // they change nothing.
  KIST_TRY(
      data.lock(kOpeningByte, 1, can_exclude ? os::LockKind::kExclusive : os::LockKind::kShared));
  KIST_TRY(sharing->look_for_others());
  return sharing;
}

Result<void> Sharing::look_for_others() {
  // The others may die at any moment. So the first question is whether somebody has the lock file
  // in use: yes settles it, for the file then serves us just as if they had died a moment later.
  // Only after a no does it count whether somebody lives: asked the other way round, the last of
  // them could die between the questions, and the lock file would pass for a stranger's.
  if (data_.access() == os::Access::kReadWrite && !lock_path_.empty()) {
    Result<LockFile> found = LockFile::open(lock_path_, os::Access::kReadWrite, observer_);
    if (found) {
      KIST_ASSIGN(const bool shared, in_use(*found));
      if (shared) {
        candidate_ = std::move(*found);
        return {};
      }
      refusal_ = Error{ErrorCode::kDamaged, "they use another one"};
    } else {
      refusal_ = std::move(found).error();
    }
  }
  KIST_ASSIGN(const auto live,
              data_.first_conflict(kLiveBytes, kMaxProcesses, os::LockKind::kExclusive));
  sole_ = !live;
  return {};
}

Result<void> Sharing::create_lock_file(const Identity& identity, bool flush) {
  if (!sole_ || read_only_) {
    return fail(ErrorCode::kMisuse, "only a sole opener that writes builds the lock file");
  }
  KIST_ASSIGN(LockFile lock_file, LockFile::rebuild(lock_path_, identity, created_, observer_));
  if (flush) KIST_TRY(lock_file.file().flush());
  KIST_FAILPOINT("open.after_rebuild");
  return use_slots(std::move(lock_file));
}

Result<void> Sharing::join_lock_file(const Identity& identity) {
  if (sole_ && !read_only_) {
    return fail(ErrorCode::kMisuse, "a sole opener that writes builds the lock file");
  }
  identity_ = identity;
  // Without a live process there is nobody to vouch for the lock file; without write access to the
  // data file there is no live byte for us, so no slot either.
  if (sole_ || data_.access() == os::Access::kRead) return {};
  if (candidate_ && !candidate_->carries(identity)) {
    refusal_ = Error{ErrorCode::kDamaged, "it belongs to another data file"};
    candidate_.reset();
  }
  if (candidate_) return use_slots(*std::exchange(candidate_, std::nullopt));
  if (refusal_->code == ErrorCode::kPermission && read_only_) return {};
  if (refusal_->code != ErrorCode::kNotFound && refusal_->code != ErrorCode::kDamaged) {
    return std::unexpected(*refusal_);
  }
  return fail(ErrorCode::kBusy, "'" + data_.path() + "' is open elsewhere, but its lock file '" +
                                    lock_path_ +
                                    "' was deleted or replaced; close it everywhere, then open "
                                    "again (" +
                                    refusal_->message + ")");
}

Result<void> Sharing::use_slots(LockFile lock_file) {
  KIST_TRY(data_.lock(kPlaceBytes + lock_file.place(), 1, os::LockKind::kShared));
  lock_file_ = std::make_unique<LockFile>(std::move(lock_file));
  layout_ = &lock_file_->layout();
  flush_lock_.count_rounds_in(&layout_->flush_rounds);
  return {};
}

Result<bool> Sharing::in_use(const LockFile& lock_file) const {
  KIST_ASSIGN(const auto holder,
              data_.first_conflict(kPlaceBytes + lock_file.place(), 1, os::LockKind::kExclusive));
  return holder.has_value();
}

Result<void> Sharing::finish_open() {
  if (layout_ != nullptr) {
    KIST_ASSIGN(process_, claim_live_byte());
    KIST_FAILPOINT("open.after_live_byte");
    readers_ = std::make_unique<ReaderTable>(data_, *lock_file_, process_);
    KIST_TRY(readers_->clear_leftovers());
    if (!read_only_) KIST_TRY(data_.lock(kWritableByte, 1, os::LockKind::kShared));
  }
  return data_.unlock(kOpeningByte, 1);
}

Result<std::uint32_t> Sharing::claim_live_byte() {
  for (std::uint32_t i = 0; i < kMaxProcesses; ++i) {
    KIST_ASSIGN(const bool mine, data_.try_lock(kLiveBytes + i, 1, os::LockKind::kExclusive));
    if (mine) return i;
  }
  return fail(ErrorCode::kBusy, "'" + data_.path() + "' is open in " +
                                    std::to_string(kMaxProcesses) +
                                    " processes, which is the most");
}

Result<bool> Sharing::begin_close() {
  if (stale()) return fail(ErrorCode::kForked, "'" + data_.path() + "': inherited through fork");
  if (readers_ == nullptr) return false;
  KIST_TRY(data_.lock(kOpeningByte, 1, os::LockKind::kExclusive));
  readers_->leave();
  readers_.reset();
  KIST_FAILPOINT("close.after_slots");
  KIST_TRY(data_.unlock(kLiveBytes + process_, 1));
  if (read_only_) return false;
  KIST_TRY(data_.unlock(kWritableByte, 1));
  KIST_ASSIGN(const auto other, data_.first_conflict(kWritableByte, 1, os::LockKind::kExclusive));
  return !other;
}

void Sharing::finish_close() {
  let_go();
}

void Sharing::let_go() {
  if (readers_ != nullptr) readers_->leave();
  // Last of all: until here the locks protect what the lines above change.
  static_cast<void>(data_.unlock(kLockBase, kAllLockBytes));
  readers_.reset();
  layout_ = nullptr;
  lock_file_.reset();
  foreign_.reset();
}

Result<void> Sharing::lock_writer(Wait wait) {
  if (stale()) return fail(ErrorCode::kForked, "'" + data_.path() + "': inherited through fork");
  if (read_only_) return fail(ErrorCode::kReadOnly, "'" + data_.path() + "' is open for reading");
  KIST_TRY(writer_lock_.lock(wait));
  if (!lock_file_damaged()) return {};
  writer_lock_.unlock();
  return fail(ErrorCode::kDamaged, "lock file '" + lock_path_ + "' was cut short while in use");
}

void Sharing::unlock_writer() {
  if (!stale()) writer_lock_.unlock();
}

bool Sharing::read_head_checked(std::span<std::uint64_t, kHeadWords> words) const {
  if (layout_ != nullptr) return engine::read_head_checked(*layout_, words);
  const std::lock_guard lock(mutex_);
  // An error means that the head cannot be trusted, which is all that the caller needs to know.
  return read_foreign_head(words).value_or(false);
}

bool Sharing::read_head_without_slots(std::span<std::uint64_t> words) const {
  std::array<std::uint64_t, kHeadWords> all;
  if (!read_head_checked(all)) return false;
  std::copy_n(all.begin(), words.size(), words.begin());
  return true;
}

// The lock file vouches for its head only while a process lives that keeps it; it may be rebuilt,
// or replaced by the next sole opener, at any time in between.
Result<bool> Sharing::read_foreign_head(std::span<std::uint64_t, kHeadWords> words) const {
  if (!identity_) return false;
  KIST_ASSIGN(const auto live,
              data_.first_conflict(kLiveBytes, kMaxProcesses, os::LockKind::kExclusive));
  if (!live) return false;
  if (foreign_ != nullptr) {
    KIST_ASSIGN(const bool current, in_use(*foreign_));
    if (!current || foreign_->damaged()) foreign_.reset();
  }
  if (foreign_ == nullptr) {
    KIST_ASSIGN(LockFile lock_file, LockFile::open(lock_path_, os::Access::kRead, observer_));
    KIST_ASSIGN(const bool current, in_use(lock_file));
    if (!current || !lock_file.carries(*identity_)) return false;
    foreign_ = std::make_unique<LockFile>(std::move(lock_file));
  }
  return engine::read_head_checked(foreign_->layout(), words);
}

Result<void> Sharing::pin_by_lock(std::uint64_t id) {
  if (stale()) return fail(ErrorCode::kForked, "'" + data_.path() + "': inherited through fork");
  if (id >= kIdLimit) {
    return fail(ErrorCode::kInvalidArgument, "transaction " + std::to_string(id) + " cannot be");
  }
  const std::lock_guard lock(mutex_);
  if (!lock_pins_.contains(id)) {
    KIST_ASSIGN(const bool held, data_.try_lock(kPinBytes + id, 1, os::LockKind::kShared));
    if (!held) {
      return fail(ErrorCode::kBusy, "the pin of transaction " + std::to_string(id) + " in '" +
                                        data_.path() + "' is locked by a stranger");
    }
  }
  ++lock_pins_[id];
  return {};
}

void Sharing::unpin_by_lock(std::uint64_t id) {
  if (stale()) return;
  const std::lock_guard lock(mutex_);
  const auto pin = lock_pins_.find(id);
  if (pin == lock_pins_.end() || --pin->second != 0) return;
  lock_pins_.erase(pin);
  // Fails only where there is no lock left to give up.
  static_cast<void>(data_.unlock(kPinBytes + id, 1));
}

Result<Pins> Sharing::collect_pins(std::uint64_t tip) {
  Pins pins;
  if (readers_ != nullptr) KIST_TRY(readers_->collect(tip, pins));
  KIST_TRY(collect_lock_pins(tip, pins));
  std::sort(pins.ids.begin(), pins.ids.end());
  const auto repeated = std::unique(pins.ids.begin(), pins.ids.end());
  pins.ids.erase(repeated, pins.ids.end());
  return pins;
}

Result<std::vector<PinnedSlot>> Sharing::list_readers(std::uint64_t head) {
  std::vector<PinnedSlot> pinned;
  Pins locked;
  if (readers_ != nullptr) {
    Pins living;  // what is collected is listed below; the dead are cleared on the way
    KIST_TRY(readers_->collect(head, living));
    KIST_TRY(readers_->list(pinned));
    KIST_TRY(collect_lock_pins(head + 1, locked));
  } else {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, count] : lock_pins_) locked.ids.push_back(id);
  }
  for (const std::uint64_t id : locked.ids) pinned.push_back({.snapshot = id});
  return pinned;
}

// The kernel tells of one lock in a range, not of the lowest, and joins neighbouring bytes of one
// holder; so each answer splits the rest into what lies before it and what lies behind it.
Result<void> Sharing::collect_lock_pins(std::uint64_t tip, Pins& pins) const {
  std::vector<os::LockRange> rest;
  if (tip > 0) rest.push_back({kPinBytes, std::min(tip, kIdLimit)});
  std::size_t found = 0;
  while (!rest.empty()) {
    const os::LockRange range = rest.back();
    rest.pop_back();
    if (range.length == 0) continue;
    KIST_ASSIGN(const auto lock,
                data_.first_conflict(range.offset, range.length, os::LockKind::kExclusive));
    if (!lock) continue;
    if (lock->length > kMostLockPins - found) {
      pins.everything = true;
      return {};
    }
    found += lock->length;
    for (std::uint64_t i = 0; i < lock->length; ++i) {
      pins.ids.push_back(lock->offset + i - kPinBytes);
    }
    const std::uint64_t lock_end = lock->offset + lock->length;
    rest.push_back({range.offset, lock->offset - range.offset});
    rest.push_back({lock_end, range.offset + range.length - lock_end});
  }
  return {};
}

}  // namespace kist::engine
