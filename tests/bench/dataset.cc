#include "tests/bench/dataset.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include <fmt/format.h>

namespace kist::bench {
namespace {

std::string make_key(KeyKind kind, std::uint64_t number, std::mt19937_64& random) {
  switch (kind) {
    case KeyKind::kDecimal16:
      return fmt::format("{:016}", number);
    case KeyKind::kInteger8: {
      std::string key(8, '\0');
      for (std::size_t i = 0; i < 8; ++i) key[i] = static_cast<char>(number >> (56 - 8 * i));
      return key;
    }
    case KeyKind::kPreference: {
      static constexpr std::array<const char*, 6> kBranches = {
          "browser.newtabpage.",       "network.http.", "privacy.trackingprotection.",
          "extensions.webextensions.", "layout.css.",   "media."};
      std::string key = kBranches[number % kBranches.size()];
      key += fmt::format("{:08x}", static_cast<std::uint32_t>(number * 2654435761U));
      const std::size_t length = 20 + random() % 41;
      while (key.size() < length) key += static_cast<char>('a' + random() % 26);
      return key;
    }
  }
  return {};
}

}  // namespace

Dataset::Dataset(KeyKind kind, std::size_t records, std::size_t value_size, std::uint64_t seed)
    : value_(value_size, '\0') {
  std::mt19937_64 random(seed);
  shuffled_.reserve(records);
  for (std::size_t i = 0; i < records; ++i) shuffled_.push_back(make_key(kind, i, random));
  sorted_ = shuffled_;
  std::sort(sorted_.begin(), sorted_.end());
  sorted_.erase(std::unique(sorted_.begin(), sorted_.end()), sorted_.end());
  shuffled_ = sorted_;
  std::shuffle(shuffled_.begin(), shuffled_.end(), random);
  for (char& c : value_) c = static_cast<char>(random());
}

std::string_view Dataset::value(std::uint64_t version) {
  std::memcpy(value_.data(), &version, std::min(sizeof version, value_.size()));
  return value_;
}

}  // namespace kist::bench
