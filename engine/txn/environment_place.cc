// Where the file is: whether its path still leads to it, and whether others have it.

#include <fmt/format.h>

#include "engine/txn/environment.h"
#include "engine/txn/lock_bytes.h"

namespace kist::engine {

/// Makes sure that nobody else has the file open, and that nobody opens it from now on. Holds the
/// opening byte when it succeeds.
Result<void> Environment::claim_alone() {
  KIST_ASSIGN(private_locks, os::File::create_in_memory(path, options.observer));
  if (in_memory_) return {};
  const bool writes = file.access() == os::Access::kReadWrite;
  const os::LockKind kind = writes ? os::LockKind::kExclusive : os::LockKind::kShared;
  const Result<bool> claimed = [&]() -> Result<bool> {
    KIST_TRY(file.lock(kOpeningByte, 1, kind));
    KIST_ASSIGN(const auto other, file.first_conflict(kOpeningByte + 1, kAllLockBytes - 1, kind));
    if (other) return false;
    return file.try_lock(kAloneByte, 1, kind);
  }();
  if (claimed && *claimed) return {};
  static_cast<void>(file.unlock(kOpeningByte, 1));
  if (claimed) return fail(ErrorCode::kBusy, path + ": is open elsewhere, so not to be had alone");
  KIST_ASSIGN(const std::optional<std::string> network, file.network_file_system());
  if (!network) return std::unexpected(claimed.error());
  log(LogLevel::kWarning, fmt::format("{}: lies on {}, which has no locks; that nobody else has it "
                                      "open is for its user to see to",
                                      path, *network));
  return {};
}

/// Under the opening byte: whether another process has the file alone.
Result<void> Environment::refuse_if_claimed() {
  // Who only reads is in nobody's way who only reads.
  const os::LockKind kind = options.read_only ? os::LockKind::kShared : os::LockKind::kExclusive;
  KIST_ASSIGN(const auto claimed, file.first_conflict(kAloneByte, 1, kind));
  if (claimed) return fail(ErrorCode::kBusy, path + ": another process has it open exclusively");
  return options.read_only ? file.lock(kReadingByte, 1, os::LockKind::kShared) : Result<void>();
}

Result<void> Environment::check_place() {
  const Result<os::PathState> state = file.path_state();
  next_path_check_.store(os::coarse_milliseconds() + path_check_, std::memory_order_relaxed);
  // A process that may no longer look at its own path goes on with what it has.
  if (!state || *state == os::PathState::kHere) return {};
  next_path_check_.store(0, std::memory_order_relaxed);  // everybody is to know
  const char* const what = *state == os::PathState::kReplaced ? "is another file now"
                           : *state == os::PathState::kMoved  ? "was moved away"
                                                              : "was deleted";
  std::string message = fmt::format(
      "{}: {} while it was open; close every handle, then open what is to be used", path, what);
  if (!moved_.exchange(true)) log(LogLevel::kError, message);
  return fail(ErrorCode::kMoved, std::move(message));
}

Result<void> Environment::check_domain_version(std::uint64_t found) const {
  const std::uint64_t expected = domain_version_.load(std::memory_order_relaxed);
  if (found == expected || found == domain_version_before_.load(std::memory_order_relaxed)) {
    return {};
  }
  return fail(ErrorCode::kWrongVersion,
              fmt::format("{}: its domain version is {}, asked for {}", path, found, expected));
}

Result<void> Environment::check_domain_version_of_head() {
  KIST_ASSIGN(const MetaSlotBytes bytes, choose_head());
  constexpr std::size_t kDomainVersionAt = 280;
  return check_domain_version(load64(bytes.data() + kDomainVersionAt));
}

void Environment::raised_domain_version(std::uint64_t version) {
  // Until the flush is over, readers still begin on what was there before.
  domain_version_before_.store(domain_version_.load(std::memory_order_relaxed),
                               std::memory_order_relaxed);
  domain_version_.store(version, std::memory_order_relaxed);
  log(LogLevel::kInfo, fmt::format("{}: its domain version is {} now", path, version));
}

Result<Metadata> Environment::metadata() {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  std::array<std::uint64_t, kHeadWords> words;
  if (sharing->read_head_checked(words)) {
    std::array<std::uint8_t, kMetaSlotSize> bytes;
    static_assert(sizeof words == sizeof bytes);
    std::memcpy(bytes.data(), words.data(), bytes.size());
    const DecodedSlot decoded = decode_meta_slot(bytes, load32(bytes.data() + 124));
    if (decoded.verdict == SlotVerdict::kValid) return decoded.slot.metadata;
  }
  if (sharing->uses_slots()) return fail(ErrorCode::kDamaged, path + "-lock: holds no head");
  KIST_ASSIGN(const MetaSlot slot, choose_head_read_only());
  return slot.metadata;
}

Result<std::pair<MapHold, std::uint64_t>> Environment::mapped_file() {
  if (stale()) return fail(ErrorCode::kForked, path + ": was opened before fork(); open it again");
  KIST_ASSIGN(const std::uint64_t size, file.size());
  KIST_ASSIGN(const MapHold map, pager->cover(size / page_size));
  return std::pair{map, std::min(size, map->mapping->size())};
}

}  // namespace kist::engine
