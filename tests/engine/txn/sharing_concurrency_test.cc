#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "engine/txn/sharing.h"
#include "tests/engine/txn/sharing_fixture.h"

namespace kist::engine {
namespace {

using test::ok;

class ConcurrentSharing : public SharingFixture {};

// A writer publishes one head after the other and takes everything that collect_pins() does not
// report for dead. No reader may ever find the snapshot that it pinned among the dead.
TEST_F(ConcurrentSharing, NoPinnedSnapshotIsReclaimed) {
  constexpr std::uint64_t kLast = 20'000;
  const Opener writer_side = open();
  const Opener reader_side = open();
  const auto dead = std::make_unique<std::array<std::atomic<bool>, kLast + 1>>();
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> reads{0};

  const auto read = [&](const Opener& opener) {
    std::array<std::uint64_t, kHeadWords> words;
    do {
      const std::uint32_t slot = opener->claim_slot().value();
      ASSERT_TRUE(opener->read_head(words));
      opener->pin_slot(slot, words[0]);
      for (const std::uint64_t word : words) ASSERT_EQ(word, words[0]) << "torn head";
      for (int look = 0; look < 20; ++look) {
        ASSERT_FALSE((*dead)[words[0]].load(std::memory_order_relaxed)) << words[0];
      }
      opener->release_slot(slot);
      reads.fetch_add(1, std::memory_order_relaxed);
    } while (!done.load(std::memory_order_relaxed));
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) readers.emplace_back(read, std::cref(reader_side));
  readers.emplace_back(read, std::cref(writer_side));

  std::uint64_t reclaimed = 0;
  for (std::uint64_t head = 3; head <= kLast; ++head) {
    publish(writer_side, head);
    const Pins pins = writer_side->collect_pins(head).value();
    if (pins.everything) continue;
    auto pin = pins.ids.begin();
    for (std::uint64_t id = head > 100 ? head - 100 : 2; id < head; ++id) {
      while (pin != pins.ids.end() && *pin < id) ++pin;
      if (pin != pins.ids.end() && *pin == id) continue;
      (*dead)[id].store(true, std::memory_order_relaxed);
      ++reclaimed;
    }
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(reclaimed, 0U);
  EXPECT_GT(reads.load(), 0U);
}

TEST_F(ConcurrentSharing, HeadIsNeverTorn) {
  const Opener a = open();
  const Opener b = open();
  std::atomic<bool> done{false};
  std::jthread publisher([&] {
    for (std::uint64_t id = 3; id < 300'000; ++id) publish(a, id);
    done = true;
  });
  std::uint64_t last = 0;
  do {
    std::array<std::uint64_t, kHeadWords> words;
    if (!b->read_head(words)) continue;  // may happen: nobody publishes like this
    for (const std::uint64_t word : words) ASSERT_EQ(word, words[0]);
    ASSERT_GE(words[0], last);
    last = words[0];
    if (b->read_head_checked(words)) {
      ASSERT_GE(words[0], last);
    }
  } while (!done);
  publisher.join();
  EXPECT_GT(last, 2U);
}

TEST_F(ConcurrentSharing, SlotsAreNeverGivenTwice) {
  const Opener openers[] = {open(), open()};
  const auto taken = std::make_unique<std::array<std::atomic<int>, kMaxReaderSlots>>();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const Opener& opener = openers[t % 2];
      for (int round = 0; round < 20; ++round) {
        std::vector<std::uint32_t> slots;
        for (int i = 0; i < 60 + 20 * t; ++i) {
          slots.push_back(opener->claim_slot().value());
          ASSERT_EQ((*taken)[slots.back()].fetch_add(1), 0);
        }
        for (const std::uint32_t slot : slots) {
          (*taken)[slot].fetch_sub(1);
          opener->release_slot(slot);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(openers[0]->collect_pins(10).value().everything);
}

TEST_F(ConcurrentSharing, WritersExcludeEachOther) {
  const Opener openers[] = {open(), open()};
  std::atomic<int> inside{0};
  std::atomic<int> entered{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const Opener& opener = openers[t % 2];
      const Wait wait = t < 2 ? Wait() : Wait(std::chrono::milliseconds(60'000));
      for (int round = 0; round < 300; ++round) {
        ASSERT_TRUE(ok(opener->lock_writer(wait)));
        ASSERT_EQ(inside.fetch_add(1), 0);
        entered.fetch_add(1);
        inside.fetch_sub(1);
        opener->unlock_writer();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(entered.load(), 1200);
}

TEST_F(ConcurrentSharing, OpeningNeverFailsBecauseOthersOpenAndClose) {
  std::atomic<int> lasts{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        Result<Opener> opener = try_open();
        ASSERT_TRUE(ok(opener));
        ASSERT_GE(head(*opener), 2U);
        ASSERT_TRUE(ok((*opener)->lock_writer(Wait())));
        publish(*opener, head(*opener) + 1);
        (*opener)->unlock_writer();
        if (close(*opener)) lasts.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(lasts.load(), 0);
  EXPECT_TRUE(open()->sole());
}

}  // namespace
}  // namespace kist::engine
