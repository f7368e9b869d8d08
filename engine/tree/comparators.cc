#include "engine/tree/comparators.h"

#include <algorithm>

#include <fmt/format.h>

namespace kist::engine {

int compare_reversed(Bytes a, Bytes b) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 1; i <= common; ++i) {
    const int order = int{a[a.size() - i]} - int{b[b.size() - i]};
    if (order != 0) return order;
  }
  return a.size() < b.size() ? -1 : (a.size() > b.size() ? 1 : 0);
}

Result<void> Comparators::add(std::string_view name, Comparator compare) {
  if (name.empty() || name.size() > kMaxComparatorName) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("a comparator's name has {} bytes; allowed are 1 to {}", name.size(),
                            kMaxComparatorName));
  }
  if (!compare) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("comparator '{}': no function", name));
  }
  const std::lock_guard lock(mutex_);
  if (!known_.try_emplace(std::string(name), std::move(compare)).second) {
    return fail(ErrorCode::kMisuse, fmt::format("comparator '{}' is registered already", name));
  }
  return {};
}

const Comparator* Comparators::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(name);
  return found == known_.end() ? nullptr : &found->second;
}

TableShapes table_shapes(const TableRecord& record, std::string_view names, std::uint32_t page_size,
                         const Comparators* known) {
  static const Comparator kReversed = compare_reversed;
  const auto ordered = [&](Order order, std::string_view name) {
    TreeShape shape;
    shape.by_comparator = order == Order::kReversed || order == Order::kCustom;
    if (order == Order::kReversed) shape.compare = &kReversed;
    if (order == Order::kCustom && known != nullptr) shape.compare = known->find(name);
    return shape;
  };
  TableShapes shapes;
  shapes.keys = ordered(record.key_order, names.substr(0, record.key_comparator_size));
  if (!record.multi) return shapes;
  shapes.keys.multi = true;
  shapes.values =
      ordered(static_cast<Order>(record.value_order), names.substr(record.key_comparator_size));
  // Values too long to be keys of a dense leaf are stored as values of any size are.
  if (record.value_size <= max_key_size(page_size)) shapes.values.dense = record.value_size;
  shapes.values.long_keys = shapes.values.dense == 0;
  return shapes;
}

}  // namespace kist::engine
