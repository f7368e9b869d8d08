#include "tests/model/families/families.h"

#include "tests/model/family.h"

namespace kist::test::model {

const std::vector<Family>& families() {
  using enum Family::Needs;
  using enum Family::Effect;
  static const std::vector<Family> kFamilies{
      {"get", kAnything, kNone, 60, get},
      // {"get_many", kAnything, kNone, 6, get_many},
      {"look_at_tables", kAnything, kNone, 2, look_at_tables},
      {"put", kWriter, kGrows, 160, put},
      // {"put_many", kWriter, kGrows, 6, put_many},
      // {"append", kWriter, kGrows, 10, append},
      {"erase", kWriter, kShrinks, 80, erase},
      // {"get_pair", kAnything, kNone, 20, get_pair},
      // {"erase_pair", kWriter, kShrinks, 60, erase_pair},
      {"compare_and_set", kWriter, kNone, 20, compare_and_set},
      {"replace", kWriter, kNone, 20, replace},
      {"take", kWriter, kShrinks, 20, take},
      {"change_tables", kWriter, kNone, 4, change_tables},
      {"hold_snapshot", kAnything, kNone, 4, hold_snapshot},
      {"release_snapshot", kAnything, kNone, 4, release_snapshot},
  };
  return kFamilies;
}

}  // namespace kist::test::model
