#include "engine/space/free_runs.h"

#include <algorithm>
#include <iterator>

namespace kist::engine {

bool FreeRuns::insert(Run run) {
  auto next = by_start_.lower_bound(run.start);
  if (next != by_start_.end() && next->first < run.end()) return false;
  const bool joins_next = next != by_start_.end() && next->first == run.end();
  if (next != by_start_.begin()) {
    auto previous = std::prev(next);
    const std::uint64_t previous_end = previous->first + previous->second;
    if (previous_end > run.start) return false;
    if (previous_end == run.start) {
      std::uint64_t pages = previous->second + run.pages;
      if (joins_next) {
        pages += next->second;
        by_length_.erase({next->second, next->first});
        by_start_.erase(next);
      }
      set_length(previous, pages);
      pages_ += run.pages;
      return true;
    }
  }
  if (joins_next) {
    // The run that follows now starts earlier: both entries move without being allocated anew.
    auto by_length = by_length_.extract({next->second, next->first});
    const auto hint = std::next(next);
    auto by_start = by_start_.extract(next);
    by_start.key() = run.start;
    by_start.mapped() += run.pages;
    by_length.value() = {by_start.mapped(), run.start};
    by_start_.insert(hint, std::move(by_start));
    by_length_.insert(std::move(by_length));
  } else {
    by_start_.emplace_hint(next, run.start, run.pages);
    by_length_.emplace(run.pages, run.start);
  }
  pages_ += run.pages;
  return true;
}

bool FreeRuns::remove(Run run) {
  auto at = by_start_.upper_bound(run.start);
  if (at == by_start_.begin()) return false;
  --at;
  const Run whole{at->first, at->second};
  if (run.start >= whole.end() || run.end() > whole.end()) return false;
  if (whole.start == run.start) {
    auto by_length = by_length_.extract({whole.pages, whole.start});
    const auto hint = std::next(at);
    auto by_start = by_start_.extract(at);
    if (whole.end() > run.end()) {
      by_start.key() = run.end();
      by_start.mapped() = whole.end() - run.end();
      by_length.value() = {by_start.mapped(), by_start.key()};
      by_start_.insert(hint, std::move(by_start));
      by_length_.insert(std::move(by_length));
    }
  } else {
    set_length(at, run.start - whole.start);
    if (whole.end() > run.end()) {
      by_start_.emplace_hint(std::next(at), run.end(), whole.end() - run.end());
      by_length_.emplace(whole.end() - run.end(), run.end());
    }
  }
  pages_ -= run.pages;
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
  const auto found = by_length_.lower_bound({pages, 0});
  if (found == by_length_.end()) return std::nullopt;
  return Run{found->second, found->first};
}

Run FreeRuns::longest() const {
  if (by_length_.empty()) return {};
  // Among the longest, the one nearest the start of the file.
  const auto found = by_length_.lower_bound({by_length_.rbegin()->first, 0});
  return {found->second, found->first};
}

std::size_t FreeRuns::longest_covering(std::uint64_t pages) const {
  std::size_t runs = 0;
  for (auto at = by_length_.rbegin(); at != by_length_.rend() && pages != 0; ++at, ++runs) {
    pages -= std::min(pages, at->first);
  }
  return runs;
}

Run FreeRuns::ending_at(std::uint64_t end) const {
  auto at = by_start_.lower_bound(end);
  if (at == by_start_.begin()) return {};
  --at;
  return at->first + at->second == end ? Run{at->first, at->second} : Run{};
}

Run FreeRuns::first_within(Run window) const {
  auto at = by_start_.upper_bound(window.start);
  if (at != by_start_.begin()) {
    const auto previous = std::prev(at);
    const std::uint64_t end = std::min(previous->first + previous->second, window.end());
    if (end > window.start) return {window.start, end - window.start};
  }
  if (at == by_start_.end() || at->first >= window.end()) return {};
  return {at->first, std::min(at->first + at->second, window.end()) - at->first};
}

void FreeRuns::clear() {
  by_start_.clear();
  by_length_.clear();
  pages_ = 0;
}

void FreeRuns::set_length(ByStart::iterator at, std::uint64_t pages) {
  auto by_length = by_length_.extract({at->second, at->first});
  by_length.value().first = pages;
  by_length_.insert(std::move(by_length));
  at->second = pages;
}

}  // namespace kist::engine
