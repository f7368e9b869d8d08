#include "engine/pager/dirty_memory.h"

#include <cstring>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/random.h"

namespace kist::engine {
namespace {

using test::Random;
using test::test_seed;

constexpr std::uint32_t kPageSize = 256;

TEST(DirtyMemoryTest, PagesOfAMarkedStateAreKeptUntilTheMarkGoes) {
  DirtyMemory memory(kPageSize);
  const std::uint32_t page = memory.arena.allocate();
  EXPECT_TRUE(memory.arena.changeable(page));
  const std::uint64_t mark = memory.marks.set();
  EXPECT_FALSE(memory.arena.changeable(page));
  const std::uint32_t copy = memory.arena.allocate();
  EXPECT_TRUE(memory.arena.changeable(copy));
  memory.arena.release(page);
  EXPECT_EQ(memory.arena.live(), 1U);
  EXPECT_EQ(memory.arena.bytes(), 2 * kPageSize);
  const std::uint32_t another = memory.arena.allocate();
  EXPECT_NE(another, page) << "a page that a marked state has was handed out";
  memory.forget(mark);
  EXPECT_EQ(memory.arena.bytes(), 2 * kPageSize);
  EXPECT_EQ(memory.arena.allocate(), page);
}

TEST(DirtyMemoryTest, ValuesOfAMarkedStateAreKeptUntilTheMarkGoes) {
  DirtyMemory memory(kPageSize);
  const Ref value = memory.values.add(as_bytes("a value"));
  const std::uint64_t mark = memory.marks.set();
  memory.values.release(value.page);
  EXPECT_FALSE(memory.values.live(value.page));
  ASSERT_TRUE(memory.values.holds(value.page));
  EXPECT_EQ(to_string(memory.values.bytes(value.page)), "a value");
  memory.forget(mark);
  EXPECT_FALSE(memory.values.holds(value.page));
  EXPECT_EQ(memory.bytes(), 0U);
}

TEST(DirtyMemoryTest, NoForgedIndexLeadsAnywhere) {
  DirtyMemory memory(kPageSize);
  memory.arena.allocate();
  memory.values.add({});
  for (const std::uint64_t index : {std::uint64_t{64}, std::uint64_t{1} << 31, kMax48}) {
    EXPECT_EQ(memory.arena.page(index), nullptr);
    EXPECT_FALSE(memory.values.holds(index));
    EXPECT_FALSE(memory.values.live(index));
    memory.arena.release(index);
    memory.values.release(index);
  }
  EXPECT_EQ(memory.arena.live(), 1U);
}

// A state is a set of pages, each filled with a number of its own.
using State = std::map<std::uint32_t, std::uint8_t>;

class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed) {}

  void step() {
    switch (random_.below(12)) {
      default:
        allocate();
        break;
      case 5:
      case 6:
      case 7:
        release();
        break;
      case 8:
        levels_.emplace_back(memory_.marks.set(), now_);
        break;
      case 9:
        readers_.emplace_back(memory_.marks.set(), now_);
        break;
      case 10:
        end_level();
        break;
      case 11:
        end_reader();
        break;
    }
    verify();
  }

 private:
  using Marked = std::pair<std::uint64_t, State>;

  void allocate() {
    const std::uint32_t index = memory_.arena.allocate();
    ASSERT_FALSE(now_.contains(index));
    for (const auto* marked : {&levels_, &readers_}) {
      for (const auto& [mark, state] : *marked) ASSERT_FALSE(state.contains(index));
    }
    ASSERT_TRUE(memory_.arena.changeable(index));
    now_[index] = static_cast<std::uint8_t>(random_.next());
    std::memset(memory_.arena.page(index), now_[index], kPageSize);
  }
  void release() {
    if (now_.empty()) return;
    const auto page = std::next(now_.begin(), static_cast<long>(random_.below(now_.size())));
    memory_.arena.release(page->first);
    now_.erase(page);
  }
  // Rolls back to a level or gives it up, in both cases those after it, too.
  void end_level() {
    if (levels_.empty()) return;
    const std::size_t level = random_.below(levels_.size());
    const bool roll_back = random_.one_in(2);
    const auto [mark, state] = levels_[level];
    while (levels_.size() > level + 1) {
      if (roll_back) {
        memory_.marks.remove(levels_.back().first);
      } else {
        memory_.forget(levels_.back().first);
      }
      levels_.pop_back();
    }
    if (roll_back) {
      memory_.roll_back(mark);
      now_ = state;
      if (random_.one_in(2)) return;
    }
    memory_.forget(mark);
    levels_.pop_back();
  }
  void end_reader() {
    if (readers_.empty()) return;
    const std::size_t reader = random_.below(readers_.size());
    memory_.forget(readers_[reader].first);
    readers_.erase(readers_.begin() + static_cast<long>(reader));
  }

  void verify() const {
    std::set<std::uint32_t> all;
    std::set<std::uint32_t> marked;
    const auto look = [&](const State& state, bool fixed) {
      for (const auto& [index, fill] : state) {
        all.insert(index);
        if (fixed) marked.insert(index);
        ASSERT_EQ(memory_.arena.page(index)[0], fill);
        ASSERT_EQ(memory_.arena.page(index)[kPageSize - 1], fill);
      }
    };
    look(now_, false);
    for (const auto& [mark, state] : levels_) look(state, true);
    for (const auto& [mark, state] : readers_) look(state, true);
    for (const auto& [index, fill] : now_) {
      ASSERT_LE(memory_.arena.changeable(index), !marked.contains(index));
    }
    ASSERT_EQ(memory_.arena.live(), now_.size());
    // A page that came back with a rollback counts as seen by readers who began while it was gone.
    ASSERT_GE(memory_.arena.bytes(), all.size() * kPageSize);
    if (readers_.empty()) {
      ASSERT_EQ(memory_.arena.bytes(), all.size() * kPageSize);
    }
  }

  Random random_;
  DirtyMemory memory_{kPageSize};
  State now_;
  std::vector<Marked> levels_;
  std::vector<Marked> readers_;
};

TEST(DirtyMemoryTest, RandomMarksAgainstAModel) {
  Random seeds(test_seed("DirtyMemoryTest"));
  for (int i = 0; i < 40; ++i) {
    Model model(seeds.next());
    for (int step = 0; step < 400 && !testing::Test::HasFatalFailure(); ++step) model.step();
  }
}

}  // namespace
}  // namespace kist::engine
