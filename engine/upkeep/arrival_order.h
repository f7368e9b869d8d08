#pragma once

#include <cstddef>
#include <map>
#include <string>

#include <kist/engine/table.h>

namespace kist::engine {

/// What stands in for a comparator that nobody registered while a table is filled in its order: the
/// record that arrives lies behind all others.
class ArrivalOrder {
 public:
  explicit ArrivalOrder(std::size_t page_size) : remembered_bytes_(page_size) {}

  /// Says what is being added.
  void arrives(const Record& record) {
    if (!begun_ || as_text(record.key) != key_) {
      key_ = to_string(record.key);
      numbers_.clear();
      bytes_ = 0;
      begun_ = true;
    }
    value_ = to_string(record.value);
    // Values are held against each other when a group outgrows its page and moves to a tree.
    if (bytes_ > remembered_bytes_) return;
    bytes_ += value_.size() + 2;
    numbers_.emplace(value_, numbers_.size());
  }

  /// Lives no longer than this object.
  Comparator comparator() const {
    return [this](Bytes a, Bytes b) {
      const bool a_arrives = is_arriving(a);
      const bool b_arrives = is_arriving(b);
      if (a_arrives != b_arrives) return a_arrives ? 1 : -1;
      const auto first = numbers_.find(as_text(a));
      const auto second = numbers_.find(as_text(b));
      if (first == numbers_.end() || second == numbers_.end()) return 0;
      return first->second < second->second ? -1 : static_cast<int>(first != second);
    };
  }

 private:
  bool is_arriving(Bytes bytes) const { return as_text(bytes) == key_ || as_text(bytes) == value_; }

  const std::size_t remembered_bytes_;
  std::string key_;
  std::string value_;
  std::map<std::string, std::size_t, std::less<>> numbers_;  // first values of the key, in order
  std::size_t bytes_ = 0;                                    // of them
  bool begun_ = false;
};

}  // namespace kist::engine
