#pragma once

#include <cstdint>

#include <kist/engine/table.h>

namespace kist::engine {

/// How the pages of one tree are to be read and changed. Told by the table's record, never by the
/// pages.
struct TreeShape {
  /// Order of keys; null: byte order, with heads and prefixes. Trees with a comparator have heads
  /// of 0, no prefixes, and whole keys as separators.
  const Comparator* compare = nullptr;
  /// Not 0: every key has so many bytes and no value; leaves are dense arrays.
  std::uint16_t dense = 0;
  /// Keys longer than inline_value_limit() keep so many bytes in the leaf and lie whole in an
  /// overflow run; branches cut separators there. For value trees.
  bool long_keys = false;
  /// Records hold groups of values; branches count distinct keys beside pairs.
  bool multi = false;

  bool plain() const { return compare == nullptr && dense == 0 && !long_keys && !multi; }
};

/// One value a key, in byte order.
inline constexpr TreeShape kPlainShape;

}  // namespace kist::engine
