#include "engine/tree/group.h"

#include <cassert>

namespace kist::engine {
namespace {

int order(const TreeShape& shape, Bytes a, Bytes b) {
  if (shape.compare != nullptr) return (*shape.compare)(a, b);
  return compare_keys(a.data(), a.size(), b.data(), b.size());
}

/// Writes groups front to back: counts and end offsets ahead, values behind them.
class GroupWriter {
 public:
  GroupWriter(std::size_t count, std::size_t bytes, const TreeShape& shape,
              std::vector<std::uint8_t>& out)
      : sized_(shape.dense != 0) {
    out.resize(group_size(count, bytes, shape));
    store16(out.data(), static_cast<std::uint16_t>(count));
    ends_ = out.data() + 2;
    values_ = ends_ + (sized_ ? 0 : 2 * count);
  }
  void add(Bytes value) {
    if (!value.empty()) std::memcpy(values_ + end_, value.data(), value.size());
    end_ += value.size();
    if (sized_) return;
    store16(ends_, static_cast<std::uint16_t>(end_));
    ends_ += 2;
  }
  /// Adds values [from, to) of `group`. False when it contradicts itself or `room` bytes do not
  /// take them: the group may change while it is read.
  bool add(const Group& group, std::size_t from, std::size_t to, std::size_t room) {
    if (sized_) {
      const std::size_t size = group.value(0).size();
      add(group.all_values().subspan(from * size, (to - from) * size));
      return true;
    }
    for (std::size_t i = from; i < to; ++i) {
      const Bytes value = group.value(i);
      if (value.data() == nullptr || value.size() > room - end_) return false;
      add(value);
    }
    return true;
  }
  std::size_t end() const { return end_; }

 private:
  bool sized_;
  std::uint8_t* ends_ = nullptr;
  std::uint8_t* values_ = nullptr;
  std::size_t end_ = 0;
};

}  // namespace

Group::Group(const LeafRecord& record, const TreeShape& shape) {
  const std::uint8_t* at = record.value();
  if (record.indirect) {
    root_ = load_ref(at);
    const bool nested = (root_.flags & kRefNested) != 0;
    root_.flags &= static_cast<std::uint16_t>(~kRefNested);
    if (!nested || root_.empty() || root_.count == 0) return;
    nested_ = true;
    count_ = 1;
    return;
  }
  if (record.value_size < 2) return;
  const std::size_t count = load16(at);
  const std::size_t head = shape.dense != 0 ? 2 : 2 + 2 * count;
  if (head > record.value_size) return;
  bytes_ = static_cast<std::uint32_t>(record.value_size - head);
  size_ = shape.dense;
  ends_ = at + 2;
  values_ = at + head;
  if (size_ != 0 ? bytes_ != count * size_ : (count == 0 || end(count - 1) != bytes_)) return;
  count_ = static_cast<std::uint32_t>(count);
}

Position Group::lower_bound(Bytes value, const TreeShape& shape) const {
  std::size_t from = 0;
  std::size_t to = count_;
  bool found = false;
  while (from < to) {
    const std::size_t middle = from + (to - from) / 2;
    const Bytes candidate = this->value(middle);
    if (candidate.data() == nullptr) [[unlikely]]
      return {0, false, true};
    const int ordered = order(shape, candidate, value);
    if (ordered < 0) {
      from = middle + 1;
    } else {
      to = middle;
      found = ordered == 0;
    }
  }
  return {from, found, false};
}

void group_build(std::span<const Bytes> values, const TreeShape& shape,
                 std::vector<std::uint8_t>& out) {
  std::size_t bytes = 0;
  for (const Bytes& value : values) bytes += value.size();
  GroupWriter writer(values.size(), bytes, shape, out);
  for (const Bytes& value : values) writer.add(value);
}

bool group_insert(const Group& group, std::size_t index, Bytes value, const TreeShape& shape,
                  std::vector<std::uint8_t>& out) {
  assert(!group.nested() && index <= group.count());
  const std::size_t count = group.count();
  const std::size_t bytes = group.all_values().size();
  GroupWriter writer(count + 1, bytes + value.size(), shape, out);
  if (!writer.add(group, 0, index, bytes)) return false;
  writer.add(value);
  return writer.add(group, index, count, bytes + value.size()) &&
         writer.end() == bytes + value.size();
}

bool group_erase(const Group& group, std::size_t index, const TreeShape& shape,
                 std::vector<std::uint8_t>& out) {
  assert(!group.nested() && group.count() >= 2 && index < group.count());
  const std::size_t count = group.count();
  const Bytes gone = group.value(index);
  const std::size_t bytes = group.all_values().size() - gone.size();
  if (gone.data() == nullptr) return false;
  GroupWriter writer(count - 1, bytes, shape, out);
  return writer.add(group, 0, index, bytes) && writer.add(group, index + 1, count, bytes) &&
         writer.end() == bytes;
}

bool group_gather(const Group& group, std::vector<Bytes>& values) {
  for (std::size_t i = 0; i < group.count(); ++i) {
    values.push_back(group.value(i));
    if (values.back().data() == nullptr) return false;
  }
  return true;
}

}  // namespace kist::engine
