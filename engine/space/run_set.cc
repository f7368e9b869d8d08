#include "engine/space/run_set.h"

#include <algorithm>

namespace kist::engine {

std::optional<RunSet::Joined> RunSet::insert(Run run) {
  const auto next = by_start_.lower_bound(run.start);
  Run behind = run_at(next);
  if (behind.pages != 0 && behind.start < run.end()) return std::nullopt;
  Run before;
  if (next != by_start_.begin()) {
    before = run_at(by_start_.previous(next));
    if (before.end() > run.start) return std::nullopt;
  }
  if (before.end() != run.start) before = {};
  if (behind.start != run.end()) behind = {};
  pages_ += run.pages;
  const std::uint64_t start = before.pages != 0 ? before.start : run.start;
  const Run whole{start, before.pages + run.pages + behind.pages};
  if (before.pages != 0) {
    by_start_.value(by_start_.previous(next)) = whole.pages;
    if (behind.pages != 0) by_start_.erase(next);
  } else if (behind.pages != 0) {
    by_start_.replace(next, {whole.start, whole.pages});
  } else {
    by_start_.insert(next, {whole.start, whole.pages});
  }
  return Joined{before, behind, whole};
}

std::optional<RunSet::Parted> RunSet::remove(Run run) {
  auto at = by_start_.upper_bound(run.start);
  if (at == by_start_.begin()) return std::nullopt;
  at = by_start_.previous(at);
  const Run whole = run_at(at);
  if (run.start >= whole.end() || run.end() > whole.end()) return std::nullopt;
  pages_ -= run.pages;
  const Run before{whole.start, run.start - whole.start};
  const Run behind{run.end(), whole.end() - run.end()};
  if (before.pages != 0) {
    by_start_.value(at) = before.pages;
    if (behind.pages != 0) by_start_.insert(by_start_.next(at), {behind.start, behind.pages});
  } else if (behind.pages != 0) {
    by_start_.replace(at, {behind.start, behind.pages});
  } else {
    by_start_.erase(at);
  }
  return Parted{whole, before, behind};
}

std::optional<Run> RunSet::lowest_fit(std::uint64_t pages) const {
  for (auto at = by_start_.begin(); at != by_start_.end(); at = by_start_.next(at)) {
    if (by_start_[at].value >= pages) return run_at(at);
  }
  return std::nullopt;
}

std::size_t RunSet::lowest_covering(std::uint64_t pages) const {
  std::size_t runs = 0;
  for (auto at = by_start_.begin(); at != by_start_.end() && pages != 0; ++runs) {
    pages -= std::min(pages, by_start_[at].value);
    at = by_start_.next(at);
  }
  return runs;
}

Run RunSet::ending_at(std::uint64_t end) const {
  const auto at = by_start_.lower_bound(end);
  if (at == by_start_.begin()) return {};
  const Run run = run_at(by_start_.previous(at));
  return run.end() == end ? run : Run{};
}

Run RunSet::first_within(Run window) const {
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

void RunSet::clear() {
  by_start_.clear();
  pages_ = 0;
}

}  // namespace kist::engine
