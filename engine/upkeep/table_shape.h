#pragma once

#include <kist/engine/error.h>
#include <kist/engine/stats.h>

#include "engine/pager/page_view.h"

namespace kist::engine {

/// Depth and pages of the tree behind `root`. Errors: kDamaged.
Result<TableStats> table_shape(const PageView& view, const Ref& root);

}  // namespace kist::engine
