#pragma once

#include <memory>

#include <kist/engine/check_options.h>
#include <kist/engine/error.h>
#include <kist/engine/stats.h>

#include "engine/format/meta_slot.h"
#include "engine/pager/pager.h"

namespace kist::engine {

class Comparators;
class Environment;

/// Pins the newest commit and checks it by check_state(). Stops neither readers nor writers:
/// nothing that a pinned commit refers to changes, its space records included. Errors: kForked,
/// kIo, kStopped.
Result<CheckReport> check_environment(const std::shared_ptr<Environment>& environment,
                                      const CheckOptions& options = {});

/// Walks everything that `slot` refers to and collects every violated invariant, going on after
/// each: all tables, their large values and the chain of space records; in the end each page of the
/// file must be exactly one of reachable, free, pending and a space record's. Trusts no earlier
/// verification. What lies below a page that is not what its parent recorded is not visited.
/// `file_size` is the file's length in bytes; fewer pages than `needed_pages` (or than the slot
/// says, if that is less) are a violation. Keys in the order of a comparator are held against it
/// when it is among `comparators`. Errors: kOutOfMemory for address space;
/// kStopped.
Result<CheckReport> check_state(Pager& pager, const MetaSlot& slot, std::uint64_t file_size,
                                std::uint64_t needed_pages = kMax48,
                                const Comparators* comparators = nullptr,
                                const CheckOptions& options = {});

}  // namespace kist::engine
