// Planning a commit: what its record holds and where its pages go.

#include <algorithm>
#include <cassert>
#include <iterator>
#include <string>
#include <utility>

#include "engine/format/page.h"
#include "engine/space/space_map.h"

namespace kist::engine {
namespace {

// A checkpoint is written when the chain behind the last one would become longer than the
// checkpoint itself and than this part of what is in use, but for the shortest and longest such
// bounds. Short chains cost little to read and to keep, and each checkpoint lists everything.
constexpr std::uint64_t kChainFraction = 32;
constexpr std::uint64_t kShortestBound = 4;
constexpr std::uint64_t kLongestBound = 64;

// Trailing free pages go back when they exceed both; an eighth of what remains is kept for growth.
constexpr std::uint64_t kTrimAbovePages = 64;
constexpr std::uint64_t kTrimAboveFraction = 4;
constexpr std::uint64_t kTrimKeepPages = 16;
constexpr std::uint64_t kTrimKeepFraction = 8;

constexpr std::uint64_t kSpareFragments = 4;

// Enough for the path to a leaf, and for a record that gives up thousands of runs.
constexpr std::uint64_t kLeastReserve = 4;
constexpr std::uint64_t kMostReserve = 16;
constexpr std::uint64_t kMuchFreeFraction = 4;

bool starts_before(const FreedRun& a, const FreedRun& b) {
  return a.run.start < b.run.start;
}

/// Sorts by place and joins neighbours of one birth.
void join_neighbours(std::vector<FreedRun>& freed) {
  std::sort(freed.begin(), freed.end(), starts_before);
  std::size_t kept = 0;
  for (const FreedRun& next : freed) {
    FreedRun* last = kept == 0 ? nullptr : &freed[kept - 1];
    if (last != nullptr && last->run.end() == next.run.start && last->birth == next.birth) {
      last->run.pages += next.run.pages;
    } else {
      freed[kept++] = next;
    }
  }
  freed.resize(kept);
}

}  // namespace

Result<void> SpaceMap::settle_freed(std::vector<FreedRun>&& freed) {
  freed_ = std::move(freed);
  const auto own = std::partition(freed_.begin(), freed_.end(),
                                  [&](const FreedRun& one) { return one.birth != txn_; });
  for (auto one = own; one != freed_.end(); ++one) {
    if (give_back(one->run)) continue;
    return fail(ErrorCode::kDamaged, "page " + std::to_string(one->run.start) +
                                         ": is given up as one of this transaction, and is not");
  }
  freed_.erase(own, freed_.end());
  join_neighbours(freed_);
  return check_freed();
}

/// A file whose tree refers twice to a page, or to a free one, must not make the map contradict
/// itself.
Result<void> SpaceMap::check_freed() const {
  auto free = free_.walk();
  auto pending = pending_.walk();
  auto records = record_pages_.walk();
  auto taken = taken_.walk();
  auto dropped = dropped_.walk();
  std::uint64_t end = 0;
  for (const auto& [run, birth] : freed_) {
    const bool outside = run.pages == 0 || run.start < first_page(page_size_) ||
                         run.start >= file_pages_ || run.pages > file_pages_ - run.start;
    if (outside || free.meets(run) || pending.meets(run) || records.meets(run) ||
        taken.meets(run) || dropped.meets(run)) {
      return fail(ErrorCode::kDamaged,
                  "page " + std::to_string(run.start) + ": a run of " + std::to_string(run.pages) +
                      " pages was in use and is given up, but the space map does "
                      "not hold it as in use");
    }
    if (run.start < end) {
      return fail(ErrorCode::kDamaged, "page " + std::to_string(run.start) +
                                           ": two references of one snapshot lead to it");
    }
    end = run.end();
  }
  return {};
}

/// Upper bound when the commit takes at most `runs` more runs.
std::uint64_t SpaceMap::delta_size(std::uint64_t runs) const {
  return space_record_size(taken_.runs() + runs, freed_.size(), 0, 0);
}

/// Upper bound that holds however the commit is placed: taking never splits a free run, growth adds
/// one at most, the reserve that is put aside and back one, a dropped run one at most; what is
/// released meanwhile becomes shorter. The old chain goes to the pending runs.
std::uint64_t SpaceMap::checkpoint_size() const {
  const std::uint64_t old_chain = checkpoint_ ? 0 : records_.size();
  return space_record_size(0, 0, free_.runs() + dropped_.runs() + 2,
                           pending_.runs() + freed_.size() + old_chain);
}

std::uint64_t SpaceMap::record_pages(std::uint64_t runs) const {
  return space_record_pages(checkpoint_ ? checkpoint_size() : delta_size(runs), page_size_);
}

void SpaceMap::choose_record_kind(Trim trim) {
  const std::uint64_t delta = space_record_pages(delta_size(1), page_size_);
  const std::uint64_t whole = space_record_pages(checkpoint_size(), page_size_);
  const std::uint64_t used = file_pages_ - free_.pages() - pending_.pages();
  const std::uint64_t bound = std::clamp(used / kChainFraction, kShortestBound, kLongestBound);
  const bool short_chain = chain_pages_ + delta <= std::max(whole, bound);
  if (!records_.empty() && short_chain && trim != Trim::kAll) return;
  for (const LiveRecord& old : records_) freed_.push_back({old.run, old.birth});
  join_neighbours(freed_);
  checkpoint_ = true;
}

/// There is no room for a checkpoint in one piece: the chain becomes longer than it should.
void SpaceMap::write_delta_after_all() {
  std::vector<FreedRun> behind;
  for (const LiveRecord& old : records_) {
    // It may have been joined with what else its transaction wrote and this one gives up.
    auto one = std::upper_bound(freed_.begin(), freed_.end(), FreedRun{old.run, 0}, starts_before);
    if (one == freed_.begin()) continue;
    --one;
    const std::uint64_t end = one->run.end();
    if (end > old.run.end()) behind.push_back({{old.run.end(), end - old.run.end()}, one->birth});
    one->run.pages = old.run.start - one->run.start;
  }
  freed_.insert(freed_.end(), behind.begin(), behind.end());
  std::erase_if(freed_, [](const FreedRun& one) { return one.run.pages == 0; });
  join_neighbours(freed_);
  checkpoint_ = false;
}

/// One run for everything, if there is one or the file may grow for it; else each overflow run, the
/// record and the tree pages (in fragments, if need be) for themselves.
Result<void> SpaceMap::place(CommitSpace& plan, std::uint64_t tree_pages,
                             std::span<const std::uint64_t> overflow_pages) {
  std::uint64_t total = tree_pages + record_pages(1);
  for (const std::uint64_t pages : overflow_pages) total = std::min(kMax48, total + pages);
  std::optional<Run> run;
  if (!low_) {
    KIST_ASSIGN(run, take_one_run(total));
  }
  if (!run) return place_apart(plan, tree_pages, overflow_pages);
  std::uint64_t at = run->start;
  for (const std::uint64_t pages : overflow_pages) {
    plan.overflow.push_back(at);
    at += pages;
  }
  if (tree_pages != 0) plan.tree.push_back({at, tree_pages});
  at += tree_pages;
  plan.record_run = {at, run->end() - at};
  return {};
}

Result<void> SpaceMap::place_apart(CommitSpace& plan, std::uint64_t tree_pages,
                                   std::span<const std::uint64_t> overflow_pages) {
  for (const std::uint64_t pages : overflow_pages) {
    KIST_ASSIGN(const Run run, take_run(pages));
    plan.overflow.push_back(run.start);
  }
  // The record's size decides how many fragments the tree pages may have, not the other way round:
  // so nothing has to be tried twice. The record may take runs that were counted on, hence the
  // second sum, and a few more.
  const auto fragments = [&] {
    if (low_) return free_.lowest_covering(tree_pages) + kSpareFragments;
    const std::size_t least = free_.longest_covering(tree_pages) + kSpareFragments;
    return free_.longest_covering(tree_pages + record_pages(least + 1)) + kSpareFragments;
  };
  std::size_t most = fragments();
  auto record = take_run(record_pages(most + 1));
  if (!record && checkpoint_ && record.error().code == ErrorCode::kNoSpace) {
    write_delta_after_all();
    most = fragments();
    record = take_run(record_pages(most + 1));
  }
  KIST_ASSIGN(plan.record_run, std::move(record));
  KIST_ASSIGN(plan.tree, take_fragments(tree_pages, most));
  return {};
}

/// Length of a run that commits leave free when they make the content larger: where the file cannot
/// grow any more, it is what commits need that make it smaller. In one piece, because a record that
/// gives up everything is long.
std::uint64_t SpaceMap::reserve() const {
  const std::uint64_t record = space_record_size(0, file_pages_, 0, 0) / page_size_;
  return std::min(kLeastReserve + record, kMostReserve);
}

/// place(), but for the run that is to be left, which is put back in any case.
Result<void> SpaceMap::place_beside_reserve(CommitSpace& plan, std::uint64_t tree_pages,
                                            std::span<const std::uint64_t> overflow_pages) {
  const std::uint64_t pages = reserve();
  const std::optional<Run> found = free_.best_fit(pages);
  const Run aside{found ? found->start : 0, pages};
  if (found) free_.remove(aside);
  Result<void> done = place(plan, tree_pages, overflow_pages);
  if (found) {
    free_.insert(aside);
    return done;
  }
  while (done && free_.longest().pages < pages) {
    KIST_ASSIGN(const Growth growth, grow(pages));
    if (growth != Growth::kRefused) continue;
    // Where so much is free in pieces, it must be of use, too.
    if (free_.pages() >= file_pages_ / kMuchFreeFraction) break;
    return std::unexpected(refusal_);
  }
  return done;
}

std::uint64_t SpaceMap::trimmable_pages(Trim trim) const {
  const std::uint64_t tail = free_.ending_at(file_pages_).pages;
  if (trim == Trim::kNever) return 0;
  if (trim == Trim::kAll) return tail;
  const std::uint64_t keep = std::max(kTrimKeepPages, (file_pages_ - tail) / kTrimKeepFraction);
  if (const std::uint64_t above = limits_.trim_above; above != 0) {
    return tail <= above ? 0 : tail - std::min(above, keep);
  }
  if (tail <= std::max(kTrimAbovePages, file_pages_ / kTrimAboveFraction)) return 0;
  return tail - keep;
}

void SpaceMap::trim_tail(Trim trim) {
  const std::uint64_t pages = trimmable_pages(trim);
  if (pages == 0) return;
  free_.remove({file_pages_ - pages, pages});
  file_pages_ -= pages;
  high_water_ = std::min(high_water_, file_pages_);
}

/// Everything that is free, and everything that is pending, after the planned commit.
void SpaceMap::list_everything(SpaceRecord& record) const {
  free_.for_each([&](const Run& free) { record.free.push_back(free); });
  const auto middle = static_cast<std::ptrdiff_t>(record.free.size());
  dropped_.for_each([&](const Run& free) { record.free.push_back(free); });
  std::inplace_merge(record.free.begin(), record.free.begin() + middle, record.free.end(),
                     [](const Run& a, const Run& b) { return a.start < b.start; });
  pending_.for_each([&](const PendingRun& pending) { record.pending.push_back(pending); });
  const auto old = static_cast<std::ptrdiff_t>(record.pending.size());
  for (const FreedRun& freed : freed_) record.pending.push_back({freed.run, freed.birth, txn_});
  std::inplace_merge(
      record.pending.begin(), record.pending.begin() + old, record.pending.end(),
      [](const PendingRun& a, const PendingRun& b) { return a.run.start < b.run.start; });
}

SpaceRecord SpaceMap::make_record(Run run, std::uint64_t commit_nonce) const {
  SpaceRecord record;
  record.page = run.start;
  record.birth = txn_;
  record.commit_nonce = commit_nonce;
  record.file_pages = file_pages_;
  if (checkpoint_) {
    list_everything(record);
  } else {
    record.previous = newest_;
    taken_.for_each([&](const Run& taken) { record.taken.push_back(taken); });
    record.freed = freed_;
  }
  // The run was sized by an upper bound: a record always fills its run's last page, if only by
  // zeros.
  const std::uint64_t needed = space_record_size(record.taken.size(), record.freed.size(),
                                                 record.free.size(), record.pending.size());
  record.size = std::max(needed, (run.pages - 1) * page_size_ + 1);
  return record;
}

Result<CommitSpace> SpaceMap::plan_commit(std::uint64_t commit_nonce, std::uint64_t tree_pages,
                                          std::span<const std::uint64_t> overflow_pages,
                                          std::vector<FreedRun>&& freed, Trim trim) {
  assert(active() && planned_.empty());
  CommitSpace plan;
  KIST_TRY(settle_freed(std::move(freed)));
  std::uint64_t given_up = 0;
  for (const FreedRun& one : freed_) given_up += one.run.pages;
  choose_record_kind(trim);
  std::uint64_t wanted = taken_.pages() + tree_pages;
  for (const std::uint64_t pages : overflow_pages) wanted = std::min(kMax48, wanted + pages);
  KIST_TRY(wanted > given_up ? place_beside_reserve(plan, tree_pages, overflow_pages)
                             : place(plan, tree_pages, overflow_pages));
  trim_tail(trim);
  const SpaceRecord record = make_record(plan.record_run, commit_nonce);
  if (record.size > plan.record_run.pages * page_size_) {
    return fail(ErrorCode::kInternal, "a space record of " + std::to_string(record.size) +
                                          " bytes was given " +
                                          std::to_string(plan.record_run.pages) + " pages");
  }
  plan.record = encode_space_record(record, page_size_, seed_);
  plan.record_ref = space_record_ref(record, plan.record);
  plan.file_pages = file_pages_;
  plan.file_pages_before = file_pages_before_;
  planned_ = plan.record_ref;
  planned_nonce_ = commit_nonce;
  return plan;
}

}  // namespace kist::engine
