#include "tests/crash/planted_bugs.h"

#include <set>

#include "tests/support/must.h"

namespace kist::test {

using engine::Bug;

const std::vector<PlantedBug>& planted_bugs() {
  constexpr auto kAfterCrash = PlantedBug::When::kAfterCrash;
  static const std::vector<PlantedBug> bugs{
      {Bug::kNoFlush, "no flush", "creation"},
      {Bug::kPublishBeforeFlush, "published before the flush", "creation"},
      {Bug::kGrowthNotFlushed, "growth not flushed", "growth"},
      {Bug::kBaseTooHigh, "base too high", "small commits"},
      {Bug::kBaseOfPredecessor, "base of a relaxed commit", "relaxed, then sync"},
      {Bug::kSlotOverDurable, "slot over the durable one", "creation"},
      {Bug::kRewritesNotFlushed, "rewritten pages not flushed", "spilled"},
      {Bug::kCeilingNotRaised, "id ceiling not raised", "creation"},
      {Bug::kCloseWithoutFlush, "close without flush", "close and reopen"},
      {Bug::kReuseTooEarly, "page reused too early", "two phases"},
      {Bug::kForgetDurable, "durable transaction not pinned", "overlapping commits"},
      {Bug::kForgetFlushing, "flushing commit not pinned", "overlapping commits"},
      {Bug::kCutTooEarly, "file cut too early", "growing and shrinking"},
      {Bug::kRollbackKeepsSpace, "rollback keeps its space", "spilled"},
      {Bug::kPreparedBeforeFlush, "prepared before the flush", "two phases"},
      {Bug::kPreparedOverwritten, "prepared slot overwritten", "two phases"},
      {Bug::kPreparedNotErased, "prepared slot not erased", "two phases"},
      {Bug::kLinkBeforeFlush, "name before the content", "creation"},
      {Bug::kLinkBeforeFlush, "name before what was restored", "backup and restore"},
      {Bug::kNoDirectoryFlush, "directory not flushed", "creation"},
      {Bug::kNoProof, "no proof", "creation", kAfterCrash, 512, false},
      {Bug::kProofOfNewestOnly, "proof of the newest commit only", "relaxed, then sync",
       kAfterCrash, 512, false},
      {Bug::kProofWithoutChecksum, "proof without checksums", "small commits", kAfterCrash, 4096,
       false},
      {Bug::kProofTakesStale, "proof takes stale pages", "small commits", kAfterCrash, 512, false},
      {Bug::kProofSkipsSpace, "proof without space records", "small commits", kAfterCrash, 512,
       false},
      {Bug::kProofSkipsValues, "proof without overflow runs", "overflow values", kAfterCrash, 512,
       false},
      {Bug::kProofSkipsTables, "proof without named tables", "named tables", kAfterCrash, 512,
       false},
      {Bug::kTipNotProven, "tip not proven", "relaxed, then sync", kAfterCrash, 512, false},
      {Bug::kTipBaseTrusted, "base of a tip trusted", "spilled and relaxed", kAfterCrash, 256,
       false},
      {Bug::kIdsUsedAgain, "ids used again", "small commits", kAfterCrash, 512, false},
      {Bug::kNotRewritten, "proven pages not rewritten", "creation", kAfterCrash, 512, true},
      {Bug::kConfirmedUnflushed, "confirmed before the flush", "creation", kAfterCrash, 512, true},
      {Bug::kConfirmedInPlace, "confirmed in place", "creation", kAfterCrash, 512, true},
  };
  std::set<Bug> planted;
  for (const PlantedBug& bug : bugs) planted.insert(bug.bug);
  require(planted.size() == static_cast<std::size_t>(Bug::kEnd),
          "a planted bug is not in the table");
  return bugs;
}

}  // namespace kist::test
