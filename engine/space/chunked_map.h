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
    return at.index + 1 < chunks_[at.chunk].size() ? Place{at.chunk, at.index + 1}
                                                   : Place{at.chunk + 1, 0};
  }
  /// REQUIRES: at != begin().
  Place previous(Place at) const {
    return at.index != 0 ? Place{at.chunk, at.index - 1}
                         : Place{at.chunk - 1, chunks_[at.chunk - 1].size() - 1};
  }

  const Entry& operator[](Place at) const { return chunks_[at.chunk][at.index]; }
  /// The key may be changed as long as the order stays.
  Entry& operator[](Place at) { return chunks_[at.chunk][at.index]; }

  /// Puts `entry` in front of `at`, where its key belongs.
  void insert(Place at, const Entry& entry) {
    if (chunks_.empty()) chunks_.emplace_back().reserve(kMost);
    if (at.chunk == chunks_.size()) at = {at.chunk - 1, chunks_.back().size()};
    if (chunks_[at.chunk].size() == kMost) at = split(at);
    Chunk& chunk = chunks_[at.chunk];
    chunk.insert(chunk.begin() + static_cast<std::ptrdiff_t>(at.index), entry);
    ++size_;
  }
  /// Removes the entry at `at`; returns where the next one is.
  Place erase(Place at) {
    Chunk& chunk = chunks_[at.chunk];
    chunk.erase(chunk.begin() + static_cast<std::ptrdiff_t>(at.index));
    --size_;
    if (chunk.empty()) {
      chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(at.chunk));
      return {at.chunk, 0};
    }
    if (at.chunk + 1 < chunks_.size() && chunk.size() + chunks_[at.chunk + 1].size() <= kMost / 2) {
      Chunk& behind = chunks_[at.chunk + 1];
      chunk.insert(chunk.end(), behind.begin(), behind.end());
      chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(at.chunk) + 1);
    }
    return at.index < chunks_[at.chunk].size() ? at : Place{at.chunk + 1, 0};
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
      for (const Entry& entry : chunk) visit(entry.key, entry.value);
    }
  }

 private:
  static constexpr std::size_t kMost = 128;  // entries of a chunk
  using Chunk = std::vector<Entry>;          // never empty

  /// The first entry whose key is not `before`.
  template <typename Before>
  Place bound(Before before) const {
    const auto chunk =
        std::partition_point(chunks_.begin(), chunks_.end(),
                             [&](const Chunk& candidate) { return before(candidate.back().key); });
    if (chunk == chunks_.end()) return end();
    const auto at = std::partition_point(chunk->begin(), chunk->end(),
                                         [&](const Entry& entry) { return before(entry.key); });
    return {static_cast<std::size_t>(chunk - chunks_.begin()),
            static_cast<std::size_t>(at - chunk->begin())};
  }

  /// Makes room in the full chunk of `at`; returns where `at` went. A chunk that is filled at its
  /// end stays full.
  Place split(Place at) {
    const std::size_t keep = at.index == kMost ? kMost : kMost / 2;
    Chunk tail;
    tail.reserve(kMost);
    Chunk& chunk = chunks_[at.chunk];
    tail.assign(chunk.begin() + static_cast<std::ptrdiff_t>(keep), chunk.end());
    chunk.resize(keep);
    chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(at.chunk) + 1, std::move(tail));
    return at.index < keep ? at : Place{at.chunk + 1, at.index - keep};
  }

  std::vector<Chunk> chunks_;
  std::size_t size_ = 0;
};

}  // namespace kist::engine
