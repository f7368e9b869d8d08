#include "engine/tree/group_reader.h"

namespace kist::engine {
namespace {

/// The value at one end of a group.
Result<Bytes> edge_value(const PageView& view, const Group& group, const TreeShape& shape,
                         bool last) {
  if (!group.nested()) {
    const Bytes value = group.value(last ? group.count() - 1 : 0);
    if (value.data() == nullptr) {
      return std::unexpected(damaged_group(view, group.all_values().data()));
    }
    return value;
  }
  Ref ref = group.root();
  for (std::uint8_t level = ref.level();; --level) {
    const std::uint8_t* page = fetch_page(view, ref, level, shape);
    if (page == nullptr) return std::unexpected(view.take_error());
    const BranchView branch = branch_view(view, page, shape);
    const LeafReader leaf(page, view.page_size(), shape);
    const std::size_t count = level == 0 ? leaf.count() : branch.count();
    if (count == 0) return std::unexpected(view.damaged_page(page, "is empty"));
    const std::size_t index = last ? count - 1 : 0;
    if (level == 0) {
      const LeafRecord record = leaf.record(index);
      if (record.key != nullptr) return whole_key(view, shape, record);
      return std::unexpected(view.damaged_page(page, "a record lies outside the page"));
    }
    ref = branch.ref(index);
  }
}

}  // namespace

Result<Group> read_group(const PageView& view, const LeafRecord& record, const TreeShape& shape) {
  const Group group(record, shape);
  const bool forged =
      group.nested() && (group.root().flags & kRefDirty) != 0 && view.mapped(record.value());
  if (group.damaged() || forged) return std::unexpected(damaged_group(view, record.key));
  return group;
}

Result<Bytes> first_value(const PageView& view, const Group& group, const TreeShape& shape) {
  return edge_value(view, group, shape, false);
}

Result<Bytes> last_value(const PageView& view, const Group& group, const TreeShape& shape) {
  return edge_value(view, group, shape, true);
}

Result<bool> group_holds(const PageView& view, const Group& group, const TreeShape& shape,
                         Bytes value) {
  if (!group.nested()) {
    const Position at = group.lower_bound(value, shape);
    if (at.damaged) return std::unexpected(damaged_group(view, group.all_values().data()));
    return at.found;
  }
  LeafRecord record;
  const Found found = find_record(view, group.root(), shape, value, record);
  if (found == Found::kError) return std::unexpected(view.take_error());
  return found == Found::kYes;
}

std::optional<std::vector<Bytes>> values_to_inline(Bytes leaf_page, const TreeShape& shape,
                                                   std::size_t key_size) {
  const auto page_size = static_cast<std::uint32_t>(leaf_page.size());
  const LeafReader leaf(leaf_page.data(), page_size, shape);
  std::vector<Bytes> values;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < leaf.count(); ++i) {
    const LeafRecord record = leaf.record(i);
    if (record.key == nullptr || record.indirect) return std::nullopt;
    bytes += record.key_size;
    if (!group_shrinks(page_size, key_size, group_size(i + 1, bytes, shape))) return std::nullopt;
    values.push_back(record.key_bytes());
  }
  if (values.empty()) return std::nullopt;
  return values;
}

}  // namespace kist::engine
