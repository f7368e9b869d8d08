#include "tests/model/families/families.h"

#include "tests/model/family.h"

namespace kist::test::model {

const std::vector<Family>& families() {
  using enum Family::Needs;
  using enum Family::Effect;
  static const std::vector<Family> kFamilies{
      {"get", kAnything, kNone, 60, get},
      {"get_many", kAnything, kNone, 6, get_many},
      {"get_pair", kAnything, kNone, 20, get_pair},
      {"look_at_tables", kAnything, kNone, 2, look_at_tables},
      {"put", kWriter, kGrows, 200, put},
      {"put_many", kWriter, kGrows, 6, put_many},
      {"append", kWriter, kGrows, 10, append},
      {"erase", kWriter, kShrinks, 60, erase},
      {"erase_pair", kWriter, kShrinks, 40, erase_pair},
      {"compare_and_set", kWriter, kNone, 20, compare_and_set},
      {"replace", kWriter, kNone, 20, replace},
      {"take", kWriter, kShrinks, 20, take},
      {"sequence", kAnything, kNone, 2, look_at_sequence},
      {"advance_sequence", kWriter, kNone, 4, advance_sequence},
      {"erase_range", kWriter, kShrinks, 8, erase_range},
      {"erase_prefix", kWriter, kShrinks, 3, erase_prefix},
      {"rank", kAnything, kNone, 10, rank},
      {"count", kAnything, kNone, 12, count},
      {"nth", kAnything, kNone, 10, nth},
      {"split", kAnything, kNone, 4, split},
      {"sample", kAnything, kNone, 4, sample},
      {"reserve", kWriter, kGrows, 8, reserve},
      {"write_stream", kWriter, kGrows, 4, write_stream},
      {"read_stream", kAnything, kNone, 6, read_stream},
      {"put_own_bytes", kWriter, kNone, 6, put_own_bytes},
      {"keep_bytes", kWriter, kNone, 6, keep_bytes},
      {"open_cursor", kAnything, kNone, 20, open_cursor},
      {"step_cursor", kAnything, kNone, 60, step_cursor},
      {"place_cursor", kAnything, kNone, 40, place_cursor},
      {"place_cursor_by_pair", kAnything, kNone, 20, place_cursor_by_pair},
      {"scroll_cursor", kAnything, kNone, 20, scroll_cursor},
      {"step_cursor_by_key", kAnything, kNone, 20, step_cursor_by_key},
      {"step_cursor_in_group", kAnything, kNone, 20, step_cursor_in_group},
      {"read_with_cursor", kAnything, kNone, 20, read_with_cursor},
      {"look_where_cursor_is", kAnything, kNone, 30, look_where_cursor_is},
      {"compare_cursors", kAnything, kNone, 10, compare_cursors},
      {"copy_cursor", kAnything, kNone, 10, copy_cursor},
      {"rebind_cursor", kAnything, kNone, 4, rebind_cursor},
      {"write_with_cursor", kWriter, kNone, 80, write_with_cursor},
      {"walk_range", kAnything, kNone, 10, walk_range},
      {"change_tables", kWriter, kNone, 4, change_tables},
      {"begin_nested", kWriter, kNone, 10, begin_nested},
      {"mark_savepoint", kWriter, kNone, 8, mark_savepoint},
      {"roll_back", kWriter, kNone, 6, roll_back},
      {"release_savepoint", kWriter, kNone, 4, release_savepoint},
      {"read_uncommitted", kWriter, kNone, 6, read_uncommitted},
      {"end_uncommitted", kWriter, kNone, 4, end_uncommitted},
      {"hold_snapshot", kAnything, kNone, 4, hold_snapshot},
      {"release_snapshot", kAnything, kNone, 4, release_snapshot},
      {"renew_reader", kAnything, kNone, 4, renew_reader},
      {"clone_reader", kAnything, kNone, 2, clone_reader},
      {"look_at_lag", kAnything, kNone, 2, look_at_lag},
      {"compare_snapshots", kAnything, kNone, 6, compare_snapshots},
      {"misuse", kWriter, kNone, 6, misuse},
  };
  return kFamilies;
}

}  // namespace kist::test::model
