#pragma once

#include <kist/engine/error.h>
#include <kist/engine/stats.h>

#include "engine/pager/page_view.h"
#include "engine/tree/shape.h"

namespace kist::engine {

/// Depth and pages of the tree behind `root`; with it those of the trees of values that it refers
/// to, when it is a multimap's. Errors: kDamaged.
Result<TableStats> table_shape(const PageView& view, const Ref& root, const TreeShape& shape,
                               const TreeShape& values);

}  // namespace kist::engine
