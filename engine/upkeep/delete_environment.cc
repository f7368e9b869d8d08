#include <algorithm>

#include <kist/engine/delete_environment.h>

#include "engine/os/directory.h"
#include "engine/os/file.h"
#include "engine/txn/lock_bytes.h"
#include "engine/upkeep/slots.h"

namespace kist::engine {
namespace {

Result<void> refuse_strangers(const os::File& file) {
  KIST_ASSIGN(const SlotSet set, read_slots(file));
  const bool store = std::ranges::any_of(
      set.slots, [](const DecodedSlot& slot) { return slot.verdict != SlotVerdict::kNotAStore; });
  if (store) return {};
  return fail(ErrorCode::kNotAStore, file.path() + ": is not a Kist store, and is not removed");
}

}  // namespace

Result<bool> delete_environment(const std::string& path) {
  KIST_ASSIGN(const std::string canonical, os::canonical_path(path));
  const std::string directory = canonical.substr(0, canonical.find_last_of('/') + 1);
  auto opened = os::File::open(canonical, os::Access::kReadWrite);
  if (!opened && opened.error().code == ErrorCode::kNotFound) return false;
  KIST_TRY(opened);
  os::File& file = *opened;
  KIST_TRY(refuse_strangers(file));
  // Who opens now waits for this lock, and then finds that the path names another file, or none.
  KIST_TRY(file.lock(kOpeningByte, 1, os::LockKind::kExclusive));
  KIST_ASSIGN(const bool same, file.matches_path());
  KIST_ASSIGN(const auto writer,
              file.first_conflict(kWriterByte, kLiveBytes + kMaxProcesses - kWriterByte,
                                  os::LockKind::kExclusive));
  KIST_ASSIGN(const auto pin,
              file.first_conflict(kPinBytes, 2 * kIdLimit, os::LockKind::kExclusive));
  if (!same || writer || pin) {
    return fail(ErrorCode::kBusy, canonical + ": is open, and is not removed");
  }
  KIST_TRY(os::unlink_file(canonical));
  KIST_TRY(os::unlink_file(canonical + "-lock"));
  KIST_TRY(os::flush_directory(directory));
  return true;
}

}  // namespace kist::engine
