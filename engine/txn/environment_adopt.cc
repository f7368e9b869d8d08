// What an opener that is alone does with what it found, so that it stays. engine/docs/commit.md,
// "Recovery".

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/failpoints.h"
#include "engine/txn/environment.h"
#include "engine/upkeep/recover.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {
namespace {

/// Whether slots that need no recovery may be written again later: whoever only reads what was
/// closed in good order pays no flush. A slot that is not valid may be a rolled back one.
bool may_wait(const SlotSet& set) {
  return std::ranges::all_of(
      set.slots, [](const DecodedSlot& decoded) { return decoded.verdict == SlotVerdict::kValid; });
}

}  // namespace

/// What was found may be in the page cache only, and a rejected slot must never come back. Until
/// the chosen slot is surely on the device, a crash goes back to others, and nothing that those
/// need may be overwritten; nor may a prepared one come back that was read as rolled back. False:
/// that is left to make_sure().
Result<bool> Environment::adopt(const SlotSet& set, const Choice& choice) {
  if (choice.clean && (in_memory_ || may_wait(set))) return in_memory_;
  if (!planted(Bug::kNotRewritten)) KIST_TRY(rewrite_pages(file, *pager, choice.proven));
  KIST_TRY(store_again(file, set, choice.rejected));
  if (choice.clean || !planted(Bug::kConfirmedUnflushed)) KIST_TRY(file.flush());
  if (choice.clean) return true;
  KIST_TRY(confirm_tip());
  log(LogLevel::kInfo,
      fmt::format("{}: was not closed in good order; transaction {} was found whole{}", path,
                  tip.id, choice.rejected.empty() ? "" : ", what came after it was not"));
  return true;
}

/// Before the first write of anybody after an opening whose adopt() could wait.
Result<void> Environment::make_sure() {
  if (!sharing->unsure()) return {};
  return when_flushing([&]() -> Result<void> {
    if (!sharing->unsure()) return {};  // somebody else was here
    KIST_ASSIGN(const SlotSet set, read_slots(file));
    KIST_TRY(store_again(file, set, {}));
    KIST_TRY(file.flush());
    sharing->set_unsure(false);
    return {};
  });
}

}  // namespace kist::engine
