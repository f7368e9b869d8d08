#pragma once

#include <span>
#include <vector>

#include <kist/engine/error.h>

#include "engine/format/meta_slot.h"
#include "engine/os/file.h"
#include "engine/pager/pager.h"
#include "engine/space/run.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {

/// The outcome of the proof of one slot.
struct Proof {
  bool whole = false;
  std::string missing;     ///< When not whole: what is missing or stale, and where.
  std::vector<Run> found;  ///< Pages proven: all that were born after the slot's base.
};

/// Walks down from the roots of `slot` into every child born after slot.base, and only those, and
/// holds each page, overflow run and space record against what its parent recorded. Reads the file
/// through the map; trusts no earlier verification. Costs what was written since the base.
Result<Proof> prove(Pager& pager, const MetaSlot& slot);

/// What a sole opener, or a reader without any live writer, should open.
struct Choice {
  MetaSlot slot;
  std::vector<Run> proven;              ///< To be rewritten before the slot may be relied on.
  std::vector<std::uint32_t> rejected;  ///< Slots that must be erased durably.
  bool rejected_tips = false;           ///< So must the lock file.
  bool clean = false;                   ///< Confirmed by a clean close: nothing to do.
};

/// Chooses the newest transaction that is confirmed or proven, among the slots and `tips`: commits
/// that were found in the lock file and have no slot. These count for no more than a slot that no
/// flush has vouched for; any may be given. Errors: kDamaged when nothing is whole, or when damage
/// hit a transaction that was confirmed.
Result<Choice> choose_slot(Pager& pager, const SlotSet& set, std::span<const MetaSlot> tips);

/// Chooses transaction `id`, however many newer ones there are, when every page of it is still
/// whole. Reads all of them. The slots of newer ones are rejected. Errors: kSnapshotGone.
Result<Choice> choose_older(Pager& pager, const SlotSet& set, std::uint64_t id);

/// Writes the pages of `runs` again with the content that the map shows, so that the next flush
/// vouches for them: after a failed flush the page cache may hold what the device does not.
Result<void> rewrite_pages(os::File& file, Pager& pager, const std::vector<Run>& runs);

}  // namespace kist::engine
