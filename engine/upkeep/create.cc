#include "engine/upkeep/create.h"

#include <fmt/format.h>

#include "engine/base/failpoints.h"
#include "engine/format/meta_slot.h"
#include "engine/format/page.h"
#include "engine/os/directory.h"
#include "engine/os/file.h"
#include "engine/os/random.h"
#include "engine/space/space_map.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {
namespace {

/// The first transaction: two empty trees and a space record. In every slot: one that holds
/// nothing would be taken for a prepared one that was rolled back.
Result<void> write_empty_store(os::File& file, const Options& options) {
  const std::uint32_t page_size = options.page_size.value_or(kDefaultPageSize);
  MetaSlot slot;
  KIST_ASSIGN(slot.nonce_high, os::random_u64());
  KIST_ASSIGN(slot.nonce_low, os::random_u64());
  KIST_ASSIGN(slot.seed, os::random_u64());
  KIST_ASSIGN(slot.commit_nonce, os::random_u64());
  slot.page_size = page_size;
  slot.id = kFirstTransaction;
  slot.base = slot.id;
  slot.id_ceiling = slot.id + 1;
  slot.confirmed = slot.id;
  slot.state = SlotState::kConfirmed;
  slot.main.created = slot.id;
  slot.catalog.created = slot.id;
  slot.domain_version = options.domain_version.value_or(0);

  SpaceMap space(page_size, slot.seed);
  space.start_empty();
  space.begin(slot.id);
  KIST_ASSIGN(const CommitSpace plan, space.plan_commit(slot.commit_nonce, 0, {}, {}));
  slot.space = plan.record_ref;
  slot.file_pages = plan.file_pages;
  KIST_TRY(file.allocate(0, plan.file_pages * page_size));
  KIST_TRY(file.write_at(plan.record_run.start * page_size, Bytes(plan.record)));
  for (slot.index = 0; slot.index < kMetaSlots; ++slot.index) KIST_TRY(store_slot(file, slot));
  return planted(Bug::kLinkBeforeFlush) ? Result<void>() : file.flush();
}

}  // namespace

Result<void> create_file(const std::string& path, const Options& options) {
  KIST_ASSIGN(const std::uint64_t random, os::random_u64());
  const std::string aside = fmt::format("{}-new-{:016x}", path, random);
  KIST_ASSIGN(os::File file, os::File::create_new(aside, options.file_mode, options.observer));
  Result<void> done = options.exclusive ? Result<void>() : file.check_file_system();
  if (done && options.file_group) done = file.set_group(*options.file_group);
  if (done) done = write_empty_store(file, options);
  if (done) {
    done = os::link_file(aside, path, options.observer);
    // Somebody else was first: theirs is the store.
    if (!done && done.error().code == ErrorCode::kBusy) done = {};
  }
  const auto unlinked = os::unlink_file(aside, options.observer);
  if (done && !unlinked) return std::unexpected(unlinked.error());
  KIST_TRY(done);
  if (planted(Bug::kNoDirectoryFlush)) return {};
  return os::flush_directory(path.substr(0, path.find_last_of('/') + 1), options.observer);
}

Result<os::File> create_in_memory(const std::string& name, const Options& options) {
  KIST_ASSIGN(os::File file, os::File::create_in_memory(name, options.observer));
  KIST_TRY(write_empty_store(file, options));
  return file;
}

}  // namespace kist::engine
