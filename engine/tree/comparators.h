#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include <kist/engine/error.h>
#include <kist/engine/table.h>

#include "engine/format/meta_slot.h"
#include "engine/tree/shape.h"

namespace kist::engine {

/// The comparators that a process registered for one environment. They are never removed, so that
/// pointers to them stay good. Thread-safe.
class Comparators {
 public:
  /// Makes `compare` known as `name`. Errors: kInvalidArgument (a name that is empty or longer than
  /// kMaxComparatorName, no function), kMisuse (the name is known already).
  Result<void> add(std::string_view name, Comparator compare);
  /// The comparator `name`, or null.
  const Comparator* find(std::string_view name) const;

 private:
  mutable std::mutex mutex_;  // protects the map; its elements never move or change
  std::map<std::string, Comparator, std::less<>> known_;
};

/// Byte by byte from the last; a suffix sorts before what it ends.
int compare_reversed(Bytes a, Bytes b);

/// The shapes of a table's trees.
struct TableShapes {
  TreeShape keys;    ///< Of the tree of its keys.
  TreeShape values;  ///< Of the trees of values in it; of multimaps.
};

/// The shapes that a record of the catalog tells. `names`: what stands behind it, of
/// record.names_size() bytes. Comparators not among `known` (which may be null) are left out; see
/// TreeShape::comparable().
TableShapes table_shapes(const TableRecord& record, std::string_view names, std::uint32_t page_size,
                         const Comparators* known);

}  // namespace kist::engine
