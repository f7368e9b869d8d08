#pragma once

#include "tests/model/world.h"

namespace kist::test::model {

/// Begins the write transaction, in one of the ways that there are.
void begin_writer(World& world);
/// Ends the innermost write transaction, in one of the ways that there are.
void end_level(World& world);
/// Commits the outermost write transaction.
void commit(World& world);

}  // namespace kist::test::model
