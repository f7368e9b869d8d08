#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace kist::engine {

/// An ordered map in chunks of an array each. Against a tree of nodes it allocates seldom, moves
/// few cache lines a change, and walks neighbours at the speed of an array: a commit changes
/// thousands of entries that mostly lie side by side. Key and Value are trivially copyable.
template <typename Key, typename Value>
class ChunkedMap {
 public:
  struct Entry {
    Key key;
    Value value;
  };
  /// Where an entry lies, or end(). Every insertion and removal makes places found before invalid.
  struct Place {
    std::size_t chunk = 0;
    std::size_t index = 0;
    bool operator==(const Place&) const = default;
  };

  Place begin() const { return {}; }
  Place end() const { return {chunks_.size(), 0}; }
  /// The first entry whose key is not less than `key`.
  Place lower_bound(const Key& key) const {
    return bound([&](const Key& other) { return other < key; });
  }
  /// The first entry whose key is greater than `key`.
  Place upper_bound(const Key& key) const {
    return bound([&](const Key& other) { return !(key < other); });
  }
  /// REQUIRES: at != end().
  Place next(Place at) const {
    return at.index + 1 < chunks_[at.chunk].entries.size() ? Place{at.chunk, at.index + 1}
                                                           : Place{at.chunk + 1, 0};
  }
  /// REQUIRES: at != begin().
  Place previous(Place at) const {
    return at.index != 0 ? Place{at.chunk, at.index - 1}
                         : Place{at.chunk - 1, chunks_[at.chunk - 1].entries.size() - 1};
  }

  const Entry& operator[](Place at) const { return chunks_[at.chunk].entries[at.index]; }
  /// What is kept for the key.
  Value& value(Place at) { return chunks_[at.chunk].entries[at.index].value; }
  /// Puts another entry in the place of one; the order stays.
  void replace(Place at, const Entry& entry) {
    Chunk& chunk = chunks_[at.chunk];
    chunk.entries[at.index] = entry;
    chunk.last = chunk.entries.back().key;
  }

  /// Puts `entry` in front of `at`, where its key belongs.
  void insert(Place at, const Entry& entry) {
    if (chunks_.empty()) chunks_.emplace_back().entries.reserve(kMost);
    if (at.chunk == chunks_.size()) at = {at.chunk - 1, chunks_.back().entries.size()};
    if (chunks_[at.chunk].entries.size() == kMost) at = split(at);
    Chunk& chunk = chunks_[at.chunk];
    chunk.entries.insert(chunk.entries.begin() + static_cast<std::ptrdiff_t>(at.index), entry);
    chunk.last = chunk.entries.back().key;
    ++size_;
  }
  /// Removes the entry at `at`; returns where the next one is.
  Place erase(Place at) {
    Chunk& chunk = chunks_[at.chunk];
    chunk.entries.erase(chunk.entries.begin() + static_cast<std::ptrdiff_t>(at.index));
    --size_;
    if (chunk.entries.empty()) {
      chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(at.chunk));
      return {at.chunk, 0};
    }
    if (at.chunk + 1 < chunks_.size() &&
        chunk.entries.size() + chunks_[at.chunk + 1].entries.size() <= kMost / 2) {
      const std::vector<Entry>& behind = chunks_[at.chunk + 1].entries;
      chunk.entries.insert(chunk.entries.end(), behind.begin(), behind.end());
      chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(at.chunk) + 1);
    }
    chunks_[at.chunk].last = chunks_[at.chunk].entries.back().key;
    return at.index < chunks_[at.chunk].entries.size() ? at : Place{at.chunk + 1, 0};
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() {
    chunks_.clear();
    size_ = 0;
  }

  /// Calls `visit(key, value)` for each entry in ascending order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const Chunk& chunk : chunks_) {
      for (const Entry& entry : chunk.entries) visit(entry.key, entry.value);
    }
  }

 private:
  static constexpr std::size_t kMost = 128;  // entries of a chunk
  struct Chunk {
    Key last{};                  // key of entries.back(), found without going there
    std::vector<Entry> entries;  // never empty
  };

  /// How many of the first `count` things `before` holds for; it holds for none behind them.
  /// Without branches that depend on what is found.
  template <typename Thing, typename Before>
  static std::size_t count_before(const Thing* things, std::size_t count, Before before) {
    const Thing* first = things;
    while (count > 1) {
      const std::size_t half = count / 2;
      first += before(first[half - 1]) ? half : 0;
      count -= half;
    }
    const bool more = count == 1 && before(*first);
    return static_cast<std::size_t>(first - things) + (more ? 1 : 0);
  }

  /// The first entry whose key is not `before`.
  template <typename Before>
  Place bound(Before before) const {
    // Changes mostly come in order, so the chunk of the last one is tried first.
    const bool near = near_ < chunks_.size() && !before(chunks_[near_].last) &&
                      (near_ == 0 || before(chunks_[near_ - 1].last));
    if (!near) {
      near_ = count_before(chunks_.data(), chunks_.size(),
                           [&](const Chunk& chunk) { return before(chunk.last); });
      if (near_ == chunks_.size()) return end();
    }
    const std::vector<Entry>& entries = chunks_[near_].entries;
    return {near_, count_before(entries.data(), entries.size(),
                                [&](const Entry& entry) { return before(entry.key); })};
  }

  /// Makes room in the full chunk of `at`; returns where `at` went. A chunk that is filled at its
  /// end stays full.
  Place split(Place at) {
    const std::size_t keep = at.index == kMost ? kMost : kMost / 2;
    Chunk tail;
    tail.entries.reserve(kMost);
    Chunk& chunk = chunks_[at.chunk];
    tail.entries.assign(chunk.entries.begin() + static_cast<std::ptrdiff_t>(keep),
                        chunk.entries.end());
    tail.last = chunk.last;
    chunk.entries.resize(keep);
    chunk.last = chunk.entries.back().key;
    chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(at.chunk) + 1, std::move(tail));
    return at.index < keep ? at : Place{at.chunk + 1, at.index - keep};
  }

  std::vector<Chunk> chunks_;
  std::size_t size_ = 0;
  mutable std::size_t near_ = 0;  // chunk that was searched last
};

}  // namespace kist::engine
