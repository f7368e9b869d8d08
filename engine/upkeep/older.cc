// States of the store before the newest one.

#include <fmt/format.h>

#include <kist/engine/recovery.h>

#include "engine/os/directory.h"
#include "engine/upkeep/recover.h"

namespace kist::engine {
namespace {

/// Proves everything that the slot refers to, however old.
Result<Proof> prove_all(Pager& pager, const SlotSet& set, MetaSlot slot) {
  if (slot.file_pages * pager.page_size() > set.file_size) {
    return Proof{.whole = false, .missing = "the file was cut since", .found = {}};
  }
  slot.base = 0;
  return prove(pager, slot);
}

/// Of the same transaction the surer slot only; prepared ones last.
std::vector<MetaSlot> distinct(const SlotSet& set) {
  std::vector<MetaSlot> slots;
  for (const MetaSlot& slot : set.newest_first()) {
    if (slots.empty() || slots.back().id != slot.id) slots.push_back(slot);
  }
  const std::uint64_t newest = slots.empty() ? 0 : slots.front().id;
  if (const auto prepared = set.prepared_after(newest)) slots.push_back(*prepared);
  return slots;
}

}  // namespace

Result<Choice> choose_older(Pager& pager, const SlotSet& set, std::uint64_t id) {
  Choice choice;
  bool found = false;
  for (const MetaSlot& slot : set.newest_first()) {
    if (slot.id > id) choice.rejected.push_back(slot.index);
    if (slot.id != id || found) continue;
    KIST_ASSIGN(const Proof all, prove_all(pager, set, slot));
    if (!all.whole) {
      return fail(ErrorCode::kSnapshotGone, fmt::format("{}: snapshot {} is not whole any more: {}",
                                                        pager.path(), id, all.missing));
    }
    // What no flush vouched for when the slot was written is written again.
    KIST_ASSIGN(Proof recent, prove(pager, slot));
    choice.slot = slot;
    choice.proven = std::move(recent.found);
    found = true;
  }
  if (!found) {
    return fail(ErrorCode::kSnapshotGone,
                fmt::format("{}: no meta slot names snapshot {}", pager.path(), id));
  }
  if (const auto prepared = set.prepared_after(id)) choice.rejected.push_back(prepared->index);
  return choice;
}

Result<std::vector<StoredSnapshot>> list_snapshots(const std::string& path,
                                                   const Options& options) {
  KIST_ASSIGN(const std::string canonical, os::canonical_path(path));
  KIST_ASSIGN(const os::File file, os::File::open(canonical, os::Access::kRead, options.observer));
  KIST_ASSIGN(const SlotSet set, read_slots(file));
  KIST_TRY(judge_slots(set, canonical));
  const std::vector<MetaSlot> slots = distinct(set);
  std::vector<StoredSnapshot> snapshots;
  for (const MetaSlot& slot : slots) {
    // A map of its own for each: one that cannot be read in a place is spoilt for the others.
    KIST_ASSIGN(const auto pager, Pager::open(file, canonical, slot.page_size, slot.seed,
                                              set.file_size / slot.page_size, true));
    KIST_ASSIGN(Proof proof, prove_all(*pager, set, slot));
    snapshots.push_back({.id = slot.id,
                         .whole = proof.whole,
                         .missing = std::move(proof.missing),
                         .prepared = slot.state == SlotState::kPrepared,
                         .file_pages = slot.file_pages,
                         .tables = slot.catalog.root.count,
                         .records = slot.main.root.count,
                         .domain_version = slot.domain_version,
                         .markers = slot.markers});
  }
  return snapshots;
}

}  // namespace kist::engine
