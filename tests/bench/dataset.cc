#include "tests/bench/dataset.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include <fmt/format.h>

namespace kist::bench {
namespace {

using Random = std::mt19937_64;

std::string make_key(KeyKind kind, std::uint64_t number, Random& random) {
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
      // Distinct for distinct numbers: the factor is odd.
      key += fmt::format("{:08x}", static_cast<std::uint32_t>(number * 2654435761U));
      const std::size_t length = 20 + random() % 41;
      while (key.size() < length) key += static_cast<char>('a' + random() % 26);
      return key;
    }
  }
  return {};
}

std::vector<std::string> make_keys(KeyKind kind, std::uint64_t first, std::size_t count,
                                   Random& random) {
  std::vector<std::string> keys;
  keys.reserve(count);
  for (std::size_t i = 0; i < count; ++i) keys.push_back(make_key(kind, first + i, random));
  return keys;
}

Keys pack(const std::vector<std::string>& list) {
  Keys keys;
  std::size_t bytes = 0;
  for (const std::string& key : list) bytes += key.size();
  keys.reserve(list.size(), bytes);
  for (const std::string& key : list) keys.add(key);
  return keys;
}

}  // namespace

void Keys::add(std::string_view key) {
  bytes_ += key;
  starts_.push_back(bytes_.size());
}

void Keys::reserve(std::size_t keys, std::size_t bytes) {
  starts_.reserve(keys + 1);
  bytes_.reserve(bytes);
}

ValuePool::ValuePool(std::size_t value_size, std::uint64_t seed)
    : value_size_(value_size), bytes_(kPlaces + value_size + sizeof(std::uint64_t), '\0') {
  Random random(seed);
  for (std::size_t i = 0; i + sizeof(std::uint64_t) <= bytes_.size(); i += sizeof(std::uint64_t)) {
    const std::uint64_t word = random();
    std::memcpy(bytes_.data() + i, &word, sizeof word);
  }
}

ValuePool::Stream ValuePool::stream(std::uint64_t start) const {
  // Scattered, so that streams that start at 1, 2, 3 do not walk behind each other.
  return {.bytes = bytes_.data(),
          .size = value_size_,
          .stride = std::max<std::size_t>(value_size_ % kPlaces, 1),
          .at = (start + 1) * 0x9E3779B97F4A7C15U % kPlaces};
}

Dataset::Dataset(KeyKind kind, std::size_t records, std::size_t value_size, std::uint64_t seed)
    : kind_(kind), seed_(seed), values_(value_size, seed) {
  Random random(seed);
  std::vector<std::string> keys = make_keys(kind, 0, records, random);
  std::sort(keys.begin(), keys.end());
  sorted_ = pack(keys);
  std::shuffle(keys.begin(), keys.end(), random);
  shuffled_ = pack(keys);
}

Keys Dataset::fresh(std::size_t count) const {
  Random random(seed_ + 1);
  std::vector<std::string> keys = make_keys(kind_, size(), count, random);
  std::shuffle(keys.begin(), keys.end(), random);
  return pack(keys);
}

Keys Dataset::draw(std::size_t count, std::uint64_t seed) const {
  Random random(seed_ ^ (seed + 1) * 0x9E3779B97F4A7C15U);
  Keys keys;
  for (std::size_t i = 0; i < count; ++i) keys.add(sorted_[random() % size()]);
  return keys;
}

std::uint64_t Dataset::bytes() const {
  std::uint64_t bytes = size() * values_.value_size();
  for (std::size_t i = 0; i < size(); ++i) bytes += sorted_[i].size();
  return bytes;
}

}  // namespace kist::bench
