#pragma once

#include "tests/model/world.h"

namespace kist::test::model {

// One function for each family of operations; see family.h and families.cc.

// reading.cc
void get(World& world);
void look_at_tables(World& world);

// writing.cc
void put(World& world);
void append(World& world);
void erase(World& world);

// conditional.cc
void compare_and_set(World& world);
void replace(World& world);
void take(World& world);

// pairs.cc
void get_pair(World& world);
void erase_pair(World& world);

// bulk.cc
void get_many(World& world);
void put_many(World& world);

// tables.cc
void change_tables(World& world);

// snapshots.cc
void hold_snapshot(World& world);
void release_snapshot(World& world);

}  // namespace kist::test::model
