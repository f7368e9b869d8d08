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
void erase_pair(World& world);

// conditional.cc
void compare_and_set(World& world);
void replace(World& world);
void take(World& world);

// pairs.cc
void get_pair(World& world);

// bulk.cc
void get_many(World& world);
void put_many(World& world);

// sequences.cc
void look_at_sequence(World& world);
void advance_sequence(World& world);

// erase_range.cc
void erase_range(World& world);
void erase_prefix(World& world);

// order_statistics.cc
void rank(World& world);
void count(World& world);
void nth(World& world);
void split(World& world);
void sample(World& world);

// reserve.cc, streams.cc, aliases.cc
void reserve(World& world);
void write_stream(World& world);
void read_stream(World& world);
void put_own_bytes(World& world);
void keep_bytes(World& world);

// cursor_moves.cc
void step_cursor(World& world);
void place_cursor(World& world);
void place_cursor_by_pair(World& world);
void scroll_cursor(World& world);
void step_cursor_by_key(World& world);
void step_cursor_in_group(World& world);

// cursor_reads.cc
void read_with_cursor(World& world);
void look_where_cursor_is(World& world);
void compare_cursors(World& world);
void open_cursor(World& world);
void copy_cursor(World& world);
void rebind_cursor(World& world);

// cursor_writes.cc
void write_with_cursor(World& world);

// ranges.cc
void walk_range(World& world);

// tables.cc
void change_tables(World& world);

// nesting.cc
void begin_nested(World& world);
void mark_savepoint(World& world);
void roll_back(World& world);
void release_savepoint(World& world);

// uncommitted.cc
void read_uncommitted(World& world);
void end_uncommitted(World& world);

// snapshots.cc, readers.cc, differences.cc
void hold_snapshot(World& world);
void release_snapshot(World& world);
void renew_reader(World& world);
void clone_reader(World& world);
void look_at_lag(World& world);
void compare_snapshots(World& world);

// misuse.cc
void misuse(World& world);

}  // namespace kist::test::model
