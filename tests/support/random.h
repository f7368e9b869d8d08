#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace kist::test {

/// A random generator that gives the same numbers on every platform for the same seed.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t next() { return engine_(); }
  /// A number in [0, bound); bound >= 1.
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  /// A number in [low, high].
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  /// True once in `n` times.
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  /// `size` random bytes.
  std::string bytes(std::size_t size) {
    std::string result(size, '\0');
    for (std::size_t i = 0; i < size; i += 8) {
      std::uint64_t word = engine_();
      for (std::size_t j = i; j < i + 8 && j < size; ++j, word >>= 8) {
        result[j] = static_cast<char>(word & 0xFF);
      }
    }
    return result;
  }

 private:
  std::mt19937_64 engine_;
};

/// The seed of a random test: KIST_SEED when it is set, else a new one. Printed, so that a failure
/// can be repeated.
inline std::uint64_t test_seed(const char* name) {
  const char* given = std::getenv("KIST_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << name << ": KIST_SEED=" << seed << std::endl;
  return seed;
}

}  // namespace kist::test
