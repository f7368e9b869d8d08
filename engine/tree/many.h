#pragma once

#include <optional>
#include <span>

#include <kist/engine/bytes.h>
#include <kist/engine/error.h>

#include "engine/pager/page_view.h"

namespace kist::engine {

/// Looks many keys up in a plain tree. A batch of them goes down together, level by level, and asks
/// for the page of each key before it touches that of the first: so the misses of the memory, which
/// one search after the other would wait for in turn, overlap.
/// (Known from databases as group prefetching: Chen, Ailamaki, Gibbons and Mowry, 2004.)
/// `values[i]` becomes the value of `keys[i]`; both have the same length. Errors: kDamaged.
Result<void> find_many(const PageView& view, const Ref& root, std::span<const Bytes> keys,
                       std::span<std::optional<Bytes>> values);

}  // namespace kist::engine
