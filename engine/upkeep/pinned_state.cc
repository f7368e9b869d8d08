#include "engine/upkeep/pinned_state.h"

#include <algorithm>

namespace kist::engine {

Result<std::unique_ptr<PinnedState>> pin_newest_state(std::shared_ptr<Environment> environment) {
  auto state = std::make_unique<PinnedState>(std::move(environment));
  KIST_ASSIGN(state->slot, state->snapshot.environment->begin_read_whole(state->snapshot));
  return state;
}

void make_durable(PinnedState& state) {
  Environment& environment = *state.snapshot.environment;
  if (environment.options.read_only) return;
  (void)environment.wait_durable(state.slot.id, std::nullopt);
}

BackupPoint point_of(const MetaSlot& slot) {
  return {slot.nonce_high, slot.nonce_low, slot.id, slot.commit_nonce};
}

MetaSlot confirmed_copy(const MetaSlot& slot) {
  MetaSlot copy = slot;
  copy.state = SlotState::kConfirmed;
  copy.base = slot.id;
  copy.confirmed = slot.id;
  copy.id_ceiling = std::max(slot.id_ceiling, slot.id + 1);
  return copy;
}

SpaceReader space_reader(Pager& pager, std::uint64_t file_pages) {
  return [&pager, file_pages, map = MapHold()](const Ref& ref) mutable -> Result<Bytes> {
    const std::uint32_t page_size = pager.page_size();
    const std::uint64_t pages = space_record_pages(ref.count, page_size);
    KIST_ASSIGN(map, pager.cover(file_pages));
    const std::uint64_t limit = std::min(map->pages, file_pages);
    if (ref.page < first_page(page_size) || ref.page >= limit || pages > limit - ref.page) {
      return std::unexpected(pager.damage(ref.page, "a space record lies outside the file"));
    }
    return Bytes(map->mapping->data() + ref.page * page_size, pages * page_size);
  };
}

Result<std::vector<Run>> pages_in_use(Pager& pager, const MetaSlot& slot) {
  SpaceMap space(pager.page_size(), pager.seed());
  KIST_TRY(space.load(slot.space, slot.file_pages, slot.id, slot.commit_nonce,
                      space_reader(pager, slot.file_pages)));
  std::vector<Run> unused;
  space.free_runs().for_each([&](const Run& run) { unused.push_back(run); });
  space.pending_runs().for_each([&](const PendingRun& run) { unused.push_back(run.run); });
  std::ranges::sort(unused, {}, &Run::start);
  std::vector<Run> used;
  std::uint64_t at = first_page(pager.page_size());
  const auto use_until = [&](std::uint64_t end) {
    if (end > at) used.push_back({at, end - at});
  };
  for (const Run& run : unused) {
    use_until(run.start);
    at = run.end();
  }
  use_until(slot.file_pages);
  return used;
}

}  // namespace kist::engine
