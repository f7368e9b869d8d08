// Transactions that are prepared in one process and decided later, perhaps in another, perhaps
// after a crash. engine/docs/commit.md, "Two phases".

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/failpoints.h"
#include "engine/txn/environment.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {

/// The prepared transaction, if there is one, before there is any writer. Its slot was written
/// behind a flush of all it refers to, so it needs no proof when it is whole.
std::optional<MetaSlot> Environment::find_prepared(const SlotSet& set) const {
  std::optional<MetaSlot> waiting = set.prepared_after(tip.id);
  if (waiting) {
    log(LogLevel::kWarning, fmt::format("{}: transaction {} is prepared and waits for its decision",
                                        path, waiting->id));
  }
  return waiting;
}

/// The place for a slot beside the newest durable one and that of a prepared transaction. All
/// others are older, or from a leader that died. The prepared one counts until a newer transaction
/// is durable: `durable` may be a tip that no slot but it knows. Under the flush lock, or alone.
Result<std::uint32_t> Environment::next_slot_place(const MetaSlot& durable) {
  const std::uint32_t index = (durable.index + 1) % kMetaSlots;
  KIST_ASSIGN(const SlotSet set, read_slots(file));
  const std::optional<MetaSlot> prepared = set.prepared_after(durable.id - 1);
  return prepared && prepared->index == index && !planted(Bug::kPreparedOverwritten)
             ? (index + 1) % kMetaSlots
             : index;
}

/// Two flushes, so that a prepared slot that is whole says by itself that all it refers to is, too.
Result<void> Environment::write_prepared(MetaSlot& slot) {
  // What it builds on first: rolled back, it must leave that as sure as it promised to be itself.
  KIST_TRY(wait_durable(tip.id, std::nullopt));
  slot.base = slot.id;
  slot.state = SlotState::kPrepared;
  // Before the slot: should this process die now, the next writer looks what became of it.
  sharing->set_prepared(slot.id);
  return when_flushing([&]() -> Result<void> {
    if (!planted(Bug::kPreparedBeforeFlush)) KIST_TRY(file.flush());
    KIST_ASSIGN(const MetaSlot before, durable_slot());
    slot.index = (before.index + 1) % kMetaSlots;
    KIST_TRY(store_slot(file, slot));
    KIST_FAILPOINT("prepare.after_slot");
    KIST_TRY(file.flush());
    KIST_FAILPOINT("prepare.after_flush");
    return {};
  });
}

Result<void> Environment::refuse_while_prepared() {
  const std::uint64_t id = sharing->prepared();
  if (id == 0) return {};
  KIST_ASSIGN(const SlotSet set, read_slots(file));
  if (!set.prepared_after(tip.id)) {
    // Whoever prepared it died before its slot was written, or after it was decided.
    sharing->set_prepared(0);
    return {};
  }
  return fail(
      ErrorCode::kPrepared,
      fmt::format("{}: transaction {} is prepared; commit it or roll it back first", path, id));
}

Result<std::optional<MetaSlot>> Environment::prepared() {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  KIST_ASSIGN(const std::uint64_t newest, newest_id());
  KIST_ASSIGN(const SlotSet set, read_slots(file));
  return set.prepared_after(newest);
}

Result<void> Environment::commit_prepared(const MetaSlot& prepared) {
  const std::uint64_t version_before = tip.domain_version;
  MetaSlot slot = prepared;
  slot.state = SlotState::kRelaxed;
  slot.base = slot.id;  // a flush vouched for it before it was called prepared
  store_tip(slot);
  KIST_FAILPOINT("decide.after_tip");
  // Its own slot stays until another one says the same.
  KIST_TRY(finish_durable(slot.id));
  if (slot.domain_version != version_before) raised_domain_version(slot.domain_version);
  return {};
}

Result<void> Environment::forget_prepared(const MetaSlot& prepared) {
  KIST_TRY(erase_slot(file, prepared.index));
  return planted(Bug::kPreparedNotErased) ? Result<void>() : file.flush();
}

Result<void> Environment::decide_prepared(std::uint64_t id, bool commit, Wait wait) {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  if (options.read_only) return fail(ErrorCode::kReadOnly, path + ": is open for reading only");
  KIST_TRY(sharing->lock_writer(wait));
  const Result<void> done = [&]() -> Result<void> {
    KIST_TRY(latched_error());
    if (path_check_ != 0) KIST_TRY(check_place());
    KIST_TRY(make_sure());
    KIST_TRY(take_tip());
    KIST_ASSIGN(const SlotSet set, read_slots(file));
    const std::optional<MetaSlot> waiting = set.prepared_after(tip.id);
    if (!waiting || waiting->id != id) {
      return fail(ErrorCode::kNotFound, fmt::format("{}: no transaction {} is prepared", path, id));
    }
    if (commit) {
      KIST_TRY(commit_prepared(*waiting));
    } else {
      KIST_TRY(when_flushing([&] { return forget_prepared(*waiting); }));
    }
    KIST_FAILPOINT("decide.after_flush");
    sharing->set_prepared(0);
    return {};
  }();
  sharing->unlock_writer();
  return done;
}

}  // namespace kist::engine
