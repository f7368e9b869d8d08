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

}  // namespace kist::engine
