#include "engine/space/free_runs.h"

#include <algorithm>

namespace kist::engine {

void FreeRuns::add_length(Run run) {
  if (run.pages == 0) return;
  const std::uint64_t key = length_key(run.pages, run.start);
  by_length_.insert(by_length_.lower_bound(key), {key, run.pages});
}

void FreeRuns::remove_length(Run run) {
  if (run.pages == 0) return;
  by_length_.erase(by_length_.lower_bound(length_key(run.pages, run.start)));
}

bool FreeRuns::insert(Run run) {
  const auto joined = set_.insert(run);
  if (!joined) return false;
  remove_length(joined->before);
  remove_length(joined->behind);
  add_length(joined->whole);
  return true;
}

bool FreeRuns::remove(Run run) {
  const auto parted = set_.remove(run);
  if (!parted) return false;
  remove_length(parted->whole);
  add_length(parted->before);
  add_length(parted->behind);
  return true;
}

std::uint64_t FreeRuns::remove_any(Run run) {
  std::uint64_t removed = 0;
  for (Run part = first_within(run); part.pages != 0; part = first_within(run)) {
    remove(part);
    removed += part.pages;
    run = {part.end(), run.end() - part.end()};
  }
  return removed;
}

std::optional<Run> FreeRuns::best_fit(std::uint64_t pages) const {
  auto at = by_length_.lower_bound(length_key(pages, 0));
  // Those that count as equally long are few: each takes a part of the file worth mentioning.
  while (at != by_length_.end() && by_length_[at].value < pages) at = by_length_.next(at);
  if (at == by_length_.end()) return std::nullopt;
  return run_at(at);
}

Run FreeRuns::longest() const {
  if (by_length_.empty()) return {};
  const std::uint64_t last = by_length_[by_length_.previous(by_length_.end())].value;
  return run_at(by_length_.lower_bound(length_key(last, 0)));
}

std::size_t FreeRuns::longest_covering(std::uint64_t pages) const {
  std::size_t runs = 0;
  for (auto at = by_length_.end(); at != by_length_.begin() && pages != 0; ++runs) {
    at = by_length_.previous(at);
    pages -= std::min(pages, by_length_[at].value);
  }
  return runs;
}

void FreeRuns::clear() {
  set_.clear();
  by_length_.clear();
}

}  // namespace kist::engine
