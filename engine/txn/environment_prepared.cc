// Transactions that are prepared in one process and decided later, perhaps in another, perhaps
// after a crash. engine/docs/commit.md, "Two phases".

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/failpoints.h"
#include "engine/txn/environment.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {

/// Finds the prepared transaction, if there is one, before there is any writer. Its slot was
/// written behind a flush of all it refers to, so it needs no proof when it is whole; but it may be
/// in the page cache only.
Result<void> Environment::keep_prepared(const SlotSet& set) {
  const std::optional<MetaSlot> waiting = set.prepared_after(head.id);
  if (waiting) {
    KIST_TRY(store_slot(file, *waiting));
    KIST_TRY(file.flush());
    log(LogLevel::kWarning, fmt::format("{}: transaction {} is prepared and waits for its decision",
                                        path, waiting->id));
  }
  sharing->set_prepared(waiting ? waiting->id : 0);
  return {};
}

Result<void> Environment::refuse_while_prepared() {
  const std::uint64_t id = sharing->prepared();
  if (id == 0) return {};
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

Result<void> Environment::decide_prepared(std::uint64_t id, bool commit, Wait wait) {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  if (options.read_only) return fail(ErrorCode::kReadOnly, path + ": is open for reading only");
  KIST_TRY(sharing->lock_writer(wait));
  const Result<void> done = [&]() -> Result<void> {
    if (sharing->latch() != 0) return fail(ErrorCode::kLatched, path + ": a write failed before");
    KIST_TRY(take_head());
    KIST_ASSIGN(const SlotSet set, read_slots(file));
    const std::optional<MetaSlot> waiting = set.prepared_after(head.id);
    if (!waiting || waiting->id != id) {
      return fail(ErrorCode::kNotFound, fmt::format("{}: no transaction {} is prepared", path, id));
    }
    MetaSlot slot = *waiting;
    Result<void> written;
    if (commit) {
      slot.state = SlotState::kDurable;
      slot.base = slot.id;  // a flush vouched for it before it was called prepared
      written = write_slot(slot);
    } else {
      written = erase_slot(file, slot.index);
    }
    if (written) written = file.flush();
    if (!written) return std::unexpected(latch(written.error()));
    KIST_FAILPOINT("decide.after_flush");
    if (commit) {
      head = slot;
      publish(head);
    }
    sharing->set_prepared(0);
    return {};
  }();
  sharing->unlock_writer();
  return done;
}

}  // namespace kist::engine
