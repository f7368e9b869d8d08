// Processes that open, read, write and close one file are killed at random moments.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <iostream>
#include <random>

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/txn/sharing.h"
#include "tests/engine/txn/sharing_fixture.h"
#include "tests/support/child_process.h"

namespace kist::engine {
namespace {

using test::ok;

constexpr std::uint64_t kIds = 1 << 20;

/// What the processes tell each other outside of the protocol that is tested. Survives all of them.
struct Witness {
  std::atomic<std::uint64_t> last_id;  // stands for the newest meta slot of the data file
  std::atomic<std::int64_t> writer;    // process that believes to be the writer
  std::atomic<std::uint64_t> two_writers;
  std::atomic<std::uint64_t> lost_pins;  // readers whose snapshot was reclaimed
  std::atomic<std::uint64_t> failures;   // calls that returned an Error
  std::array<char, 400> first_failure;
  std::atomic<std::uint64_t> reads;
  std::atomic<std::uint64_t> writes;
  std::atomic<std::uint64_t> opens;
  std::array<std::atomic<bool>, kIds> reclaimed;
};

class LongSharingKills : public SharingFixture {
 protected:
  LongSharingKills()
      : witness_(static_cast<Witness*>(::mmap(nullptr, sizeof(Witness), PROT_READ | PROT_WRITE,
                                              MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    EXPECT_NE(witness_, MAP_FAILED);
    witness_->last_id = 2;
  }
  ~LongSharingKills() override { ::munmap(witness_, sizeof(Witness)); }

  Result<void> open_read_write_close(std::mt19937_64& random) {
    os::File data = os::File::open(data_path_, os::Access::kReadWrite).value();
    KIST_ASSIGN(const auto sharing, Sharing::begin_open(data, lock_path_, false, 0600, nullptr));
    if (sharing->sole()) {
      KIST_TRY(sharing->create_lock_file(kIdentity));
      publish(*sharing, witness_->last_id);
    } else {
      KIST_TRY(sharing->join_lock_file(kIdentity));
    }
    KIST_TRY(sharing->finish_open());
    ++witness_->opens;
    for (auto steps = random() % 200; steps != 0; --steps) {
      if (random() % 4 == 0) {
        KIST_TRY(write(*sharing));
      } else {
        KIST_TRY(read(*sharing));
      }
    }
    KIST_TRY(sharing->begin_close());
    sharing->finish_close();
    return {};
  }

  static void publish(Sharing& sharing, std::uint64_t id) {
    std::array<std::uint64_t, kHeadWords> words;
    words.fill(id);
    sharing.store_tip(id, words);
    sharing.publish_tip();
  }

  Result<void> read(Sharing& sharing) {
    KIST_ASSIGN(const std::uint32_t slot, sharing.claim_slot());
    std::array<std::uint64_t, 8> words;
    if (!sharing.read_head(words)) return fail(ErrorCode::kInternal, "no head");
    sharing.pin_slot(slot, words[0]);
    for (int look = 0; look < 50; ++look) {
      if (witness_->reclaimed[words[0] % kIds] || words[7] != words[0]) ++witness_->lost_pins;
    }
    sharing.release_slot(slot);
    ++witness_->reads;
    return {};
  }

  Result<void> write(Sharing& sharing) {
    KIST_TRY(sharing.lock_writer(Wait()));
    const std::int64_t me = ::getpid();
    witness_->writer = me;
    std::array<std::uint64_t, kHeadWords> words;
    if (!sharing.read_head_checked(words)) return fail(ErrorCode::kInternal, "no whole head");
    const std::uint64_t id = std::max<std::uint64_t>(words[0], witness_->last_id) + 1;
    if (id < kIds) {
      publish(sharing, id);
      witness_->last_id = id;
      KIST_ASSIGN(const Pins pins, sharing.collect_pins(id));
      for (std::uint64_t old = id > 64 ? id - 64 : 2; !pins.everything && old < id; ++old) {
        if (!std::binary_search(pins.ids.begin(), pins.ids.end(), old)) {
          witness_->reclaimed[old] = true;
        }
      }
    }
    if (witness_->writer != me) ++witness_->two_writers;
    sharing.unlock_writer();
    ++witness_->writes;
    return {};
  }

  Witness* witness_;
};

TEST_F(LongSharingKills, NeitherTwoWritersNorLostPinsNorAStandstill) {
  const auto seed = std::random_device()();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  std::deque<test::ChildProcess> processes;
  const auto start = [&] {
    const std::uint64_t child_seed = random();
    processes.emplace_back([&, child_seed]() -> int {
      std::mt19937_64 choices(child_seed);
      for (;;) {
        const Result<void> done = open_read_write_close(choices);
        if (!done && witness_->failures++ == 0)
          done.error().message.copy(witness_->first_failure.data(), 399);
      }
    });
  };
  for (int i = 0; i < 4; ++i) start();
  for (int round = 0; round < 300; ++round) {
    ::usleep(static_cast<useconds_t>(random() % 8000));
    processes.front().kill();
    processes.pop_front();
    start();
  }
  processes.clear();

  EXPECT_EQ(witness_->two_writers, 0U);
  EXPECT_EQ(witness_->lost_pins, 0U);
  EXPECT_EQ(witness_->failures, 0U) << witness_->first_failure.data();
  EXPECT_GT(witness_->reads, 0U);
  EXPECT_GT(witness_->writes, 0U);
  const Opener a = open();
  EXPECT_TRUE(a->sole());
  EXPECT_TRUE(ok(a->lock_writer(std::chrono::milliseconds(0))));
  std::cout << witness_->opens << " opens, " << witness_->reads << " reads, " << witness_->writes
            << " writes\n";
}

}  // namespace
}  // namespace kist::engine
