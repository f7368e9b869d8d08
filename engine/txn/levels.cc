#include "engine/txn/levels.h"

#include <atomic>
#include <cassert>

#include "engine/txn/environment.h"
#include "engine/txn/write_state.h"

namespace kist::engine {
namespace {

std::atomic<std::uint64_t> newest_name{0};

}  // namespace

std::vector<std::pair<std::uint32_t, TableState>> changed_tables(const Snapshot& snapshot) {
  std::vector<std::pair<std::uint32_t, TableState>> changed;
  for (std::uint32_t i = 0; i < snapshot.tables.size(); ++i) {
    if (i == 0 || snapshot.tables[i].dirty) changed.emplace_back(i, snapshot.tables[i]);
  }
  return changed;
}

std::uint64_t Levels::begin(const Snapshot& snapshot, Kind kind) {
  WriteContext& context = state_.context;
  state_.forget_writer();
  context.freed_before = context.freed.size();
  state_.early.begin_level();
  levels_.push_back({.name = ++newest_name,
                     .kind = kind,
                     .mark = state_.memory().marks.set(),
                     .catalog = snapshot.catalog,
                     .tables = changed_tables(snapshot),
                     .freed = context.freed.size(),
                     .changed = state_.changed,
                     .domain_version = snapshot.domain_version,
                     .markers = snapshot.markers,
                     .metadata = state_.metadata});
  return levels_.back().name;
}

bool Levels::is_savepoint(std::uint64_t name) const {
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    if (level->kind == Kind::kNested) return false;
    if (level->name == name) return true;
  }
  return false;
}

std::size_t Levels::index_of(std::uint64_t name) const {
  std::size_t index = levels_.size();
  while (index > 0 && levels_[index - 1].name > name) --index;  // names ascend
  assert(index > 0 && levels_[index - 1].name == name);
  return index - 1;
}

void Levels::roll_back(std::uint64_t name, Snapshot& snapshot) {
  const std::size_t index = index_of(name);
  const bool seen = state_.readers.any();
  state_.forget_writer();
  for (; levels_.size() > index + 1; levels_.pop_back()) {
    state_.memory().marks.remove(levels_.back().mark);
    state_.early.roll_back(seen);
    state_.early.end_level();
  }
  const Level& level = levels_.back();
  state_.early.roll_back(seen);
  state_.memory().roll_back(level.mark);
  state_.context.freed.resize(level.freed);
  state_.context.freed_before = level.freed;
  state_.look_again(level.freed);
  state_.memory_shrank();
  state_.changed = level.changed;
  state_.metadata = level.metadata;
  snapshot.domain_version = level.domain_version;
  snapshot.markers = level.markers;
  snapshot.catalog = level.catalog;
  for (TableState& table : snapshot.tables) table = {};  // to be looked up again
  for (const auto& [table, state] : level.tables) snapshot.tables[table] = state;
  // What a latched environment does not acknowledge, no rollback mends.
  if (!state_.latched()) state_.broken.reset();
}

void Levels::end(std::uint64_t name) {
  const std::size_t index = index_of(name);
  state_.forget_writer();
  for (; levels_.size() > index; levels_.pop_back()) {
    state_.memory().forget(levels_.back().mark);
    state_.early.end_level();
    state_.look_again(levels_.back().freed);
  }
  state_.memory_shrank();
  state_.context.freed_before = levels_.empty() ? 0 : levels_.back().freed;
}

}  // namespace kist::engine
