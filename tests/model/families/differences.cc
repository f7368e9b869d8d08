#include <kist/engine/difference.h>

#include "tests/model/families/families.h"
#include "tests/model/families/target.h"

namespace kist::test::model {
namespace {

using engine::Difference;

struct Change {
  std::string key;
  std::optional<std::string> before;
  std::optional<std::string> after;
};

/// The changes from one table to another of the same options, by merging both.
std::vector<Change> changes(const TableModel& before, const TableModel& after) {
  const TableModel& table = before.empty() ? after : before;
  std::vector<Change> result;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < before.size() || j < after.size()) {
    int order = i == before.size() ? 1 : j == after.size() ? -1 : 0;
    if (order == 0) order = table.compare_keys(before.at(i).key, after.at(j).key);
    if (order == 0 && table.multi()) {
      order = table.compare_values(before.at(i).value, after.at(j).value);
    }
    if (order < 0) {
      result.push_back({before.at(i).key, before.at(i).value, std::nullopt});
      ++i;
    } else if (order > 0) {
      result.push_back({after.at(j).key, std::nullopt, after.at(j).value});
      ++j;
    } else {
      if (before.at(i).value != after.at(j).value) {
        result.push_back({before.at(i).key, before.at(i).value, after.at(j).value});
      }
      ++i;
      ++j;
    }
  }
  return result;
}

}  // namespace

void compare_snapshots(World& world) {
  const View before = world.some_view();
  const View after = world.some_view();
  const std::string name = world.random.one_in(2) ? std::string() : world.some_table_name();
  const TableModel* old_table = before.find(name);
  const TableModel* new_table = after.find(name);
  world.call("difference", name, before.id, after.id);
  Result<Difference> difference = Difference::between(*before.txn, *after.txn, world.handle(name));
  if (old_table != nullptr && new_table != nullptr &&
      !(old_table->options() == new_table->options())) {
    return refused(difference, ErrorCode::kMisuse);
  }
  must(Result<void>(difference ? Result<void>() : std::unexpected(difference.error())));
  // A table that is missing counts as empty.
  const TableModel nothing = world.new_table({});
  const TableModel& either = old_table != nullptr ? *old_table : nothing;
  const TableModel& other = new_table != nullptr ? *new_table : nothing;
  for (const Change& change : changes(either, other)) {
    same(difference->next(), true);
    require(engine::as_text(difference->key()) == change.key,
            "a change at " + show(engine::as_text(difference->key())) + " instead of " +
                show(change.key));
    require(comparable(difference->before()) == comparable(change.before), "another old value");
    require(comparable(difference->after()) == comparable(change.after), "another new value");
  }
  same(difference->next(), false);
}

}  // namespace kist::test::model
