#include "engine/txn/early_space.h"

#include <algorithm>
#include <utility>

#include "engine/txn/environment.h"

namespace kist::engine {

EarlySpace::EarlySpace(Environment& environment)
    : environment_(environment), id_(environment.space->transaction()) {}

Result<Run> EarlySpace::take_run(std::uint64_t pages) {
  const std::uint64_t before = environment_.space->file_pages();
  KIST_ASSIGN(const Run run, environment_.space->take_run(pages));
  KIST_TRY(make_writable({&run, 1}, before));
  if (!levels_.empty()) levels_.back().insert(run);
  return run;
}

Result<TakenSpace> EarlySpace::take_space(std::uint64_t tree_pages,
                                          std::span<const std::uint64_t> overflow_pages) {
  const std::uint64_t before = environment_.space->file_pages();
  KIST_ASSIGN(TakenSpace space, environment_.space->take_space(tree_pages, overflow_pages));
  KIST_TRY(make_writable(space.all, before));
  if (!levels_.empty()) {
    for (const Run& run : space.all) levels_.back().insert(run);
  }
  return space;
}

Result<Run> EarlySpace::open_run(std::uint64_t pages, const void* owner) {
  const std::uint64_t before = environment_.space->file_pages();
  KIST_ASSIGN(const Run run, environment_.space->take_run(pages));
  KIST_TRY(make_writable({&run, 1}, before));
  open_.push_back({run, owner});
  return run;
}

void EarlySpace::settle(Run run) {
  std::erase_if(open_, [&](const OpenRun& one) { return one.run == run; });
  if (!levels_.empty()) levels_.back().insert(run);
}

void EarlySpace::drop(Run run) {
  if (std::erase_if(open_, [&](const OpenRun& one) { return one.run == run; }) == 0) return;
  environment_.space->give_back_for_reuse(run);
  rewrites_ = true;
}

void EarlySpace::drop_all(const void* owner) {
  const auto gone = std::partition(open_.begin(), open_.end(), [&](const OpenRun& one) {
    return owner != nullptr && one.owner != owner;
  });
  for (auto one = gone; one != open_.end(); ++one) {
    environment_.space->give_back_for_reuse(one->run);
    rewrites_ = true;
  }
  open_.erase(gone, open_.end());
}

Result<void> EarlySpace::make_writable(std::span<const Run> runs, std::uint64_t file_pages) {
  const Result<void> done = [&]() -> Result<void> {
    KIST_TRY(environment_.raise_ceiling(id_));
    environment_.sharing->burn(id_);
    return lengthen(environment_.space->file_pages());
  }();
  if (!done) {
    environment_.space->undo_take(runs, file_pages);
    return done;
  }
  about_to_write(runs);
  return {};
}

Result<void> EarlySpace::lengthen(std::uint64_t pages) {
  return environment_.ensure_file_pages(pages);
}

void EarlySpace::about_to_write(std::span<const Run> runs) const {
  if (!rewrites_) return;  // whatever was found there has another birth
  for (const Run& run : runs) environment_.pager->forget(run.start, run.pages);
}

bool EarlySpace::give_back(Run run, bool seen) {
  if (!levels_.empty() && !levels_.back().remove(run)) return false;
  if (seen) return environment_.space->give_back(run);
  if (!environment_.space->give_back_for_reuse(run)) return false;
  rewrites_ = true;
  return true;
}

void EarlySpace::roll_back(bool seen) {
  RunSet taken;
  std::swap(taken, levels_.back());
  taken.for_each([&](const Run& run) {
    if (seen) {
      environment_.space->give_back(run);
    } else {
      environment_.space->give_back_for_reuse(run);
      rewrites_ = true;
    }
  });
}

void EarlySpace::end_level() {
  const RunSet taken = std::move(levels_.back());
  levels_.pop_back();
  if (levels_.empty()) return;
  taken.for_each([&](const Run& run) { levels_.back().insert(run); });
}

}  // namespace kist::engine
