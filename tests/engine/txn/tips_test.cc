#include "engine/txn/tips.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/txn/sharing_fixture.h"

namespace kist::engine {
namespace {

class TipsTest : public SharingFixture {
 protected:
  static void store(const Opener& opener, std::uint64_t id) {
    HeadWords words;
    words.fill(id);
    opener->store_tip(id, words);
  }
  // The id that all words of a copy have; 0 when they differ.
  static std::uint64_t id_in(const HeadWords& words) {
    for (const std::uint64_t word : words) {
      if (word != words[0]) return 0;
    }
    return words[0];
  }
  static std::uint64_t tip(const Opener& opener) {
    HeadWords words;
    return opener->read_tip(words) ? id_in(words) : 0;
  }
};

TEST_F(TipsTest, ATipBecomesTheHeadWhenItIsPublished) {
  const Opener a = open();
  const Opener b = open();
  store(a, 3);
  EXPECT_EQ(head(b), 2U);
  EXPECT_EQ(tip(b), 3U);
  EXPECT_EQ(b->tip_id(), 3U);
  store(b, 4);
  EXPECT_EQ(head(a), 2U);
  b->publish_tip();
  EXPECT_EQ(head(a), 4U);
}

TEST_F(TipsTest, WhatIsFlushedBecomesTheHeadUnlessThatIsNewer) {
  const Opener a = open();
  HeadWords words;
  store(a, 3);
  const TipPlace three = a->take_tip_to_flush(words);
  EXPECT_EQ(id_of(three), 3U);
  EXPECT_EQ(id_in(words), 3U);
  // Any number of newer ones leave it alone.
  for (std::uint64_t id = 4; id < 30; ++id) store(a, id);
  EXPECT_EQ(head(a), 2U);
  a->publish_flushed(three);
  EXPECT_EQ(head(a), 3U);
  EXPECT_EQ(tip(a), 29U);

  const TipPlace old = a->take_tip_to_flush(words);
  EXPECT_EQ(id_of(old), 29U);
  store(a, 30);
  a->publish_tip();
  a->publish_flushed(old);
  EXPECT_EQ(head(a), 30U);
}

TEST_F(TipsTest, WhatMayBecomeTheHeadIsProtected) {
  const Opener a = open();
  HeadWords words;
  store(a, 3);
  a->take_tip_to_flush(words);
  store(a, 4);
  EXPECT_EQ(a->protected_ids(), (std::array<std::uint64_t, 2>{2, 3}));
}

TEST_F(TipsTest, LeftoversAreFoundWhole) {
  {
    const Opener a = open();
    store(a, 3);
    store(a, 4);
  }
  std::vector<std::uint64_t> ids;
  const std::vector<HeadWords> left = leftover_tips(lock_path_, kIdentity, nullptr).value();
  for (const HeadWords& words : left) {
    ids.push_back(id_in(words));
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{2, 3, 4}));
  Identity other = kIdentity;
  other[0] ^= 1;
  EXPECT_TRUE(leftover_tips(lock_path_, other, nullptr).value().empty());
  EXPECT_TRUE(leftover_tips(directory_.file("none"), kIdentity, nullptr).value().empty());
}

class ConcurrentTips : public TipsTest {};

// One writer, one flusher and readers. Neither gets a mixture of two commits, and the head never
// goes back.
TEST_F(ConcurrentTips, NoneIsEverTorn) {
  constexpr std::uint64_t kLast = 60'000;
  const Opener writer = open();
  const Opener flusher = open();
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> flushed{0};
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    HeadWords words;
    while (!done) {
      const TipPlace place = flusher->take_tip_to_flush(words);
      ASSERT_NE(place, 0U);
      ASSERT_EQ(id_in(words), id_of(place));
      flusher->publish_flushed(place);
      ASSERT_GE(head(writer), id_of(place));
      ++flushed;
    }
  });
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      HeadWords words;
      std::uint64_t last = 0;
      while (!done) {
        if (!writer->read_head(words)) continue;  // may happen: nobody commits like this
        ASSERT_NE(id_in(words), 0U) << "torn";
        ASSERT_GE(words[0], last);
        last = words[0];
      }
    });
  }
  for (std::uint64_t id = 3; id <= kLast; ++id) {
    store(writer, id);
    if (id % 7 == 0) writer->publish_tip();
    ASSERT_EQ(tip(writer), id);
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(flushed.load(), 0U);
}

}  // namespace
}  // namespace kist::engine
