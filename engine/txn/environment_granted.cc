// An environment of a process that may open nothing: it reads what another one grants.

#include <fmt/format.h>

#include "engine/txn/environment.h"

namespace kist::engine {
namespace {

/// What must hold of a file, so that the state that `slot` describes can be in it.
Result<void> check_length(const os::File& data, const MetaSlot& slot) {
  KIST_ASSIGN(const std::uint64_t bytes, data.size());
  if (slot.file_pages <= bytes / slot.page_size) return {};
  return fail(ErrorCode::kDamaged,
              fmt::format("{}: has {} bytes, but transaction {} has {} pages of {}", data.path(),
                          bytes, slot.id, slot.file_pages, slot.page_size));
}

}  // namespace

Result<std::shared_ptr<Environment>> Environment::open_granted(os::File data,
                                                               const MetaSlot& slot) {
  KIST_TRY(check_length(data, slot));
  Options options;
  options.create = false;
  options.read_only = true;
  options.exclusive = true;  // in the sense that nobody shares locks or a lock file with it
  std::string name = data.path();
  std::shared_ptr<Environment> environment(
      new Environment(std::move(name), options, std::move(data)));
  KIST_ASSIGN(environment->identity_, environment->file.identity());
  if (auto started = environment->start_granted(slot); !started) {
    environment->closed_ = true;
    return std::unexpected(std::move(started).error());
  }
  return environment;
}

/// What readers go by is a lock file of this process alone, in memory, in which the granted state
/// is the head.
Result<void> Environment::start_granted(const MetaSlot& slot) {
  KIST_ASSIGN(private_locks, os::File::create_in_memory(path, nullptr));
  KIST_ASSIGN(sharing, Sharing::begin_open(*private_locks, std::string(), false,
                                           FileAccess(options.file_mode), nullptr));
  KIST_TRY(map(slot));
  KIST_TRY(sharing->create_lock_file(identity_of(slot), false));
  sharing->set_durable({slot.id, slot.index});
  store_tip(slot);
  sharing->publish_tip();
  return sharing->finish_open();
}

Result<void> Environment::continue_granted(const MetaSlot& slot) {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  if (slot.seed != seed || slot.page_size != page_size) {
    return fail(ErrorCode::kDamaged, path + ": what is granted now is of another file");
  }
  KIST_TRY(check_length(file, slot));
  store_tip(slot);
  sharing->publish_tip();
  return {};
}

}  // namespace kist::engine
