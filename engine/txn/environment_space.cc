// What the environment does for its space map: bounds, a longer file, pins that are looked at
// again.

#include <algorithm>
#include <limits>

#include "engine/base/failpoints.h"
#include "engine/txn/environment.h"

namespace kist::engine {

void Environment::configure_space() {
  constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
  const auto pages_of = [&](std::uint64_t bytes) {
    return bytes == 0 || bytes == kNever ? bytes : std::max<std::uint64_t>(bytes / page_size, 1);
  };
  SpaceLimits limits;
  limits.growth_step =
      options.growth_step == 0 ? 0 : (options.growth_step + page_size - 1) / page_size;
  limits.max_pages = pages_of(options.max_file_size);
  limits.trim_above = pages_of(options.shrink_threshold);
  space->configure(
      limits,
      {.lengthen = [this](std::uint64_t pages) { return lengthen_file(pages); },
       .relieve = [this](std::uint64_t missing, Shortage why) { return relieve(missing, why); }});
}

/// On a full disk nothing has happened yet that anything refers to. Other failures are those of the
/// device.
Result<void> Environment::lengthen_file(std::uint64_t pages) {
  Result<void> done = ensure_file_pages(pages);
  if (done || done.error().code == ErrorCode::kNoSpace) return done;
  return std::unexpected(latch(done.error()));
}

/// Every snapshot that must stay readable, as of now. Writer only, with `tip` the newest.
Result<Pins> Environment::needed_snapshots() {
  const auto others = sharing->protected_ids();  // before the readers
  KIST_ASSIGN(Pins pins, sharing->collect_pins(tip.id));
  pins.ids.push_back(tip.id);
  if (!planted(Bug::kForgetFlushing)) pins.ids.insert(pins.ids.end(), others.begin(), others.end());
  KIST_ASSIGN(const MetaSlot durable, durable_slot());
  if (!planted(Bug::kForgetDurable)) pins.ids.push_back(durable.id);
  std::sort(pins.ids.begin(), pins.ids.end());
  pins.ids.erase(std::unique(pins.ids.begin(), pins.ids.end()), pins.ids.end());
  return pins;
}

}  // namespace kist::engine
