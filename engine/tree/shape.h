#pragma once

#include <cstdint>

#include <kist/engine/bytes.h>
#include <kist/engine/table.h>

#include "engine/format/page.h"
#include "engine/format/ref.h"

namespace kist::engine {

/// How the pages of one tree are to be read and changed. Told by the table's record, never by
/// mapped pages, which are held against it.
struct TreeShape {
  /// Order of keys; null: byte order, or a comparator that is not known here.
  const Comparator* compare = nullptr;
  /// Keys are ordered by a comparator: pages have heads of 0, no prefixes, and whole keys as
  /// separators. Without `compare` such a tree can be walked, not searched.
  bool by_comparator = false;
  /// Keys longer than inline_value_limit() keep so many bytes in the leaf and lie whole in an
  /// overflow run; branches cut separators there. For trees of values.
  bool long_keys = false;
  /// Records hold groups of values; branches count distinct keys beside pairs.
  bool multi = false;
  /// Not 0: every key has so many bytes and no value; leaves are dense arrays.
  std::uint16_t dense = 0;

  bool plain() const { return !by_comparator && !long_keys && !multi && dense == 0; }
  /// Whether keys can be compared.
  bool comparable() const { return !by_comparator || compare != nullptr; }
  /// Bytes of a ref in a branch.
  std::size_t ref_size() const { return multi ? ref_layout::kMultiSize : ref_layout::kSize; }
  /// Type, version, level and flags of its pages.
  std::uint32_t kind(std::uint8_t level) const {
    const PageType leaf = dense != 0 ? PageType::kDenseLeaf : PageType::kLeaf;
    const PageType branch = multi ? PageType::kMultiBranch : PageType::kBranch;
    return page_kind(level == 0 ? leaf : branch, level,
                     by_comparator ? kPageByComparator : std::uint8_t{0});
  }
};

/// One value a key, in byte order.
inline constexpr TreeShape kPlainShape;

}  // namespace kist::engine
