#pragma once

#include <cstdint>

namespace kist::test {

/// For `seconds`, eight writer and eight reader processes use one store, while each of them is
/// killed (SIGKILL) and started again at random, and the lock file is deleted now and then. Readers
/// hold every snapshot they see against what it says of itself; at the end the store must hold what
/// was acknowledged, check() be clean, no pin and no reader slot be left over. Returns the number
/// of failures, having said what they are.
int run_churn(int seconds, std::uint64_t seed);

}  // namespace kist::test
