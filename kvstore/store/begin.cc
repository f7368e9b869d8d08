#include "kvstore/store/begin.h"

#include <fmt/format.h>

namespace kist {

std::unexpected<Error> closed_profile(const ProfileUse& use) {
  return fail(ErrorCode::kClosed,
              fmt::format("profile {} was closed", use.shared->directory.string()));
}

std::unexpected<Error> empty_handle(std::string_view what) {
  return fail(ErrorCode::kClosed, fmt::format("this {} handle was never opened", what));
}

Result<engine::Database> database_of(ProfileUse& use) {
  const Gate::Pass pass(use.gate);
  if (!pass) return closed_profile(use);
  return use.shared->database;
}

Result<engine::WriteTxn> begin_write(ProfileUse& use, Wait wait) {
  KIST_ASSIGN(const engine::Database database, database_of(use));
  return database.write(wait);
}

}  // namespace kist
