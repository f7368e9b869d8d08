#include "engine/txn/uncommitted.h"

#include "engine/txn/environment.h"
#include "engine/txn/levels.h"
#include "engine/txn/snapshot.h"

namespace kist::engine {

Result<std::shared_ptr<os::Mapping>> UncommittedReaders::map_for(const Snapshot& writer) {
  const std::uint64_t bytes = writer.view.limit() * environment_.page_size;
  for (const auto& state : states_) {
    if (state->owner() == &writer && !state->over() && state->map()->size() >= bytes) {
      return state->map();
    }
  }
  return os::Mapping::map(environment_.file, bytes);
}

Result<void> UncommittedReaders::begin(const Snapshot& writer, Snapshot& reader) {
  // Pins what was committed; nobody but this writer could have made that another snapshot.
  KIST_TRY(environment_.begin_read(reader));
  KIST_ASSIGN(auto map, map_for(writer));
  any();  // forgets those that are gone
  const auto state =
      std::make_shared<UncommittedState>(memory_, std::move(map), memory_->marks.set(), &writer);
  states_.push_back(state);
  reader.head_place = 0;  // it is more than the head
  reader.uncommitted = std::make_shared<UncommittedHold>(state);
  reader.view = writer.view;
  reader.view.read_through(*state->map());
  reader.catalog = writer.catalog;
  reader.tables.assign(writer.tables.size(), {});
  for (const auto& [table, known] : changed_tables(writer)) {
    reader.tables[table] = known;
    reader.tables[table].owner = Snapshot::kAskEachTime;
  }
  return {};
}

bool UncommittedReaders::any() {
  std::erase_if(states_, [this](const std::shared_ptr<UncommittedState>& state) {
    if (!state->left()) return false;
    memory_->forget(state->mark());
    return true;
  });
  return !states_.empty();
}

void UncommittedReaders::end(const Snapshot* owner) {
  for (const auto& state : states_) {
    if (owner == nullptr || state->owner() == owner) state->end();
  }
}

}  // namespace kist::engine
