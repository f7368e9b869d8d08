#pragma once

#include <memory>
#include <vector>

#include <kist/engine/backup.h>
#include <kist/engine/error.h>

#include "engine/format/meta_slot.h"
#include "engine/space/run.h"
#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"

namespace kist::engine {

/// The newest commit, pinned for as long as this lives, with everything its meta slot says.
struct PinnedState {
  explicit PinnedState(std::shared_ptr<Environment> environment)
      : snapshot(std::move(environment)) {}
  Snapshot snapshot;
  MetaSlot slot;

  const Environment& environment() const { return *snapshot.environment; }
};

/// Errors: kForked, kDamaged, kIo.
Result<std::unique_ptr<PinnedState>> pin_newest_state(std::shared_ptr<Environment> environment);

/// Flushes the state if it is not durable yet, so that no crash can take it back: an incremental
/// backup may build on it. A latched environment can be backed up all the same.
void make_durable(PinnedState& state);

/// The state as backups name it.
BackupPoint point_of(const MetaSlot& slot);

/// The slot that a backup of the state has: its commit, as a clean close would have confirmed it.
MetaSlot confirmed_copy(const MetaSlot& slot);

/// The pages that the state has in use: all but its free and pending ones, as its space records
/// tell. In ascending order. Errors: kDamaged.
Result<std::vector<Run>> pages_in_use(Pager& pager, const MetaSlot& slot);

/// Reads space records of a state through the map, for SpaceMap::load().
SpaceReader space_reader(Pager& pager, std::uint64_t file_pages);

}  // namespace kist::engine
