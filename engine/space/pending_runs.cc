#include "engine/space/pending_runs.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace kist::engine {

bool PendingRuns::add(const PendingRun& pending) {
  sort_in();
  const Run& run = pending.run;
  const auto next = by_start_.lower_bound(run.start);
  if (next != by_start_.end() && by_start_[next].key < run.end()) return false;
  if (next != by_start_.begin()) {
    const auto& before = by_start_[by_start_.previous(next)];
    if (before.key + before.value.pages > run.start) return false;
  }
  by_start_.insert(next, {run.start, {run.pages, pending.birth, pending.freed, 0}});
  buckets_[0].push_back(run.start);
  pages_ += run.pages;
  return true;
}

void PendingRuns::add_all(std::span<const FreedRun> freed, std::uint64_t txn) {
  for (const FreedRun& one : freed) {
    recent_.push_back({one.run, one.birth, txn});
    pages_ += one.run.pages;
  }
}

void PendingRuns::sort_in() const {
  for (const auto& [run, birth, freed] : recent_) {
    by_start_.insert(by_start_.lower_bound(run.start), {run.start, {run.pages, birth, freed, 0}});
    buckets_[0].push_back(run.start);
  }
  recent_.clear();
}

PendingRuns::ByStart::Place PendingRuns::first_meeting(Run run) const {
  sort_in();
  if (run.pages == 0) return by_start_.end();
  const auto at = by_start_.upper_bound(run.start);
  if (at != by_start_.begin()) {
    const auto previous = by_start_.previous(at);
    if (by_start_[previous].key + by_start_[previous].value.pages > run.start) return previous;
  }
  return at != by_start_.end() && by_start_[at].key < run.end() ? at : by_start_.end();
}

bool PendingRuns::overlaps(Run run) const {
  const auto met = first_meeting(run);  // first: it may move the end
  return met != by_start_.end();
}

std::uint64_t PendingRuns::remove_any(Run run) {
  std::uint64_t removed = 0;
  for (auto at = first_meeting(run); at != by_start_.end(); at = first_meeting(run)) {
    const Entry entry = by_start_[at].value;
    const Run whole{by_start_[at].key, entry.pages};
    const std::uint64_t start = std::max(whole.start, run.start);
    const std::uint64_t end = std::min(whole.end(), run.end());
    if (start > whole.start) {
      by_start_.value(at).pages = start - whole.start;  // it stays in its bucket
      at = by_start_.next(at);
    } else {
      at = by_start_.erase(at);
    }
    if (whole.end() > end) {
      Entry rest = entry;
      rest.pages = whole.end() - end;
      by_start_.insert(at, {end, rest});
      buckets_[entry.blocker].push_back(end);
    }
    removed += end - start;
    run = {end, run.end() - end};
  }
  pages_ -= removed;
  return removed;
}

void PendingRuns::release(const Pins& pins, FreeRuns& free) {
  if (pins.everything) return;
  for (auto bucket = buckets_.begin(); bucket != buckets_.end();) {
    const std::uint64_t blocker = bucket->first;
    if (blocker != 0 && std::binary_search(pins.ids.begin(), pins.ids.end(), blocker)) {
      ++bucket;
      continue;
    }
    const std::vector<std::uint64_t> starts = std::move(bucket->second);
    bucket = buckets_.erase(bucket);
    // Runs that another pin still blocks move to its bucket, which this loop passes over.
    release_bucket(starts, blocker, pins, free);
  }
  for (const auto& [run, birth, freed] : recent_) {
    if (const auto pin = blocker_of(pins, birth, freed)) {
      by_start_.insert(by_start_.lower_bound(run.start),
                       {run.start, {run.pages, birth, freed, *pin}});
      buckets_[*pin].push_back(run.start);
      continue;
    }
    [[maybe_unused]] const bool fresh = free.insert(run);
    assert(fresh);
    pages_ -= run.pages;
  }
  recent_.clear();
}

std::optional<std::uint64_t> PendingRuns::blocker_of(const Pins& pins, std::uint64_t birth,
                                                     std::uint64_t freed) {
  const auto pin = std::lower_bound(pins.ids.begin(), pins.ids.end(), birth);
  if (pin == pins.ids.end() || *pin >= freed) return std::nullopt;
  return *pin;
}

void PendingRuns::release_bucket(const std::vector<std::uint64_t>& starts, std::uint64_t blocker,
                                 const Pins& pins, FreeRuns& free) {
  auto at = by_start_.end();
  for (const std::uint64_t start : starts) {
    // Starts mostly ascend, so the run wanted is often the one behind the last.
    if (at == by_start_.end() || by_start_[at].key != start) at = by_start_.lower_bound(start);
    if (at == by_start_.end() || by_start_[at].key != start) continue;
    Entry& entry = by_start_.value(at);
    if (entry.blocker != blocker) continue;
    if (const auto pin = blocker_of(pins, entry.birth, entry.freed)) {
      entry.blocker = *pin;
      buckets_[*pin].push_back(start);
      at = by_start_.next(at);
      continue;
    }
    [[maybe_unused]] const bool fresh = free.insert({start, entry.pages});
    assert(fresh);
    pages_ -= entry.pages;
    at = by_start_.erase(at);
  }
}

std::vector<PendingRuns::Seen> PendingRuns::seen_by(const std::vector<std::uint64_t>& pins) const {
  sort_in();
  std::vector<Seen> seen(pins.size() + 1);
  // Each run is seen by neighbouring pins: added at the first of them, taken off behind the last.
  by_start_.for_each([&](std::uint64_t /*start*/, const Entry& entry) {
    const auto first = std::lower_bound(pins.begin(), pins.end(), entry.birth);
    const auto last = std::lower_bound(first, pins.end(), entry.freed);
    seen[static_cast<std::size_t>(first - pins.begin())].pages += entry.pages;
    seen[static_cast<std::size_t>(last - pins.begin())].pages -= entry.pages;
    if (last - first == 1)
      seen[static_cast<std::size_t>(first - pins.begin())].alone += entry.pages;
  });
  for (std::size_t i = 1; i < seen.size(); ++i) seen[i].pages += seen[i - 1].pages;
  seen.pop_back();
  return seen;
}

void PendingRuns::clear() {
  by_start_.clear();
  buckets_.clear();
  recent_.clear();
  pages_ = 0;
}

}  // namespace kist::engine
