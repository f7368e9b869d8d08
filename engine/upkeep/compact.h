#pragma once

#include <memory>

#include <kist/engine/compact.h>
#include <kist/engine/error.h>
#include <kist/engine/options.h>

namespace kist::engine {

class Environment;

/// One step; see Database::compact().
Result<CompactProgress> compact_environment(const std::shared_ptr<Environment>& environment,
                                            const CompactBudget& budget, Wait wait);

}  // namespace kist::engine
