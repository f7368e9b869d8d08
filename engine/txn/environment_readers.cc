// Who reads what, what that holds back, and what is done about it when a writer needs the pages.

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "engine/os/clock.h"
#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"
#include "engine/txn/write_state.h"

namespace kist::engine {
namespace {

static_assert(static_cast<int>(Shortage::kDisk) == static_cast<int>(SpaceShortage::kDisk) &&
              static_cast<int>(Shortage::kLimit) == static_cast<int>(SpaceShortage::kLimit));

// Between two looks at readers that are waited for.
constexpr std::chrono::milliseconds kLongestPause{10};

Reader describe(const PinnedSlot& slot, std::uint64_t head) {
  Reader reader;
  reader.snapshot = slot.snapshot;
  reader.lag = slot.snapshot != 0 && head > slot.snapshot ? head - slot.snapshot : 0;
  reader.process = slot.process;
  reader.parked = slot.parked;
  // What the lock file says may be anything.
  const std::uint64_t now = os::coarse_milliseconds();
  if (slot.snapshot != 0 && slot.since != 0 && slot.since < now) {
    reader.age = std::chrono::milliseconds(now - slot.since);
  }
  return reader;
}

}  // namespace

Result<std::vector<Reader>> Environment::readers() {
  // What readers hold back is in the writer's map, so become the writer for a moment, if nobody is.
  Snapshot snapshot(shared_from_this());
  const bool writer = !options.read_only && begin_write(snapshot, std::chrono::milliseconds(0));
  if (writer) snapshot.write = std::make_unique<WriteState>(*this, snapshot);  // gives it back
  KIST_ASSIGN(const std::uint64_t newest, newest_id());
  KIST_ASSIGN(const std::vector<PinnedSlot> pinned, sharing->list_readers(newest));
  std::vector<Reader> readers;
  readers.reserve(pinned.size());
  for (const PinnedSlot& slot : pinned) readers.push_back(describe(slot, newest));
  if (!writer) return readers;
  KIST_ASSIGN(const Pins pins, needed_snapshots());
  const auto seen = space->pending_runs().seen_by(pins.ids);
  for (Reader& reader : readers) {
    const auto at = std::lower_bound(pins.ids.begin(), pins.ids.end(), reader.snapshot);
    if (at == pins.ids.end() || *at != reader.snapshot) continue;
    const auto& held = seen[static_cast<std::size_t>(at - pins.ids.begin())];
    const auto same = std::ranges::count(readers, reader.snapshot, &Reader::snapshot);
    reader.pages_held = held.pages;
    reader.pages_held_alone = same == 1 && reader.snapshot != tip.id ? held.alone : 0;
  }
  return readers;
}

/// The snapshot that holds back most, as its reader that has had it for the longest time. Nothing
/// when none does, and when somebody is choosing a snapshot, who will be done in a moment.
Result<std::optional<SlowReader>> Environment::slowest_reader() {
  KIST_ASSIGN(const Pins pins, needed_snapshots());
  if (pins.everything) return std::nullopt;
  const std::array<std::uint64_t, 2> published = sharing->protected_ids();
  KIST_ASSIGN(const MetaSlot durable, durable_slot());
  const auto is_readers = [&](std::uint64_t id) {
    return id != tip.id && id != durable.id && std::ranges::find(published, id) == published.end();
  };
  if (std::ranges::none_of(pins.ids, is_readers)) return std::nullopt;
  const auto seen = space->pending_runs().seen_by(pins.ids);
  std::uint64_t snapshot = 0;
  std::uint64_t most = 0;
  std::uint64_t alone = 0;
  for (std::size_t i = 0; i < pins.ids.size(); ++i) {
    if (!is_readers(pins.ids[i]) || seen[i].pages <= most) continue;
    snapshot = pins.ids[i];
    most = seen[i].pages;
    alone = seen[i].alone;
  }
  if (most == 0) return std::nullopt;
  KIST_ASSIGN(const std::vector<PinnedSlot> pinned, sharing->list_readers(tip.id));
  SlowReader slow;
  slow.readers = 0;
  bool all_parked = true;
  for (const PinnedSlot& slot : pinned) {
    if (slot.snapshot != snapshot) continue;
    const Reader reader = describe(slot, tip.id);
    if (slow.readers == 0 || reader.age > slow.reader.age) slow.reader = reader;
    all_parked &= reader.parked;
    ++slow.readers;
  }
  if (slow.readers == 0) return std::nullopt;  // it has just gone
  slow.reader.parked = all_parked;
  slow.reader.pages_held = most;
  slow.reader.pages_held_alone = slow.readers == 1 ? alone : 0;
  return slow;
}

/// True: look again. False: go on without.
Result<bool> Environment::ask_about(const SlowReader& slow) {
  switch (options.slow_reader(slow)) {
    case SlowReaderAnswer::kWait:
      std::this_thread::sleep_for(
          std::min(kLongestPause, std::chrono::milliseconds(slow.attempt + 1)));
      return true;
    case SlowReaderAnswer::kRetry:
      return true;
    case SlowReaderAnswer::kOust: {
      if (!slow.reader.parked) return false;
      KIST_ASSIGN(const std::uint64_t ousted, sharing->oust(slow.reader.snapshot));
      return ousted != 0;
    }
    case SlowReaderAnswer::kFail:
      return fail(ErrorCode::kNoSpace,
                  fmt::format("{}: {} pages are wanted, and a reader of snapshot {} in process {} "
                              "holds back {}; slow_reader answered kFail",
                              path, slow.pages_wanted, slow.reader.snapshot, slow.reader.process,
                              slow.reader.pages_held.value_or(0)));
    case SlowReaderAnswer::kGoOn:
      break;
  }
  return false;
}

Result<void> Environment::make_durable_and_release() {
  KIST_TRY(wait_durable(tip.id, std::nullopt));
  KIST_ASSIGN(const Pins pins, needed_snapshots());
  space->release(pins);
  return {};
}

/// Called by the map when it lacks pages: whether some have become free since.
Result<bool> Environment::relieve(std::uint64_t missing, Shortage why) {
  const bool grows = why == Shortage::kGrowth;
  if (grows && !options.slow_reader) return false;
  // What commits gave up that are not on the device yet waits for the flush that makes them
  // durable.
  if (!grows) KIST_TRY(wait_durable(tip.id, std::nullopt));
  const std::uint64_t before = space->free_pages();
  for (std::uint64_t attempt = 0;; ++attempt) {
    // Readers may have gone since the transaction began.
    KIST_ASSIGN(const Pins pins, needed_snapshots());
    space->release(pins);
    if (space->free_pages() > before) return true;
    if (!options.slow_reader) return false;
    KIST_ASSIGN(std::optional<SlowReader> slow, slowest_reader());
    if (!slow || (grows && *slow->reader.pages_held < missing)) return false;
    slow->pages_wanted = missing;
    slow->shortage = static_cast<SpaceShortage>(why);
    slow->attempt = attempt;
    KIST_ASSIGN(const bool again, ask_about(*slow));
    if (!again) return false;
  }
}

}  // namespace kist::engine
