#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <kist/engine/bytes.h>

#include "engine/base/byte_order.h"
#include "engine/format/page.h"
#include "engine/format/ref.h"
#include "engine/tree/node.h"
#include "engine/tree/shape.h"

namespace kist::engine {

/// The values of one key of a multimap: what the value bytes of a record of its main tree mean.
///
/// Few and short values lie in the record itself ("inline"): u16 number of values; unless all have
/// the table's one size, a u16 end offset for each; the values, sorted, back to back. Others are
/// the keys of a tree of their own ("nested"), whose root ref is the record's value.
///
/// "Shape" below is always the shape of the tree of values (dense: the size of every value). The
/// bytes are untrusted, as all bytes of pages, and bounded where they are used. A group borrows
/// them from the record.
class Group {
 public:
  /// No group; damaged().
  Group() = default;
  /// Reads the value of `record`. Never fails: damaged() tells.
  Group(const LeafRecord& record, const TreeShape& shape);

  /// Whether the bytes are no group: then nothing below may be asked but count(), which is 0.
  bool damaged() const { return count_ == 0; }
  /// Whether the values have a tree of their own.
  bool nested() const { return nested_; }
  /// Number of values; of a nested group, as the ref to its root says.
  std::uint64_t count() const { return nested_ ? root_.count : count_; }
  /// The root of a nested group's tree, for everything that takes a root: without kRefNested. It
  /// may be dirty; whether it is allowed to be is known only to who knows where the record lies.
  const Ref& root() const { return root_; }

  /// Value `index` < count() of an inline group; null data when the group contradicts itself.
  Bytes value(std::size_t index) const {
    if (size_ != 0) return {values_ + index * size_, size_};
    const std::size_t from = index == 0 ? 0 : end(index - 1);
    const std::size_t to = end(index);
    if (from > to || to > bytes_) [[unlikely]]
      return {};
    return {values_ + from, to - from};
  }
  /// All values of an inline group as they lie behind each other.
  Bytes all_values() const { return {values_, bytes_}; }

  /// First value of an inline group that is >= `value`; index count() when there is none.
  Position lower_bound(Bytes value, const TreeShape& shape) const;

 private:
  std::size_t end(std::size_t index) const { return load16(ends_ + 2 * index); }

  const std::uint8_t* ends_ = nullptr;    // of values of different sizes
  const std::uint8_t* values_ = nullptr;  // first byte of the first value
  std::uint32_t bytes_ = 0;               // of all values
  std::uint32_t count_ = 0;               // of an inline group; of a nested one 1
  std::uint16_t size_ = 0;                // of each value; 0: ends_ tells
  bool nested_ = false;
  Ref root_;
};

/// Number of values in the group of a record, whatever their shape; nothing in it is checked. What
/// ranks in a leaf are counted by.
inline std::uint64_t group_count(const LeafRecord& record) {
  if (record.key == nullptr) return 0;
  if (record.indirect) return load_ref(record.value()).count;
  return record.value_size < 2 ? 0 : load16(record.value());
}

/// Bytes of an inline group of `count` values of `bytes` bytes together.
constexpr std::size_t group_size(std::size_t count, std::size_t bytes, const TreeShape& shape) {
  return 2 + bytes + (shape.dense == 0 ? 2 * count : 0);
}

/// Whether an inline group of `size` bytes is kept under a key of `key_size`; else it is nested.
/// Besides, every value has to be group_takes().
constexpr bool group_fits(std::uint32_t page_size, std::size_t key_size, std::size_t size) {
  return value_fits_inline(page_size, key_size, size);
}
/// Whether a value may be a member of an inline group.
constexpr bool group_takes(std::uint32_t page_size, std::size_t value_size) {
  return value_size <= inline_value_limit(page_size);
}
/// Whether a nested group that has come down to `size` bytes, if they were inline, becomes inline
/// again. Less than group_fits(), so that a group at the border does not change back and forth.
constexpr bool group_shrinks(std::uint32_t page_size, std::size_t key_size, std::size_t size) {
  return 2 * (kLeafEntryOverhead + key_size + size) <= max_inline_entry(page_size);
}

/// Replaces `out` by an inline group of `values`, which are sorted and fit one.
void group_build(std::span<const Bytes> values, const TreeShape& shape,
                 std::vector<std::uint8_t>& out);
/// Replaces `out` by the inline group with `value` inserted at `index`. False when the group
/// contradicts itself. `out` does not hold the group or the value.
bool group_insert(const Group& group, std::size_t index, Bytes value, const TreeShape& shape,
                  std::vector<std::uint8_t>& out);
/// Replaces `out` by the inline group, of at least two values, without value `index`. Likewise.
bool group_erase(const Group& group, std::size_t index, const TreeShape& shape,
                 std::vector<std::uint8_t>& out);
/// Appends all values of the inline group. False when the group contradicts itself.
bool group_gather(const Group& group, std::vector<Bytes>& values);

}  // namespace kist::engine
