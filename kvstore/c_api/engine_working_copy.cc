// Environments through a local copy, as kist_engine_working_copy.h has them.

#include <mutex>
#include <string>

#include <kist/engine/working_copy.h>
#include <kist/kist_engine.h>

#include "kvstore/c_api/arguments.h"
#include "kvstore/c_api/engine_objects.h"
#include "kvstore/c_api/engine_options.h"
#include "kvstore/c_api/errors.h"
#include "kvstore/c_api/structs.h"

namespace kist::c_api {
namespace {

using engine::WorkingCopy;
using engine::WorkingCopyOptions;
using Conflict = WorkingCopyOptions::Conflict;

static_assert(KIST_CONFLICT_REFUSE == static_cast<int>(Conflict::kRefuse));
static_assert(KIST_CONFLICT_USE_ORIGINAL == static_cast<int>(Conflict::kUseOriginal));
static_assert(KIST_CONFLICT_USE_COPY == static_cast<int>(Conflict::kUseCopy));

/// Owns the handle of its database.
struct WorkingCopyObject : Object {
  static constexpr Kind kKind = Kind::kWorkingCopy;
  using Handle = kist_working_copy;
  explicit WorkingCopyObject(WorkingCopy opened)
      : Object(kKind, nullptr), copy(std::move(opened)) {}
  std::mutex mutex;  // held by whoever uses `copy`
  WorkingCopy copy;
};

/// Options of C, read and checked.
struct Given {
  WorkingCopyOptions options;
  GivenOptions database;
};

Result<Given> copy_options_of(const kist_working_copy_options* given) {
  KIST_ASSIGN(const kist_working_copy_options read,
              read_options(given, sizeof(kist_working_copy_options), "options"));
  if (read.conflict > KIST_CONFLICT_USE_COPY) {
    return fail(
        ErrorCode::kInvalidArgument,
        "options.conflict is " + std::to_string(read.conflict) + ", expected KIST_CONFLICT_...");
  }
  Given result;
  KIST_ASSIGN(result.database, options_of(read.options));
  WorkingCopyOptions& options = result.options;
  if (read.directory_size != 0) {
    KIST_ASSIGN(options.directory, path_of(read.directory, read.directory_size));
  }
  options.always = read.always;
  options.conflict = static_cast<Conflict>(read.conflict);
  options.options = result.database.options;
  if (read.progress != nullptr) {
    options.progress = [progress = read.progress,
                        context = read.context](const engine::Progress& now) {
      return progress(context, now.done, now.total);
    };
  }
  return result;
}

}  // namespace
}  // namespace kist::c_api

using namespace kist;  // NOLINT(google-build-using-namespace): exported names carry no namespace
using namespace kist::c_api;  // NOLINT(google-build-using-namespace)

kist_code kist_working_copy_open(const char* path, size_t path_size,
                                 const kist_working_copy_options* options, kist_working_copy* copy,
                                 kist_db* db, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    KIST_TRY(prepare_out(copy, "copy"));
    KIST_TRY(prepare_out(db, "db"));
    KIST_ASSIGN(const std::string file, path_of(path, path_size));
    KIST_ASSIGN(const Given given, copy_options_of(options));
    KIST_ASSIGN(WorkingCopy opened, WorkingCopy::open(file, given.options));
    const auto made = std::make_shared<WorkingCopyObject>(std::move(opened));
    KIST_TRY(publish(made, nullptr, copy));
    const auto database =
        std::make_shared<DatabaseObject>(engine::Database(made->copy.database()), made);
    if (auto published = publish(database, made.get(), db); !published) {
      static_cast<void>(close_simply<WorkingCopyObject>(*copy));
      *copy = {};
      return published;
    }
    if (given.database.callbacks) given.database.callbacks->keep_promise(given.database.release);
    return {};
  });
}

kist_code kist_working_copy_copy_back(kist_working_copy copy, bool* copied,
                                      kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    if (copied != nullptr) *copied = false;
    KIST_ASSIGN(const auto object, use<WorkingCopyObject>(copy));
    const std::lock_guard lock(object->mutex);
    KIST_ASSIGN(const bool done, object->copy.copy_back());
    if (copied != nullptr) *copied = done;
    return {};
  });
}

kist_code kist_working_copy_close(kist_working_copy copy, kist_error* error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    const auto last_use = c_api::close<WorkingCopyObject>(copy);
    if (!last_use && last_use.error().code == ErrorCode::kForked) return {};
    KIST_TRY(last_use);
    const std::lock_guard lock((*last_use)->mutex);
    return (*last_use)->copy.close();
  });
}
