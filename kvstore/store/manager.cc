#include <kist/manager.h>

#include "kvstore/store/access.h"
#include "kvstore/store/registry.h"

namespace kist {

Manager& Manager::instance() {
  static Manager manager;
  return manager;
}

Result<Profile> Manager::open(const std::filesystem::path& directory,
                              const ProfileOptions& options) {
  KIST_ASSIGN(std::shared_ptr<ProfileUse> use, ProfileRegistry::current().open(directory, options));
  return ProfileAccess::make(std::move(use));
}

Result<void> Manager::shutdown(std::chrono::milliseconds deadline) {
  return ProfileRegistry::current().shutdown(deadline);
}

std::size_t Manager::open_profiles() const {
  return ProfileRegistry::current().size();
}

}  // namespace kist
