#include "engine/upkeep/build_environment.h"

#include "engine/os/directory.h"

namespace kist::engine {

Result<void> build_environment(const std::string& path, const Options& options,
                               const std::function<Result<void>(const Database&)>& fill) {
  KIST_ASSIGN(Database database, Database::open(path, options));
  Result<void> done = fill(database);
  if (auto closed = database.close(); done && !closed) done = std::move(closed);
  const auto unlinked = os::unlink_file(path + "-lock", options.observer);
  if (done && !unlinked) return std::unexpected(unlinked.error());
  return done;
}

Result<void> carry_over(const MetaSlot& slot, WriteTxn& to) {
  if (slot.domain_version != 0) KIST_TRY(to.set_domain_version(slot.domain_version));
  if (slot.markers != decltype(slot.markers){}) KIST_TRY(to.set_markers(slot.markers));
  const Metadata& metadata = slot.metadata;
  if (metadata.size != 0) KIST_TRY(to.set_metadata(Bytes(metadata.bytes).first(metadata.size)));
  return {};
}

}  // namespace kist::engine
