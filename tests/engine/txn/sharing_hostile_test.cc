// A lock file that others wrote nonsense into while it is in use: every call returns, in bounds.

#include <cstdint>
#include <iostream>
#include <random>
#include <vector>

#include "engine/os/file.h"
#include "engine/txn/lock_file.h"
#include "engine/txn/sharing.h"
#include "tests/engine/txn/sharing_fixture.h"
#include "tests/support/store_test.h"

namespace kist::engine {
namespace {

using test::fails;
using test::ok;

class SharingHostileTest : public SharingFixture {
 protected:
  /// Overwrites one word of the lock file.
  void poke(std::uint64_t offset, std::uint64_t value) {
    os::File file = os::File::open(lock_path_, os::Access::kReadWrite).value();
    ASSERT_TRUE(ok(
        file.write_at(offset, Bytes(reinterpret_cast<const std::uint8_t*>(&value), sizeof value))));
  }
};

TEST_F(SharingHostileTest, TooManySlotsAreDamage) {
  const Opener a = open();
  poke(offsetof(LockFileLayout, slot_limit), 193);
  EXPECT_TRUE(fails(a->collect_pins(10), ErrorCode::kDamaged));
  poke(offsetof(LockFileLayout, slot_limit), ~std::uint64_t{0});
  EXPECT_TRUE(fails(a->collect_pins(10), ErrorCode::kDamaged));
  EXPECT_TRUE(ok(a->claim_slot()));
  poke(offsetof(LockFileLayout, slot_limit), 192);
  EXPECT_TRUE(ok(a->collect_pins(10)));
}

TEST_F(SharingHostileTest, PinsWithoutAProperOwnerCountForNothing) {
  const Opener a = open();
  poke(offsetof(LockFileLayout, slot_limit), 5);
  for (std::uint64_t slot = 0; slot < 5; ++slot) poke(kSlotsOffset + slot * 64, 3 + slot);
  const std::uint64_t owners[] = {0, kMaxProcesses + 1, ~std::uint64_t{0}, 77, 1};
  for (std::uint64_t slot = 0; slot < 5; ++slot) poke(kSlotsOffset + slot * 64 + 8, owners[slot]);
  // Owner 77 does not live; owner 1 is this process.
  EXPECT_EQ(a->collect_pins(10).value().ids, std::vector<std::uint64_t>{7});
}

TEST_F(SharingHostileTest, ForgedHeadFailsItsChecksum) {
  const Opener a = open();
  std::array<std::uint64_t, kHeadWords> words;
  ASSERT_TRUE(a->read_head_checked(words));
  poke(offsetof(LockFileLayout, tips) + sizeof(TipBuffer) + 8,
       12345);  // buffer 1 is the first used
  EXPECT_FALSE(a->read_head_checked(words));
  publish(a, 3);
  EXPECT_TRUE(a->read_head_checked(words));
}

TEST_F(SharingHostileTest, ForgedPlacesAreHarmless) {
  const Opener a = open();
  std::array<std::uint64_t, kHeadWords> words;
  poke(offsetof(LockFileLayout, head), ~std::uint64_t{0});
  EXPECT_FALSE(a->read_head_checked(words));
  publish(a, 5);
  ASSERT_TRUE(a->read_head_checked(words));
  EXPECT_EQ(words[0], 5U);
  EXPECT_EQ(head(a), 5U);
  // A head that no commit can be is not left there by a flush either.
  poke(offsetof(LockFileLayout, head), ~std::uint64_t{0});
  const TipPlace place = a->take_tip_to_flush(words);
  ASSERT_NE(place, 0U);
  a->publish_flushed(place);
  EXPECT_EQ(head(a), 5U);
  poke(offsetof(LockFileLayout, tip), ~std::uint64_t{0});
  EXPECT_EQ(a->take_tip_to_flush(words), 0U);
  EXPECT_FALSE(a->read_tip(words));
}

TEST_F(SharingHostileTest, CutLockFileIsNoticed) {
  const Opener a = open();
  os::File file = os::File::open(lock_path_, os::Access::kReadWrite).value();
  ASSERT_TRUE(ok(file.resize(0)));
  std::array<std::uint64_t, kHeadWords> words;
  EXPECT_FALSE(a->read_head_checked(words));
  EXPECT_TRUE(a->lock_file_damaged());
  EXPECT_TRUE(fails(a->lock_writer(Wait()), ErrorCode::kDamaged));
  EXPECT_TRUE(fails(a->claim_slot(), ErrorCode::kDamaged));
  EXPECT_TRUE(fails(a->collect_pins(10), ErrorCode::kDamaged));
  EXPECT_TRUE(fails(try_open(), ErrorCode::kBusy));
}

TEST_F(SharingHostileTest, OtherVersionIsNamed) {
  const Opener a = open();
  poke(offsetof(LockFileLayout, version), 99);
  EXPECT_TRUE(fails(try_open(), ErrorCode::kNewerFormat));
}

TEST_F(SharingHostileTest, AnyBytesAtAnyTime) {
  const auto seed = std::random_device()();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  Opener a = open();
  const Opener reader = open_slotless();
  std::array<std::uint64_t, kHeadWords> words;
  for (int round = 0; round < 3000; ++round) {
    const std::uint64_t word = random() % (kInitialLockFileBytes / 8);
    const std::uint64_t values[] = {0, 1, 2, random(), random() % 2000, ~std::uint64_t{0}};
    poke(word * 8, values[random() % 6]);
    if (random() % 50 == 0) poke(offsetof(LockFileLayout, slot_limit), random() % 200);
    const auto claimed = a->claim_slot();
    if (claimed) a->pin_slot(*claimed, random());
    static_cast<void>(a->read_head(words));
    static_cast<void>(a->read_head_checked(words));
    static_cast<void>(reader->read_head(words));
    static_cast<void>(a->read_tip(words));
    if (const TipPlace place = a->take_tip_to_flush(words)) a->publish_flushed(place);
    static_cast<void>(leftover_tips(lock_path_, kIdentity, nullptr));
    const auto pins = a->collect_pins(random() % 4000 + 2);
    EXPECT_TRUE(pins.has_value() || pins.error().code == ErrorCode::kDamaged);
    if (claimed) a->release_slot(*claimed);
    if (random() % 10 == 0) publish(a, random());
    if (random() % 100 == 0) static_cast<void>(try_open());
  }
  // Whatever happened to the lock file, the next sole opener starts afresh.
  close(a);
  EXPECT_EQ(head(open()), 2U);
}

// Found by lock_file_fuzz: the id behind the greatest one was 0.
TEST(HostileLockFile, IdsThatThereAreNotAreDamage) {
  const test::TempDirectory directory;
  const std::string path = directory.file("store");
  const Database database = test::must(Database::open(path));
  os::File lock = os::File::open(path + "-lock", os::Access::kReadWrite).value();
  for (const std::uint64_t id : {~std::uint64_t{0}, (std::uint64_t{1} << 48) - 1}) {
    ASSERT_TRUE(ok(lock.write_at(offsetof(LockFileLayout, burned_id),
                                 Bytes(reinterpret_cast<const std::uint8_t*>(&id), sizeof id))));
    EXPECT_TRUE(fails(database.write(), ErrorCode::kDamaged));
    EXPECT_TRUE(ok(database.read()));
  }
  test::expect_clean(database);
}

}  // namespace
}  // namespace kist::engine
