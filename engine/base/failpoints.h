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
  kNoFlush,             ///< A durable commit skips its flush.
  kPublishBeforeFlush,  ///< A durable commit is published and acknowledged before its flush.
  kNoProof,             ///< Recovery adopts the newest whole slot without proving its pages.
  kReuseTooEarly,       ///< Reclaim ignores pins.
};

#ifdef KIST_TESTING

/// Receives the name of each failpoint that is passed, on the thread that passes it.
using FailpointHook = void (*)(const char* name);

namespace failpoints {
inline std::atomic<FailpointHook> hook{nullptr};
inline std::atomic<std::uint32_t> planted_bugs{0};
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
  const std::uint32_t bit = 1U << static_cast<unsigned>(bug);
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
