// How commits become durable: whoever holds the flush lock writes the slot of the newest commit and
// flushes, for everybody who waits. engine/docs/commit.md says why it is safe to stop anywhere.

#include <algorithm>
#include <chrono>
#include <functional>

#include <fmt/format.h>

#include "engine/base/failpoints.h"
#include "engine/os/clock.h"
#include "engine/txn/environment.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {
namespace {

using std::chrono::steady_clock;

// From this many bytes on the pages are flushed before the slot: a second flush costs little then,
// and recovery has nothing to prove.
constexpr std::uint64_t kTwoFlushes = std::uint64_t{8} << 20;
// A slot that is written anyway raises the ceiling when fewer ids than that are left.
constexpr std::uint64_t kFewIds = Environment::kIdStep / 2;

constexpr std::chrono::nanoseconds kForEver = std::chrono::hours(24);

}  // namespace

/// The slot of the newest durable transaction. What the lock file says of it is held against the
/// file: it decides what is acknowledged, what may be overwritten and where the next slot goes.
Result<MetaSlot> Environment::durable_slot() {
  // It moves on while it is looked for, but not a thousand times.
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const DurablePlace place = sharing->durable();
    const std::lock_guard lock(durable_mutex_);
    const auto matches = [&](const MetaSlot& slot) {
      return slot.id == place.id && slot.index == place.slot;
    };
    if (matches(durable_slot_)) return durable_slot_;
    KIST_ASSIGN(const SlotSet set, read_slots(file));
    const DecodedSlot& found = set.slots[place.slot];
    if (found.verdict == SlotVerdict::kValid && matches(found.slot) && found.slot.seed == seed &&
        found.slot.page_size == page_size) {
      durable_slot_ = found.slot;
      return durable_slot_;
    }
  }
  return fail(ErrorCode::kDamaged,
              path + ": the meta slot of the newest durable transaction is not where it was");
}

/// Does something under the flush lock; false when somebody else has that. What fails latches.
Result<bool> Environment::try_flushing(const std::function<Result<void>()>& action) {
  FlushLock& lock = sharing->flush_lock();
  KIST_ASSIGN(const bool locked, lock.try_lock());
  if (!locked) return false;
  // Under the lock: a flush that failed may have lost what another one would then report as done.
  Result<void> done = latched_error();
  if (done) {
    done = action();
    if (!done) done = std::unexpected(latch(done.error()));
  }
  lock.unlock();
  KIST_TRY(done);
  return true;
}

Result<void> Environment::when_flushing(const std::function<Result<void>()>& action) {
  for (;;) {
    const std::uint64_t round = sharing->flush_lock().round();
    KIST_ASSIGN(const bool done, try_flushing(action));
    if (done) return {};
    sharing->flush_lock().wait(round, kForEver);
  }
}

Result<void> Environment::raise_flushed_ceiling(std::uint64_t ceiling) {
  return when_flushing([&] { return flush_tip(ceiling); });
}

Result<void> Environment::flush_writes() {
  return when_flushing([&] { return planted(Bug::kNoFlush) ? Result<void>() : file.flush(); });
}

Result<void> Environment::latched_error() const {
  if (sharing->latch() == 0) return {};
  return fail(ErrorCode::kLatched,
              path +
                  ": a write or flush failed before, so nothing is acknowledged; close every "
                  "handle and open it again");
}

/// Makes the tip durable, and readers see it, unless it is durable and its ceiling is
/// `least_ceiling` or more. Under the flush lock.
Result<void> Environment::flush_tip(std::uint64_t least_ceiling) {
  // Before the tip is looked at: later commits are not in it.
  const std::uint64_t written = sharing->commit_bytes();
  sharing->forget_unflushed();
  HeadWords words;
  const TipPlace place = sharing->take_tip_to_flush(words);
  if (place == 0) {
    return fail(ErrorCode::kDamaged, path + "-lock: holds no commit that can be trusted");
  }
  KIST_ASSIGN(MetaSlot slot, decode_tip(words));
  KIST_ASSIGN(const MetaSlot before, durable_slot());
  slot.id_ceiling = std::max(slot.id_ceiling, before.id_ceiling);
  if (slot.id <= before.id && slot.id_ceiling >= least_ceiling) return {};
  if (slot.id_ceiling - slot.id < kFewIds) slot.id_ceiling += kIdStep;
  slot.id_ceiling = std::max(slot.id_ceiling, least_ceiling);
  // The transaction of a slot that is repeated for its ceiling is as sure as it was.
  slot.state = slot.id == before.id ? before.state : SlotState::kDurable;
  slot.base = std::max(slot.base, before.id);
  // Never over the slot that is to be opened should the machine stop now.
  slot.index = planted(Bug::kSlotOverDurable) ? before.index : (before.index + 1) % kMetaSlots;
  if (sharing->prepared() != 0) {
    KIST_ASSIGN(slot.index, next_slot_place(before));
  }
  KIST_TRY(write_slot_and_flush(slot, before, place));
  sharing->set_durable({slot.id, slot.index});
  sharing->set_flushed(written);
  const std::lock_guard lock(durable_mutex_);
  durable_slot_ = slot;
  return {};
}

Result<void> Environment::write_slot_and_flush(MetaSlot& slot, const MetaSlot& before,
                                               TipPlace place) {
  const bool flushes = !planted(Bug::kNoFlush);
  // A slot is the promise that the file has its length.
  const bool first =
      slot.file_pages > before.file_pages || sharing->unflushed_bytes() >= kTwoFlushes;
  if (planted(Bug::kBaseTooHigh)) slot.base = slot.id;
  if (planted(Bug::kBaseOfPredecessor)) slot.base = std::max(slot.base, slot.id - 1);
  if (first && slot.base < slot.id && flushes && !planted(Bug::kGrowthNotFlushed)) {
    KIST_TRY(file.flush());
    slot.base = slot.id;
    KIST_FAILPOINT("flush.after_pages");
  }
  KIST_TRY(store_slot(file, slot));
  KIST_FAILPOINT("flush.after_slot");
  if (planted(Bug::kPublishBeforeFlush)) sharing->publish_flushed(place);
  if (flushes) KIST_TRY(file.flush());
  KIST_FAILPOINT("flush.after_flush");
  // The head first: who finds the transaction durable must be able to read it.
  sharing->publish_flushed(place);
  KIST_FAILPOINT("flush.after_head");
  return {};
}

Result<void> Environment::wait_durable(std::uint64_t id, Wait wait) {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  if (!sharing->uses_slots())
    return fail(ErrorCode::kReadOnly, path + ": is open for reading only");
  if (id > sharing->tip_id()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: there is no transaction {} yet", path, id));
  }
  if (!options.read_only) KIST_TRY(make_sure());
  const auto end = steady_clock::now() + (wait ? std::chrono::nanoseconds(*wait) : kForEver);
  for (;;) {
    const std::uint64_t round = sharing->flush_lock().round();
    if (sharing->durable().id >= id) {
      KIST_ASSIGN(const MetaSlot durable, durable_slot());
      if (durable.id >= id) return {};
    }
    KIST_TRY(latched_error());
    if (sharing->lock_file_damaged()) {
      return fail(ErrorCode::kDamaged, path + "-lock: was cut short while it was in use");
    }
    if (!options.read_only) {
      KIST_ASSIGN(const bool flushed, try_flushing([&] { return flush_tip(0); }));
      if (flushed) continue;
    }
    const std::chrono::nanoseconds left = end - steady_clock::now();
    if (left <= left.zero()) {
      const bool impatient = wait == Wait(0);
      return fail(impatient ? ErrorCode::kBusy : ErrorCode::kTimedOut,
                  fmt::format("{}: transaction {} is not durable yet", path, id));
    }
    sharing->flush_lock().wait(round, left);
  }
}

Result<void> Environment::finish_durable(std::uint64_t id) {
  Result<void> done = wait_durable(id, std::nullopt);
  if (!done && sharing->latch() == 0) return std::unexpected(latch(done.error()));
  return done;
}

Result<void> Environment::sync() {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  if (options.read_only) return {};
  if (sharing->this_thread_writes()) {
    return fail(ErrorCode::kMisuse,
                path +
                    ": this thread has a write transaction under way, which sync() would not "
                    "make durable; commit it first");
  }
  return wait_durable(sharing->tip_id(), std::nullopt);
}

Result<std::uint64_t> Environment::durable_id() {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  if (!sharing->uses_slots()) return newest_id();
  if (!options.read_only) KIST_TRY(make_sure());
  return sharing->durable().id;
}

/// Nothing: not before the next commit. Zero: now.
std::optional<std::chrono::nanoseconds> Environment::time_to_flush() {
  using std::chrono::nanoseconds;
  if (sharing->durable().id >= sharing->tip_id()) return std::nullopt;
  if (options.flush_bytes != 0 && sharing->unflushed_bytes() >= options.flush_bytes) {
    return nanoseconds(0);
  }
  if (options.flush_age <= options.flush_age.zero()) return std::nullopt;
  const std::uint64_t now = os::monotonic_nanoseconds();
  sharing->note_unflushed(now);
  std::uint64_t since = sharing->unflushed_since();
  if (since == 0 || since > now) since = now;  // a leader has just begun, or a stranger wrote there
  const nanoseconds age(static_cast<nanoseconds::rep>(now - since));
  return std::max<nanoseconds>(options.flush_age - age, nanoseconds(0));
}

Result<std::optional<std::chrono::milliseconds>> Environment::poll() {
  using std::chrono::milliseconds;
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  if (options.read_only) return std::nullopt;
  KIST_TRY(latched_error());
  std::optional<std::chrono::nanoseconds> left = time_to_flush();
  if (left && *left <= left->zero()) {
    KIST_ASSIGN(const bool flushed, try_flushing([this] { return flush_tip(0); }));
    if (!flushed) return milliseconds(1);  // somebody else does; perhaps not for the newest
    left = time_to_flush();
  }
  if (!left) return std::nullopt;
  return std::chrono::ceil<milliseconds>(*left);
}

void Environment::flush_if_due() {
  if (!flush_thread_) {
    // A flush that fails latches the environment. That is no failure of this commit, which asked
    // for none; the next one is told.
    static_cast<void>(poll());
    return;
  }
  const auto left = time_to_flush();
  if (left && (flush_thread_->idle() || *left <= left->zero())) flush_thread_->wake();
}

Result<void> Environment::finish_commit(std::uint64_t id, Durability durability) {
  if (durability == Durability::kRelaxed) {
    flush_if_due();
    return {};
  }
  Stopwatch watch;
  KIST_TRY(finish_durable(id));
  commits.flush.add(watch.lap());
  return {};
}

/// For an opener or closer that is alone: everything the tip refers to is on the device.
Result<void> Environment::confirm_tip() {
  MetaSlot slot = tip;
  slot.state = SlotState::kConfirmed;
  slot.base = slot.confirmed = slot.id;
  KIST_ASSIGN(slot.index, next_slot_place(tip));
  if (planted(Bug::kConfirmedInPlace)) slot.index = tip.index;
  KIST_TRY(store_slot(file, slot));
  KIST_TRY(file.flush());
  tip = slot;
  return {};
}

/// Whether tips are gone when the last process is: alone one shares with oneself, and a lock file
/// that somebody deleted lives only as long as it is mapped.
bool Environment::lock_file_dies_with_us() {
  if (options.exclusive) return true;
  constexpr std::uint64_t kLookEvery = 10;  // milliseconds
  const std::uint64_t now = os::coarse_milliseconds();
  if (now < next_lock_file_check_) return lock_file_deleted_;
  next_lock_file_check_ = now + kLookEvery;
  const Result<bool> named = sharing->lock_file_has_name();
  lock_file_deleted_ = named && !*named;
  return lock_file_deleted_;
}

Result<void> Environment::keep_relaxed_slot() {
  if (in_memory_ || !lock_file_dies_with_us()) return {};
  return when_flushing([&]() -> Result<void> {
    KIST_ASSIGN(const MetaSlot before, durable_slot());
    MetaSlot slot = tip;
    if (slot.file_pages > std::max(before.file_pages, promised_pages_)) {
      KIST_TRY(file.flush());
      promised_pages_ = slot.file_pages;
    }
    slot.index = (before.index + 1 + slot.id % 2) % kMetaSlots;
    return store_slot(file, slot);
  });
}

}  // namespace kist::engine
