#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include <kist/engine/fork.h>
#include <kist/engine/grant.h>

#include "engine/txn/database_access.h"
#include "engine/upkeep/grant_page.h"
#include "engine/upkeep/pinned_state.h"

namespace kist::engine {

struct Grant::State {
  State(std::shared_ptr<Environment> of, GrantPageWriter made, os::Descriptor data_file,
        os::Descriptor control_page)
      : environment(std::move(of)),
        page(std::move(made)),
        data(std::move(data_file)),
        control(std::move(control_page)) {}
  /// In a forked child nothing of it is the child's, so nothing is taken away there.
  ~State() {
    if (birth == fork_count()) release_before(std::numeric_limits<std::uint64_t>::max());
  }
  /// Errors: kClosed after revoke().
  Result<std::uint64_t> advance();
  void release_before(std::uint64_t snapshot);

  const std::uint32_t birth = fork_count();
  const std::shared_ptr<Environment> environment;
  std::mutex mutex;  // protects the four below
  GrantPageWriter page;
  std::vector<std::unique_ptr<PinnedState>> pinned;  // oldest first
  std::uint64_t oldest = 0;
  std::uint64_t newest = 0;
  const os::Descriptor data;
  const os::Descriptor control;
};

Result<std::uint64_t> Grant::State::advance() {
  KIST_ASSIGN(std::unique_ptr<PinnedState> state, pin_newest_state(environment));
  const std::lock_guard lock(mutex);
  if (state->slot.id < oldest) {
    return fail(ErrorCode::kClosed, environment->path + ": the grant was revoked");
  }
  if (state->slot.id <= newest) return newest;  // and what was pinned is given up again
  pinned.reserve(pinned.size() + 1);
  page.publish(state->slot);
  newest = state->slot.id;
  pinned.push_back(std::move(state));
  return newest;
}

void Grant::State::release_before(std::uint64_t snapshot) {
  const std::lock_guard lock(mutex);
  if (snapshot <= oldest) return;
  oldest = snapshot;
  // Told first, given up afterwards: who reads what is written over then finds that it was told.
  page.set_oldest(snapshot);
  std::erase_if(pinned, [&](const auto& state) { return state->slot.id < snapshot; });
}

Grant::Grant(std::unique_ptr<State> state) : state_(std::move(state)) {}
Grant::Grant(Grant&&) noexcept = default;
Grant& Grant::operator=(Grant&&) noexcept = default;
Grant::~Grant() = default;

Result<Grant> Grant::make(const Database& database) {
  KIST_ASSIGN(auto environment, DatabaseAccess::environment(database));
  KIST_ASSIGN(os::Descriptor data, environment->file.reopen_to_read());
  KIST_ASSIGN(GrantPageWriter page, GrantPageWriter::make("grant of " + environment->path));
  KIST_ASSIGN(os::Descriptor control, page.file().reopen_to_read());
  Grant grant(std::make_unique<State>(std::move(environment), std::move(page), std::move(data),
                                      std::move(control)));
  KIST_TRY(grant.state_->advance());
  return grant;
}

int Grant::data() const {
  return state_->data.number();
}

int Grant::control() const {
  return state_->control.number();
}

Result<std::uint64_t> Grant::advance() {
  if (state_->birth != fork_count()) {
    return fail(ErrorCode::kForked, "the grant was inherited through fork");
  }
  return state_->advance();
}

void Grant::release_before(std::uint64_t snapshot) {
  if (state_->birth == fork_count()) state_->release_before(snapshot);
}

void Grant::revoke() {
  release_before(std::numeric_limits<std::uint64_t>::max());
}

std::uint64_t Grant::snapshot() const {
  const std::lock_guard lock(state_->mutex);
  return state_->newest;
}

}  // namespace kist::engine
