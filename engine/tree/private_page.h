#pragma once

#include <cstdint>
#include <vector>

#include <kist/engine/error.h>

#include "engine/tree/shape.h"
#include "engine/tree/write_context.h"

namespace kist::engine {

/// Whether a page in private memory is one of a tree of `shape` at `level`, so that changing it
/// stays inside it; see leaf_is_sound() and branch_is_sound().
bool page_is_sound(const std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                   std::uint8_t level, bool dirty);

/// Less, for a copy of a committed page: whether refs and values of the same size may be replaced.
bool page_is_bounded(const std::uint8_t* page, std::size_t page_size, const TreeShape& shape,
                     std::uint8_t level);

/// The page behind `ref`, sound and in private memory: a committed one is copied to `copy`, because
/// bytes may change under the map after they were judged. Errors: kDamaged.
Result<const std::uint8_t*> private_page(const WriteContext& context, const Ref& ref,
                                         std::uint8_t level, const TreeShape& shape,
                                         std::vector<std::uint8_t>& copy);

}  // namespace kist::engine
