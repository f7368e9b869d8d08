#include "engine/space/free_runs.h"

#include <algorithm>

namespace kist::engine {

void FreeRuns::add_length(Run run) {
  const Length length{run.pages, run.start};
  by_length_.insert(by_length_.lower_bound(length), {length, {}});
}

void FreeRuns::remove_length(Run run) {
  by_length_.erase(by_length_.lower_bound(Length{run.pages, run.start}));
}

bool FreeRuns::insert(Run run) {
  const auto next = by_start_.lower_bound(run.start);
  const Run behind = run_at(next);
  if (behind.pages != 0 && behind.start < run.end()) return false;
  Run before;
  if (next != by_start_.begin()) {
    before = run_at(by_start_.previous(next));
    if (before.end() > run.start) return false;
  }
  const bool joins_before = before.pages != 0 && before.end() == run.start;
  const bool joins_behind = behind.pages != 0 && behind.start == run.end();
  pages_ += run.pages;
  if (joins_before) remove_length(before);
  if (joins_behind) remove_length(behind);
  const std::uint64_t start = joins_before ? before.start : run.start;
  const Run whole{start, (joins_behind ? behind.end() : run.end()) - start};
  add_length(whole);
  if (joins_before) {
    by_start_[by_start_.previous(next)].value = whole.pages;
    if (joins_behind) by_start_.erase(next);
  } else if (joins_behind) {
    by_start_[next] = {whole.start, whole.pages};
  } else {
    by_start_.insert(next, {whole.start, whole.pages});
  }
  return true;
}

bool FreeRuns::remove(Run run) {
  auto at = by_start_.upper_bound(run.start);
  if (at == by_start_.begin()) return false;
  at = by_start_.previous(at);
  const Run whole = run_at(at);
  if (run.start >= whole.end() || run.end() > whole.end()) return false;
  pages_ -= run.pages;
  remove_length(whole);
  const Run before{whole.start, run.start - whole.start};
  const Run behind{run.end(), whole.end() - run.end()};
  if (before.pages != 0) add_length(before);
  if (behind.pages != 0) add_length(behind);
  if (before.pages != 0) {
    by_start_[at].value = before.pages;
    if (behind.pages != 0) by_start_.insert(by_start_.next(at), {behind.start, behind.pages});
  } else if (behind.pages != 0) {
    by_start_[at] = {behind.start, behind.pages};
  } else {
    by_start_.erase(at);
  }
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
  const auto found = by_length_.lower_bound(Length{pages, 0});
  if (found == by_length_.end()) return std::nullopt;
  return run_of(by_length_[found].key);
}

Run FreeRuns::longest() const {
  if (by_length_.empty()) return {};
  // Among the longest, the one nearest the start of the file.
  const Length last = by_length_[by_length_.previous(by_length_.end())].key;
  return run_of(by_length_[by_length_.lower_bound(Length{last.pages, 0})].key);
}

std::size_t FreeRuns::longest_covering(std::uint64_t pages) const {
  std::size_t runs = 0;
  for (auto at = by_length_.end(); at != by_length_.begin() && pages != 0; ++runs) {
    at = by_length_.previous(at);
    pages -= std::min(pages, by_length_[at].key.pages);
  }
  return runs;
}

std::optional<Run> FreeRuns::lowest_fit(std::uint64_t pages) const {
  for (auto at = by_start_.begin(); at != by_start_.end(); at = by_start_.next(at)) {
    if (by_start_[at].value >= pages) return run_at(at);
  }
  return std::nullopt;
}

std::size_t FreeRuns::lowest_covering(std::uint64_t pages) const {
  std::size_t runs = 0;
  for (auto at = by_start_.begin(); at != by_start_.end() && pages != 0; ++runs) {
    pages -= std::min(pages, by_start_[at].value);
    at = by_start_.next(at);
  }
  return runs;
}

Run FreeRuns::ending_at(std::uint64_t end) const {
  const auto at = by_start_.lower_bound(end);
  if (at == by_start_.begin()) return {};
  const Run run = run_at(by_start_.previous(at));
  return run.end() == end ? run : Run{};
}

Run FreeRuns::first_within(Run window) const {
  const auto at = by_start_.upper_bound(window.start);
  if (at != by_start_.begin()) {
    const Run before = run_at(by_start_.previous(at));
    const std::uint64_t end = std::min(before.end(), window.end());
    if (end > window.start) return {window.start, end - window.start};
  }
  const Run behind = run_at(at);
  if (behind.pages == 0 || behind.start >= window.end()) return {};
  return {behind.start, std::min(behind.end(), window.end()) - behind.start};
}

void FreeRuns::clear() {
  by_start_.clear();
  by_length_.clear();
  pages_ = 0;
}

}  // namespace kist::engine
