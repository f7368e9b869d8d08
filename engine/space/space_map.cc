#include "engine/space/space_map.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "engine/base/failpoints.h"
#include "engine/format/page.h"

namespace kist::engine {
namespace {

// The file grows by an eighth, but at least by 16 KiB (and 4 pages) and at most by 16 MiB at a
// time: small stores stay small, large ones do not journal a new length with every commit.
constexpr std::uint64_t kSmallestStep = 16 << 10;
constexpr std::uint64_t kSmallestStepPages = 4;
constexpr std::uint64_t kLargestStep = 16 << 20;
constexpr std::uint64_t kStepFraction = 8;

// While the file is no longer than its live pages and this part of them more, a commit that finds
// no run of its length lengthens the file rather than taking fragments. Less for small files, where
// a few fragments cost little and length is what users see.
constexpr std::uint64_t kSlackFraction = 2;
constexpr std::uint64_t kSmallFilePages = 512;
constexpr std::uint64_t kSmallSlackFraction = 4;
constexpr std::uint64_t kSmallSlackPages = 4;

}  // namespace

SpaceMap::SpaceMap(std::uint32_t page_size, std::uint64_t seed)
    : page_size_(page_size), seed_(seed) {}

void SpaceMap::start_empty() {
  unload();
  loaded_ = true;
  file_pages_ = first_page(page_size_);
  high_water_ = file_pages_;
}

void SpaceMap::unload() {
  assert(!active());
  loaded_ = false;
  id_ = 0;
  commit_nonce_ = 0;
  file_pages_ = 0;
  newest_ = {};
  free_.clear();
  pending_.clear();
  records_.clear();
  record_pages_.clear();
  chain_pages_ = 0;
  high_water_ = 0;
}

void SpaceMap::release(const Pins& pins) {
  pending_.release(planted(Bug::kReuseTooEarly) ? Pins{} : pins, free_);
}

void SpaceMap::begin(std::uint64_t txn) {
  assert(loaded_ && !active() && txn > id_);
  txn_ = txn;
  file_pages_before_ = file_pages_;
  high_water_before_ = high_water_;
  pages_reused_before_ = pages_reused_;
}

void SpaceMap::configure(const SpaceLimits& limits, SpaceSource source) {
  assert(!active());
  limits_ = limits;
  source_ = std::move(source);
}

std::uint64_t SpaceMap::longest_file() const {
  // Lengths in bytes stay within a signed 64-bit file offset.
  const std::uint64_t limit = std::min<std::uint64_t>(kMax48, (kMax48 << 14) / page_size_);
  return limits_.max_pages == 0 ? limit : std::min(limit, limits_.max_pages);
}

std::uint64_t SpaceMap::growth_for(std::uint64_t missing) const {
  if (const std::uint64_t step = limits_.growth_step; step != 0) {
    return (missing + step - 1) / step * step;
  }
  const std::uint64_t smallest = std::max(kSmallestStep / page_size_, kSmallestStepPages);
  const std::uint64_t largest = kLargestStep / page_size_;
  const std::uint64_t step = std::clamp(file_pages_ / kStepFraction, smallest, largest);
  const std::uint64_t generous = (missing + step - 1) / step * step;
  // A file with enough room that is in fragments only gets what it cannot do without.
  if (file_pages_ + generous <= roomy_length(missing)) return generous;
  return (missing + smallest - 1) / smallest * smallest;
}

/// Length that the file may have with `pages` more pages in use before fragments are preferred.
std::uint64_t SpaceMap::roomy_length(std::uint64_t pages) const {
  const std::uint64_t unused = free_.pages() + dropped_.pages() + pending_.pages();
  const std::uint64_t live = file_pages_ - unused + pages;
  if (live < kSmallFilePages) return live + live / kSmallSlackFraction + kSmallSlackPages;
  return live + live / kSlackFraction;
}

bool SpaceMap::may_grow_for(std::uint64_t pages) const {
  const std::uint64_t tail = free_.ending_at(file_pages_).pages;
  const std::uint64_t missing = pages - std::min(pages, tail);
  const std::uint64_t longer =
      missing == 0 || limits_.growth_step != 0 ? missing : growth_for(missing);
  return file_pages_ + longer <= roomy_length(pages);
}

/// The shortest run that is long enough; but in a file much longer than its content rather the
/// longest, where that lies nearer the start, so that the end of the file becomes free and can be
/// given back.
std::optional<Run> SpaceMap::choose_run(std::uint64_t pages) const {
  if (low_) return free_.lowest_fit(pages);
  const std::optional<Run> fit = free_.best_fit(pages);
  if (!fit || fit->end() <= roomy_length(pages)) return fit;
  const Run longest = free_.longest();
  return longest.start < fit->start ? longest : fit;
}

Result<bool> SpaceMap::relieve(std::uint64_t missing, Shortage why) {
  // Without pending pages there is nobody who could give any back.
  return pending_.pages() != 0 && source_.relieve ? source_.relieve(missing, why) : false;
}

Result<void> SpaceMap::lengthen(std::uint64_t file_pages) {
  return source_.lengthen ? source_.lengthen(file_pages) : Result<void>();
}

/// Makes the free run at the end of the file at least `contiguous` pages long, unless pages become
/// free instead.
Result<SpaceMap::Growth> SpaceMap::grow(std::uint64_t contiguous) {
  const std::uint64_t tail = free_.ending_at(file_pages_).pages;
  if (tail >= contiguous) return Growth::kGrown;
  const std::uint64_t missing = contiguous - tail;
  const std::uint64_t room = longest_file() - std::min(longest_file(), file_pages_);
  const bool fits = missing <= room;
  KIST_ASSIGN(bool released, relieve(missing, fits ? Shortage::kGrowth : Shortage::kLimit));
  if (released) return Growth::kReleased;
  if (!fits) {
    refusal_ = Error{
        ErrorCode::kNoSpace,
        std::to_string(contiguous) + " more pages are needed in one piece, and the file of " +
            std::to_string(file_pages_) + " pages may have " + std::to_string(longest_file()) +
            " (" + (limits_.max_pages == 0 ? "page numbers end there" : "max_file_size") + "); " +
            std::to_string(free_.pages()) + " are free, " + std::to_string(pending_.pages()) +
            " wait for readers or a flush"};
    return Growth::kRefused;
  }
  std::uint64_t longer = std::min(growth_for(missing), room);
  Result<void> lengthened = lengthen(file_pages_ + longer);
  const auto full = [&] { return !lengthened && lengthened.error().code == ErrorCode::kNoSpace; };
  if (full() && longer > missing) {
    longer = missing;
    lengthened = lengthen(file_pages_ + longer);
  }
  if (full()) {
    refusal_ = lengthened.error();
    KIST_ASSIGN(released, relieve(missing, Shortage::kDisk));
    return released ? Growth::kReleased : Growth::kRefused;
  }
  KIST_TRY(lengthened);
  free_.insert({file_pages_, longer});
  file_pages_ += longer;
  return Growth::kGrown;
}

/// Takes the first pages of the free run that starts at `start`: a run is never split in two, so
/// taking never makes the list of free runs longer.
Run SpaceMap::take_from(std::uint64_t start, std::uint64_t pages) {
  const Run run{start, pages};
  free_.remove(run);
  taken_.insert(run);
  if (start < high_water_) pages_reused_ += std::min(run.end(), high_water_) - start;
  high_water_ = std::max(high_water_, run.end());
  return run;
}

Result<Run> SpaceMap::take_run(std::uint64_t pages) {
  assert(active() && pages != 0 && planned_.empty());
  for (;;) {
    if (const auto run = choose_run(pages)) return take_from(run->start, pages);
    KIST_ASSIGN(const Growth growth, grow(pages));
    if (growth == Growth::kRefused) return std::unexpected(refusal_);
  }
}

/// A run of that length if there is one, or if the file may become and can be made longer for it.
Result<std::optional<Run>> SpaceMap::take_one_run(std::uint64_t pages) {
  for (;;) {
    if (const auto run = choose_run(pages)) return take_from(run->start, pages);
    if (!may_grow_for(pages)) return std::nullopt;
    KIST_ASSIGN(const Growth growth, grow(pages));
    if (growth == Growth::kRefused) return std::nullopt;
  }
}

/// At most `most` runs of together `pages` pages, ascending.
Result<std::vector<Run>> SpaceMap::take_fragments(std::uint64_t pages, std::uint64_t most) {
  std::vector<Run> runs;
  while (low_ && pages != 0 && !free_.empty() && runs.size() + 1 < most) {
    const Run lowest = free_.lowest();
    runs.push_back(take_from(lowest.start, std::min(lowest.pages, pages)));
    pages -= runs.back().pages;
  }
  while (pages != 0) {
    // Longest first, but the last piece from where it fits best.
    if (free_.empty() || runs.size() + 1 >= most || free_.best_fit(pages)) {
      auto run = take_run(pages);
      if (!run) {
        for (const Run& taken : runs) give_back_for_reuse(taken);
        return std::unexpected(std::move(run).error());
      }
      runs.push_back(*run);
      break;
    }
    const Run longest = free_.longest();
    runs.push_back(take_from(longest.start, longest.pages));
    pages -= longest.pages;
  }
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.start < b.start; });
  return runs;
}

Result<TakenSpace> SpaceMap::take_space(std::uint64_t tree_pages,
                                        std::span<const std::uint64_t> overflow_pages) {
  TakenSpace space;
  const std::uint64_t before = file_pages_;
  if (auto placed = place_early(space, tree_pages, overflow_pages); !placed) {
    undo_take(space.all, before);
    return std::unexpected(std::move(placed).error());
  }
  return space;
}

Result<void> SpaceMap::place_early(TakenSpace& space, std::uint64_t tree_pages,
                                   std::span<const std::uint64_t> overflow_pages) {
  std::uint64_t total = tree_pages;
  for (const std::uint64_t pages : overflow_pages) total = std::min(kMax48, total + pages);
  KIST_ASSIGN(const std::optional<Run> one_run, take_one_run(total));
  std::uint64_t at = 0;
  if (one_run) {
    space.all.push_back(*one_run);
    at = one_run->start;
  }
  for (const std::uint64_t pages : overflow_pages) {
    if (!one_run) {
      KIST_ASSIGN(const Run run, take_run(pages));
      space.all.push_back(run);
      at = run.start;
    }
    space.overflow.push_back(at);
    at += pages;
  }
  if (tree_pages == 0) return {};
  if (one_run) {
    space.tree.push_back({at, tree_pages});
    return {};
  }
  KIST_ASSIGN(space.tree, take_fragments(tree_pages, free_.longest_covering(tree_pages) + 1));
  space.all.insert(space.all.end(), space.tree.begin(), space.tree.end());
  return {};
}

void SpaceMap::undo_take(std::span<const Run> runs, std::uint64_t file_pages) {
  for (const Run& run : runs) give_back_for_reuse(run);
  const std::uint64_t tail = free_.ending_at(file_pages_).pages;
  const std::uint64_t added = std::min(file_pages_ - file_pages, tail);
  if (added == 0) return;
  free_.remove({file_pages_ - added, added});
  file_pages_ -= added;
  high_water_ = std::min(high_water_, file_pages_);
}

bool SpaceMap::give_back(Run run) {
  if (!taken_.remove(run)) return false;
  dropped_.insert(run);
  return true;
}

bool SpaceMap::give_back_for_reuse(Run run) {
  if (!taken_.remove(run)) return false;
  free_.insert(run);
  return true;
}

void SpaceMap::committed() {
  assert(active() && !planned_.empty());
  dropped_.for_each([&](const Run& run) { free_.insert(run); });
  pending_.add_all(freed_, txn_);
  const Run run{planned_.page, space_record_pages(planned_.count, page_size_)};
  if (checkpoint_) {
    records_.clear();
    record_pages_.clear();
    chain_pages_ = 0;
  } else {
    chain_pages_ += run.pages;
  }
  records_.push_back({run, txn_});
  record_pages_.insert(run);
  id_ = txn_;
  newest_ = planned_;
  commit_nonce_ = planned_nonce_;
  forget_transaction();
}

void SpaceMap::rollback() {
  if (!active()) return;
  if (planted(Bug::kRollbackKeepsSpace)) return forget_transaction();
  taken_.for_each([&](const Run& run) { free_.insert(run); });
  dropped_.for_each([&](const Run& run) { free_.insert(run); });
  if (file_pages_ > file_pages_before_) {
    free_.remove({file_pages_before_, file_pages_ - file_pages_before_});
  } else if (file_pages_ < file_pages_before_) {
    free_.insert({file_pages_, file_pages_before_ - file_pages_});
  }
  file_pages_ = file_pages_before_;
  high_water_ = high_water_before_;
  pages_reused_ = pages_reused_before_;
  forget_transaction();
}

void SpaceMap::forget_transaction() {
  txn_ = 0;
  taken_.clear();
  dropped_.clear();
  freed_.clear();
  low_ = false;
  checkpoint_ = false;
  planned_ = {};
}

}  // namespace kist::engine
