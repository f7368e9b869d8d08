#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kist::bench {

/// Which keys a run uses.
enum class KeyKind { kDecimal16, kInteger8, kPreference };

/// The name of a kind as `--keys` takes it; the default is the first.
inline constexpr std::string_view kKeyKindNames[] = {"decimal16", "int8", "preference"};

/// Keys back to back in memory, in the order in which they are used, so that the harness itself
/// adds no cache misses.
class Keys {
 public:
  void add(std::string_view key);
  void reserve(std::size_t keys, std::size_t bytes);
  std::size_t size() const { return starts_.size() - 1; }
  /// Key number `i`, borrowed.
  std::string_view operator[](std::size_t i) const {
    return {bytes_.data() + starts_[i], starts_[i + 1] - starts_[i]};
  }
  /// All keys, and where each begins; one more start than keys.
  const char* bytes() const { return bytes_.data(); }
  const std::uint64_t* starts() const { return starts_.data(); }

 private:
  std::string bytes_;
  std::vector<std::uint64_t> starts_{0};
};

/// Some of the keys of a Keys, borrowed.
class KeySpan {
 public:
  // A span of a whole is written as the whole. NOLINTNEXTLINE(google-explicit-constructor)
  KeySpan(const Keys& keys) : KeySpan(keys, 0, keys.size()) {}
  KeySpan(const Keys& keys, std::size_t begin, std::size_t size)
      : keys_(&keys), begin_(begin), size_(size) {}
  std::size_t size() const { return size_; }
  std::string_view operator[](std::size_t i) const { return (*keys_)[begin_ + i]; }
  KeySpan part(std::size_t begin, std::size_t size) const { return {*keys_, begin_ + begin, size}; }
  const char* bytes() const { return keys_->bytes(); }
  const std::uint64_t* starts() const { return keys_->starts() + begin_; }

 private:
  const Keys* keys_;
  std::size_t begin_;
  std::size_t size_;
};

/// A pool of random bytes that values are cut from, none of which a compressor could shorten.
class ValuePool {
 public:
  ValuePool(std::size_t value_size, std::uint64_t seed);
  std::size_t value_size() const { return value_size_; }

  /// Values one after the other, each of other bytes than the 1,048,582 before it.
  struct Stream {
    /// Borrowed from the pool.
    std::string_view next() {
      at += stride;
      if (at >= kPlaces) at -= kPlaces;
      return {bytes + at, size};
    }
    const char* bytes;
    std::size_t size;
    std::size_t stride;
    std::size_t at;
  };
  /// Streams with different `start` differ at each value, unless by a chance of one in a million.
  Stream stream(std::uint64_t start) const;

  /// Where in the pool a value can begin. A prime, so that every stride comes to every place.
  static constexpr std::size_t kPlaces = 1048583;

 private:
  std::size_t value_size_;
  std::string bytes_;
};

/// Keys and values of one run, the same for every engine.
class Dataset {
 public:
  Dataset(KeyKind kind, std::size_t records, std::size_t value_size, std::uint64_t seed);

  KeyKind kind() const { return kind_; }
  std::size_t size() const { return sorted_.size(); }
  /// Keys of all records in ascending order.
  const Keys& sorted() const { return sorted_; }
  /// The same in one random order.
  const Keys& shuffled() const { return shuffled_; }
  /// As many other keys, none of a record, in random order.
  Keys fresh(std::size_t count) const;
  /// `count` keys of records, drawn at random; another choice for another `seed`.
  Keys draw(std::size_t count, std::uint64_t seed) const;
  /// Values of value_size() bytes.
  const ValuePool& values() const { return values_; }
  /// Bytes of all keys and values together.
  std::uint64_t bytes() const;

 private:
  KeyKind kind_;
  std::uint64_t seed_;
  Keys sorted_;
  Keys shuffled_;
  ValuePool values_;
};

}  // namespace kist::bench
