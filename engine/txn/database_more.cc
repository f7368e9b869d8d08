// Calls on the environment as a whole that are not needed every day.

#include <algorithm>

#include <fmt/format.h>

#include <kist/engine/database.h>

#include "engine/txn/environment.h"
#include "engine/txn/snapshot.h"
#include "engine/txn/write_access.h"

namespace kist::engine {
namespace {

Result<void> check_open(const std::shared_ptr<Environment>& environment) {
  if (!environment) return fail(ErrorCode::kClosed, "the database was closed");
  return {};
}

os::AccessAdvice advice_of(Access access) {
  switch (access) {
    case Access::kNormal:
      return os::AccessAdvice::kNormal;
    case Access::kRandom:
      return os::AccessAdvice::kRandom;
    case Access::kSequential:
      return os::AccessAdvice::kSequential;
    case Access::kWillNeed:
      return os::AccessAdvice::kWillNeed;
  }
  return os::AccessAdvice::kNormal;
}

}  // namespace

Result<std::optional<PreparedTxn>> Database::prepared() const {
  KIST_TRY(check_open(environment_));
  KIST_ASSIGN(const std::optional<MetaSlot> slot, environment_->prepared());
  if (!slot) return std::nullopt;
  return PreparedTxn{.id = slot->id, .markers = slot->markers};
}

Result<void> Database::commit_prepared(std::uint64_t id, Wait wait) const {
  KIST_TRY(check_open(environment_));
  return environment_->decide_prepared(id, true, wait);
}

Result<void> Database::roll_back_prepared(std::uint64_t id, Wait wait) const {
  KIST_TRY(check_open(environment_));
  return environment_->decide_prepared(id, false, wait);
}

Result<std::string> Database::metadata() const {
  KIST_TRY(check_open(environment_));
  KIST_ASSIGN(const Metadata metadata, environment_->metadata());
  return std::string(as_text(Bytes(metadata.bytes).first(metadata.size)));
}

Result<std::uint64_t> Database::warm_up(std::optional<std::uint64_t> bytes) const {
  KIST_TRY(check_open(environment_));
  KIST_ASSIGN(const auto mapped, environment_->mapped_file());
  const std::uint64_t size = std::min(mapped.second, bytes.value_or(mapped.second));
  KIST_TRY(mapped.first->mapping->populate(0, size));
  return size;
}

Result<void> Database::advise(Access access) const {
  KIST_TRY(check_open(environment_));
  KIST_ASSIGN(const auto mapped, environment_->mapped_file());
  // Advice that stays is for what the file grows to as well.
  const bool now_only = access == Access::kWillNeed;
  return mapped.first->mapping->advise(now_only ? mapped.second : mapped.first->mapping->size(),
                                       advice_of(access));
}

Result<void> Database::lock_in_memory(bool on) const {
  KIST_TRY(check_open(environment_));
  KIST_ASSIGN(const auto mapped, environment_->mapped_file());
  return on ? mapped.first->mapping->lock(mapped.second) : mapped.first->mapping->unlock();
}

std::array<std::uint64_t, 3> Txn::markers() const {
  return snapshot_ ? snapshot_->markers : std::array<std::uint64_t, 3>{};
}

std::uint64_t Txn::domain_version() const {
  return snapshot_ ? snapshot_->domain_version : 0;
}

Result<void> WriteTxn::set_markers(const std::array<std::uint64_t, 3>& markers) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  if (markers == snapshot_->markers) return {};
  snapshot_->markers = markers;
  state->changed = true;
  return {};
}

Result<void> WriteTxn::set_metadata(Bytes metadata) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  if (metadata.size() > Metadata::kMost) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: {} bytes of metadata, allowed are {}",
                            snapshot_->environment->path, metadata.size(), Metadata::kMost));
  }
  Metadata stored;
  stored.size = static_cast<std::uint16_t>(metadata.size());
  std::ranges::copy(metadata, stored.bytes.begin());
  if (stored == state->metadata.value_or(snapshot_->environment->tip.metadata)) return {};
  state->metadata = stored;
  state->changed = true;
  return {};
}

Result<void> WriteTxn::set_domain_version(std::uint64_t version) {
  KIST_ASSIGN(WriteState * state, writable(snapshot_));
  const std::uint64_t before = snapshot_->domain_version;
  if (version == before) return {};
  if (version < before) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: its domain version is {} and cannot become {}",
                            snapshot_->environment->path, before, version));
  }
  snapshot_->domain_version = version;
  state->changed = true;
  return {};
}

Result<std::uint64_t> WriteTxn::prepare() {
  auto state = writable(snapshot_);
  if (!state) {
    if (snapshot_ && snapshot_->usable()) abort();
    return std::unexpected(std::move(state).error());
  }
  if (snapshot_->nested()) {
    return fail(ErrorCode::kMisuse,
                snapshot_->environment->path +
                    ": only the outermost transaction can be prepared; commit this one into it");
  }
  auto result = (*state)->prepare();
  abort();
  return result;
}

}  // namespace kist::engine
