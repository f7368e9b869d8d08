#pragma once

// Hooks of tests inside the engine. Both kinds exist in KIST_TESTING builds only; elsewhere they
// are nothing.
//   KIST_FAILPOINT("commit.after_pages");      a named step at which a test may kill the process
//   if (planted(Bug::kNoFlush)) ...            a bug that the crash harness must be able to catch

#include <cstdint>

#ifdef KIST_TESTING
#include <atomic>
#endif

namespace kist::engine {

/// Bugs that can be planted on purpose, to prove that the harnesses catch them.
enum class Bug : std::uint8_t {
  // Commits and flushes.
  kNoFlush,             ///< A durable commit skips its flush.
  kPublishBeforeFlush,  ///< A durable commit is published and acknowledged before its flush.
  kGrowthNotFlushed,    ///< A slot promises a length of the file before a flush vouched for it.
  kBaseTooHigh,         ///< A slot spares recovery the proof, though nothing was flushed before.
  kBaseOfPredecessor,   ///< A slot's base is the commit before it, durable or not.
  kSlotOverDurable,     ///< A slot is written over that of the newest durable transaction.
  kRewritesNotFlushed,  ///< Pages written twice are not flushed before the commit has a name.
  kCeilingNotRaised,    ///< Ids are used beyond the ceiling before a slot on the device allows it.
  kCloseWithoutFlush,   ///< A clean close confirms relaxed commits that no flush vouched for.
  // Space.
  kReuseTooEarly,       ///< Reclaim ignores pins.
  kForgetDurable,       ///< Reclaim ignores what the newest durable transaction needs.
  kForgetFlushing,      ///< Reclaim ignores what the commit needs that is being flushed.
  kCutTooEarly,         ///< The file is cut before a durable slot says that it is shorter.
  kRollbackKeepsSpace,  ///< A transaction that is rolled back does not give back what it took.
  // Two phases.
  kPreparedBeforeFlush,  ///< A prepared slot is written before its pages are flushed.
  kPreparedOverwritten,  ///< Other slots are written over a prepared one.
  kPreparedNotErased,    ///< The erasure of a prepared slot is acknowledged before its flush.
  // Names.
  kLinkBeforeFlush,   ///< A new or restored store gets its name unflushed.
  kNoDirectoryFlush,  ///< Creation does not flush the directory.
  // Recovery.
  kNoProof,               ///< Recovery adopts the newest whole slot without proving its pages.
  kProofOfNewestOnly,     ///< The proof stops at pages older than the transaction itself.
  kProofWithoutChecksum,  ///< The proof looks at the headers of tree pages only.
  kProofTakesStale,       ///< The proof believes a page's own birth and checksum, not its parent's.
  kProofSkipsSpace,       ///< The proof leaves out the space records.
  kProofSkipsValues,      ///< The proof leaves out overflow runs.
  kProofSkipsTables,      ///< The proof leaves out the trees of named tables.
  kTipNotProven,          ///< A commit found in the lock file is adopted unproven.
  kTipBaseTrusted,        ///< A base that only the lock file knows of is believed.
  kIdsUsedAgain,          ///< Ids go on behind the adopted transaction, not at the ceiling.
  kNotRewritten,          ///< Pages that were proven in the page cache are not written again.
  kConfirmedUnflushed,    ///< The adopted state is confirmed before its pages are flushed.
  kConfirmedInPlace,      ///< The adopted state is confirmed in the place of its only slot.
  kEnd,                   ///< The number of bugs.
};
static_assert(static_cast<unsigned>(Bug::kEnd) <= 64, "one bit each");

#ifdef KIST_TESTING

/// Receives the name of each failpoint that is passed, on the thread that passes it.
using FailpointHook = void (*)(const char* name);

namespace failpoints {
inline std::atomic<FailpointHook> hook{nullptr};
inline std::atomic<std::uint64_t> planted_bugs{0};
}  // namespace failpoints

/// Installs the process-wide hook; nullptr removes it. Returns the one before.
inline FailpointHook set_failpoint_hook(FailpointHook hook) {
  return failpoints::hook.exchange(hook);
}

/// Called by KIST_FAILPOINT.
inline void pass_failpoint(const char* name) {
  if (FailpointHook hook = failpoints::hook.load(std::memory_order_acquire)) hook(name);
}

/// Switches a planted bug on or off in this process.
inline void plant(Bug bug, bool on) {
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(bug);
  if (on) {
    failpoints::planted_bugs.fetch_or(bit);
  } else {
    failpoints::planted_bugs.fetch_and(~bit);
  }
}

/// Whether that bug is switched on.
inline bool planted(Bug bug) {
  return (failpoints::planted_bugs.load(std::memory_order_relaxed) >> static_cast<unsigned>(bug)) &
         1U;
}

#define KIST_FAILPOINT(name) ::kist::engine::pass_failpoint(name)

#else

/// Never, outside of test builds.
constexpr bool planted(Bug) {
  return false;
}

#define KIST_FAILPOINT(name) static_cast<void>(0)

#endif

}  // namespace kist::engine
