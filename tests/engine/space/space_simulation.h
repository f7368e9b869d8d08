#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/format/meta_slot.h"
#include "engine/space/space_map.h"

namespace kist::engine::testing {

/// A file with nothing in it but space records, the meta slot of its newest transaction, and a
/// naive account of every page's past, against which each page that a SpaceMap hands out is held.
class SpaceSimulation {
 public:
  static constexpr std::uint64_t kSeed = 0x5EED;

  struct Commit {
    std::uint64_t id = 0;
    std::uint64_t nonce = 0;
    std::uint64_t file_pages = 0;
    Ref space;
  };
  struct Use {
    std::uint64_t birth = 0;
    std::uint64_t freed = 0;  // 0 while in use
  };
  /// What one transaction does, as random as the caller likes.
  struct Work {
    std::vector<std::uint64_t> overflow{};
    std::uint64_t tree_pages = 0;
    std::vector<FreedRun> freed{};
    std::vector<std::uint64_t> spills{};  ///< Runs taken early.
    bool drop_spills = false;             ///< Give half of each back.
    std::uint64_t early_pages = 0;        ///< Pages taken early, in fragments if need be.
    bool reuse = false;                   ///< Give half of those back, to be taken again.
    Trim trim = Trim::kNever;
  };

  explicit SpaceSimulation(std::uint32_t page_size) : page_size_(page_size) {}

  SpaceReader reader() {
    return [this](const Ref& ref) -> Result<Bytes> {
      const auto found = records_.find(ref.page);
      if (found == records_.end()) return fail(ErrorCode::kDamaged, "no record there");
      return Bytes(found->second);
    };
  }

  Result<void> load(SpaceMap& map) { return load(map, head_); }
  Result<void> load(SpaceMap& map, const Commit& commit) { return load(map, commit, reader()); }
  /// The reference comes out of a meta slot, as it does in an environment.
  static Result<void> load(SpaceMap& map, const Commit& commit, const SpaceReader& reader) {
    std::array<std::uint8_t, ref_layout::kSize> stored{};
    store_ref(stored.data(), commit.space);
    return map.load(load_ref(stored.data()), commit.file_pages, commit.id, commit.nonce, reader);
  }

  /// Runs a transaction to its end, or (when `keep` is false) rolls it back after planning.
  void run(SpaceMap& map, const Work& work, bool keep = true) {
    const std::uint64_t id = next_id_++;
    map.begin(id);
    std::set<std::uint64_t> given;
    std::vector<Run> taken;  // tree pages one by one, as a tree gives them up again
    const auto take = [&](const Run& run) {
      for (std::uint64_t page = run.start; page < run.end(); ++page) taken.push_back({page, 1});
    };
    for (const std::uint64_t pages : work.spills) {
      const auto run = map.take_run(pages);
      ASSERT_TRUE(run.has_value());
      ASSERT_EQ(run->pages, pages);
      hold_to_account(*run, id, map.file_pages(), given);
      if (work.drop_spills) {
        map.give_back({run->start, (pages + 1) / 2});
        take({run->start + (pages + 1) / 2, pages / 2});
      } else {
        take(*run);
      }
    }
    if (work.early_pages != 0) {
      const auto space = map.take_space(work.early_pages, std::vector<std::uint64_t>{2, 1});
      ASSERT_TRUE(space.has_value());
      ASSERT_EQ(space->overflow.size(), 2U);
      std::uint64_t pages = 0;
      for (const Run& run : space->all) {
        pages += run.pages;
        hold_to_account(run, id, map.file_pages(), given);
      }
      ASSERT_EQ(pages, work.early_pages + 3);
      taken.push_back({space->overflow[0], 2});
      taken.push_back({space->overflow[1], 1});
      for (const Run& run : space->tree) {
        const std::uint64_t back = work.reuse ? (run.pages + 1) / 2 : 0;
        if (back != 0) {
          ASSERT_TRUE(map.give_back_for_reuse({run.start, back}));
          ASSERT_FALSE(map.give_back_for_reuse({run.start, back}));
          given.erase(given.lower_bound(run.start), given.lower_bound(run.start + back));
        }
        take({run.start + back, run.pages - back});
      }
    }
    const std::uint64_t nonce = id * 7919;
    std::vector<FreedRun> freed = work.freed;
    const auto plan =
        map.plan_commit(nonce, work.tree_pages, work.overflow, std::move(freed), work.trim);
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    ASSERT_EQ(plan->overflow.size(), work.overflow.size());
    for (std::size_t i = 0; i < work.overflow.size(); ++i) {
      taken.push_back({plan->overflow[i], work.overflow[i]});
      hold_to_account(taken.back(), id, plan->file_pages, given);
    }
    std::uint64_t tree_pages = 0;
    std::uint64_t end = 0;
    for (const Run& run : plan->tree) {
      ASSERT_GE(run.start, end);
      end = run.end();
      tree_pages += run.pages;
      take(run);
      hold_to_account(run, id, plan->file_pages, given);
    }
    ASSERT_EQ(tree_pages, work.tree_pages);
    hold_to_account(plan->record_run, id, plan->file_pages, given);
    ASSERT_EQ(plan->record.size(), plan->record_run.pages * page_size_);
    ASSERT_EQ(plan->record_ref.page, plan->record_run.start);
    fragments += plan->tree.size();
    if (!keep) {
      map.rollback();
      return;
    }
    map.committed();
    note_commit(*plan, {id, nonce, plan->file_pages, plan->record_ref}, work.freed, taken);
  }

  /// Every page is exactly one of: in use, a live record's, free, pending; and `map` says so.
  void expect_exact(const SpaceMap& map) const {
    std::vector<int> told(head_.file_pages, 0);
    std::vector<std::string> how(head_.file_pages);
    const auto tell = [&](const Run& run, const char* what) {
      ASSERT_LE(run.end(), head_.file_pages) << what;
      for (std::uint64_t page = run.start; page < run.end(); ++page) {
        ++told[page];
        how[page] += what;
      }
    };
    map.free_runs().for_each([&](const Run& run) { tell(run, " free"); });
    map.pending_runs().for_each([&](const PendingRun& pending) {
      tell(pending.run, " pending");
      for (std::uint64_t page = pending.run.start; page < pending.run.end(); ++page) {
        const Use& last = past_.at(page);
        ASSERT_EQ(last.birth, pending.birth) << "page " << page;
        ASSERT_EQ(last.freed, pending.freed) << "page " << page;
      }
    });
    for (const LiveRecord& record : map.live_records()) tell(record.run, " record");
    for (const auto& [start, run] : live_) tell(run.run, " live");
    for (std::uint64_t page = first_page(page_size_); page < head_.file_pages; ++page) {
      ASSERT_EQ(told[page], 1) << "page " << page << ":" << how[page];
    }
    ASSERT_EQ(map.live_records().size(), live_records_.size());
    ASSERT_EQ(map.id(), head_.id);
    ASSERT_EQ(map.file_pages(), head_.file_pages);
  }

  const Commit& head() const { return head_; }
  const std::map<std::uint64_t, FreedRun>& live() const { return live_; }
  std::uint64_t live_pages() const { return live_pages_; }
  std::map<std::uint64_t, std::vector<std::uint8_t>>& records() { return records_; }

  Pins pins;                    ///< What hold_to_account() protects; the head is to be among them.
  std::uint64_t fragments = 0;  ///< Runs of tree pages planned so far.

 private:
  /// No pinned snapshot sees these pages, nobody uses them, and this transaction has not had them.
  void hold_to_account(const Run& run, std::uint64_t id, std::uint64_t file_pages,
                       std::set<std::uint64_t>& given) {
    ASSERT_GE(run.start, first_page(page_size_));
    ASSERT_GT(run.pages, 0U);
    ASSERT_LE(run.end(), file_pages);
    for (std::uint64_t page = run.start; page < run.end(); ++page) {
      ASSERT_TRUE(given.insert(page).second) << "page " << page << " twice in " << id;
      expect_unseen(page);
    }
    // What lay there is written over at once, even if the transaction is rolled back later.
    records_.erase(records_.lower_bound(run.start), records_.lower_bound(run.end()));
  }

  void expect_unseen(std::uint64_t page) const {
    const auto found = past_.find(page);
    if (found == past_.end()) return;
    const Use& use = found->second;
    ASSERT_NE(use.freed, 0U) << "page " << page << " is in use";
    for (const std::uint64_t pin : pins.ids) {
      ASSERT_FALSE(use.birth <= pin && pin < use.freed)
          << "page " << page << ", born " << use.birth << ", freed " << use.freed << ", is seen by "
          << pin;
    }
  }

  void note_commit(const CommitSpace& plan, const Commit& commit,
                   const std::vector<FreedRun>& freed, const std::vector<Run>& taken) {
    for (const FreedRun& one : freed) {
      live_.erase(one.run.start);
      live_pages_ -= one.run.pages;
      end_use(one.run, commit.id);
    }
    for (const Run& run : taken) {
      live_[run.start] = {run, commit.id};
      live_pages_ += run.pages;
      start_use(run, commit.id);
    }
    const auto record = decode_space_record(plan.record, plan.record_ref, page_size_);
    ASSERT_TRUE(record.has_value()) << record.error().message;
    if (record->checkpoint()) {
      for (const Run& old : live_records_) end_use(old, commit.id);
      live_records_.clear();
    }
    live_records_.push_back(plan.record_run);
    start_use(plan.record_run, commit.id);
    records_[plan.record_run.start] = plan.record;
    for (std::uint64_t page = plan.file_pages; page < head_.file_pages; ++page) expect_unseen(page);
    past_.erase(past_.lower_bound(plan.file_pages), past_.end());
    records_.erase(records_.lower_bound(plan.file_pages), records_.end());
    head_ = commit;
  }

  void start_use(const Run& run, std::uint64_t id) {
    for (std::uint64_t page = run.start; page < run.end(); ++page) past_[page] = {id, 0};
  }
  void end_use(const Run& run, std::uint64_t id) {
    for (std::uint64_t page = run.start; page < run.end(); ++page) past_[page].freed = id;
  }

  std::uint32_t page_size_;
  std::uint64_t next_id_ = kFirstTransaction;
  Commit head_;
  std::map<std::uint64_t, std::vector<std::uint8_t>> records_;  // by first page
  std::map<std::uint64_t, FreedRun> live_;                      // runs in use, records excepted
  std::uint64_t live_pages_ = 0;
  std::vector<Run> live_records_;
  std::map<std::uint64_t, Use> past_;  // page -> its last use
};

}  // namespace kist::engine::testing
