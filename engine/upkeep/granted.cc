#include <atomic>
#include <mutex>
#include <utility>

#include <kist/engine/grant.h>

#include "engine/txn/database_access.h"
#include "engine/upkeep/grant_page.h"

namespace kist::engine {
namespace {

constexpr const char* kDataName = "granted data file";
constexpr const char* kControlName = "grant";

std::unexpected<Error> taken_away() {
  return fail(ErrorCode::kSnapshotGone, "what was granted has been taken away");
}

}  // namespace

struct Granted::State {
  State(GrantPageReader page_mapped, std::shared_ptr<Environment> opened, std::uint64_t place)
      : page(std::move(page_mapped)),
        environment(opened),
        database(DatabaseAccess::make(std::move(opened))),
        newest(place) {}
  const GrantPageReader page;
  const std::weak_ptr<Environment> environment;  // the database closes it
  Database database;
  std::mutex mutex;  // held by who goes on to a newer state
  std::atomic<std::uint64_t> newest;
};

Granted::Granted(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<Granted> Granted::open(int data, int control) {
  Result<os::File> file = os::File::take_over(data, kDataName);
  Result<os::File> page_file = os::File::take_over(control, kControlName);
  KIST_TRY(file);
  KIST_TRY(page_file);
  KIST_ASSIGN(GrantPageReader page, GrantPageReader::open(*std::move(page_file)));
  KIST_ASSIGN(const MetaSlot slot, page.read_newest());
  if (slot.id < page.oldest()) return taken_away();
  KIST_ASSIGN(auto environment, Environment::open_granted(*std::move(file), slot));
  // Should a newer one have come meanwhile, refresh() finds that out.
  auto state = std::make_shared<State>(std::move(page), std::move(environment), slot.id);
  return Granted(std::move(state));
}

Database& Granted::database() const {
  return state_->database;
}

Result<void> Granted::refresh() const {
  State& state = *state_;
  const std::uint64_t known = state.newest.load(std::memory_order_acquire);
  if (state.page.newest() / 2 == known) [[likely]] {
    if (known < state.page.oldest()) [[unlikely]]
      return taken_away();
    return {};
  }
  const std::lock_guard lock(state.mutex);
  KIST_ASSIGN(const MetaSlot slot, state.page.read_newest());
  if (slot.id == state.newest.load(std::memory_order_relaxed)) return {};
  if (slot.id < state.page.oldest()) return taken_away();
  const std::shared_ptr<Environment> environment = state.environment.lock();
  if (!environment) return fail(ErrorCode::kClosed, "the granted database was closed");
  KIST_TRY(environment->continue_granted(slot));
  state.newest.store(slot.id, std::memory_order_release);
  return {};
}

bool Granted::holds(std::uint64_t snapshot) const {
  return state_->page.oldest() <= snapshot;
}

}  // namespace kist::engine
