#pragma once

#include <cstdint>

namespace kist::test {

/// Kills a writer `rounds` times, at random moments, at each failpoint and around each kind of
/// change of a file; half of the time while another process keeps the environment open with an old
/// snapshot pinned. After each death the last acknowledged commit, or the one in flight after it,
/// must be there whole; the next writer must start without waiting; check() must be clean. Returns
/// the number of rounds that went wrong, having said what did.
int run_kill_storm(int rounds, std::uint64_t seed);

}  // namespace kist::test
