#pragma once

#include <cstdint>
#include <string>

#include "tests/support/model.h"
#include "tests/support/random.h"

namespace kist::test {

// What the processes of the churn write. Writer i owns the records "w<i>/...", counts its commits
// in "n/<i>" and stores a digest of its records in "digest/<i>"; all count theirs together in
// "total". So each snapshot shows by itself whether it is whole, and lost updates show in the
// total.

inline constexpr int kChurnWriters = 8;
inline constexpr int kChurnReaders = 8;

inline std::string prefix_of(int writer) {
  return "w" + std::to_string(writer) + "/";
}

/// A number that differs when the records do.
inline std::string digest_of(const Records& records) {
  std::uint64_t hash = 0xCBF29CE484222325;
  const auto add = [&hash](const std::string& bytes) {
    for (const char byte : bytes) {
      hash = (hash ^ static_cast<std::uint8_t>(byte)) * 0x100000001B3;
    }
    hash = (hash ^ bytes.size()) * 0x100000001B3;
  };
  for (const auto& [key, value] : records) {
    add(key);
    add(value);
  }
  return std::to_string(hash);
}

/// The changes of commit number `step` of a writer, to its records; `put` and `erase` are told of
/// them.
template <typename Put, typename Erase>
void churn_step(std::uint64_t seed, int writer, std::uint64_t step, Put put, Erase erase) {
  Random random(seed + static_cast<std::uint64_t>(writer) * 1'000'000'007 + step);
  for (std::uint64_t i = random.between(1, 4); i > 0; --i) {
    const std::string key = prefix_of(writer) + std::to_string(random.below(40));
    if (random.one_in(4)) {
      erase(key);
    } else {
      put(key, random.bytes(random.below(random.one_in(20) ? 20'000 : 150)));
    }
  }
}

}  // namespace kist::test
