#include <utility>

#include <kist/sandbox.h>

#include "kvstore/store/access.h"
#include "kvstore/store/begin.h"

namespace kist {

Result<Grant> make_grant(const Profile& profile) {
  const std::shared_ptr<ProfileUse>& use = ProfileAccess::use(profile);
  if (!use) return empty_handle("profile");
  KIST_ASSIGN(const engine::Database database, database_of(*use));
  return Grant::make(database);
}

Result<Profile> open_granted(int data, int control) {
  KIST_ASSIGN(engine::Granted granted, engine::Granted::open(data, control));
  KIST_ASSIGN(auto use, ProfileRegistry::current().use_granted(std::move(granted)));
  return ProfileAccess::make(std::move(use));
}

std::string to_bytes(const Batch& batch) {
  return TransactionAccess::to_bytes(batch);
}

Result<Batch> batch_from_bytes(const Profile& profile, engine::Bytes bytes) {
  return TransactionAccess::from_bytes(profile, bytes);
}

std::vector<std::string> stores_of(const Batch& batch) {
  return TransactionAccess::stores(batch);
}

}  // namespace kist
