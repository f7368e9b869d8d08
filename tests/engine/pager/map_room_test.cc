// Maps that are replaced when the file outgrows them, as where address space is short.

#include <gtest/gtest.h>

#include "engine/pager/pager.h"
#include "tests/support/call_counter.h"
#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

class MapRoomTest : public StoreTest {
 protected:
  static constexpr std::size_t kMiB = std::size_t{1} << 20;
};

TEST_F(MapRoomTest, MapsAreReplacedAndGoWithTheirReaders) {
  engine::os::File file = must(engine::os::File::create_new(directory().file("pages"), 0600));
  must(file.allocate(0, 64 * kMiB));
  const auto pager =
      must(engine::Pager::open(file, "pages", 4096, 1, 16, true, engine::os::MapRoom::kTight));
  EXPECT_EQ(pager->maps(), 1U);
  const engine::MapHold first = must(pager->cover(16));
  EXPECT_EQ(first->mapping->size(), 2 * kMiB);
  EXPECT_EQ(must(pager->cover(512)), first) << "it reaches so far";
  for (std::uint64_t pages = 513; pages <= 16'384; pages += 512) must(pager->cover(pages));
  EXPECT_EQ(pager->maps(), 2U) << "the one that is held, and the newest";
  const engine::MapHold last = must(pager->cover(16'384));
  EXPECT_EQ(last->pages, 16'384U);
  EXPECT_EQ(first->mapping->data()[100], 0);
  EXPECT_EQ(pager->page_of(first->mapping->data() + 8192), 2U);
}

TEST_F(MapRoomTest, ReservedMapsAreMappedOnce) {
  engine::os::File file = must(engine::os::File::create_new(directory().file("pages"), 0600));
  must(file.allocate(0, 64 * kMiB));
  const auto pager = must(engine::Pager::open(file, "pages", 4096, 1, 16, true));
  const engine::MapHold first = must(pager->cover(16));
  if (first->pages >= 16'384) {
    EXPECT_EQ(must(pager->cover(16'384)), first);
  }
  EXPECT_EQ(first.use_count(), 0) << "nothing is counted";
}

TEST_F(MapRoomTest, SpansLiveAsLongAsTheirTransactions) {
  CallCounter calls;
  const Database database =
      open({.transaction_memory = kMiB, .reserve_address_space = false, .observer = &calls});
  const auto value = [](int i) { return std::string(300'000, static_cast<char>('a' + i % 26)); };
  std::vector<ReadTxn> readers;
  std::vector<Bytes> spans;
  for (int i = 0; i < 60; ++i) {
    put(database, "key " + std::to_string(i), value(i));
    readers.push_back(must(database.read()));
    spans.push_back(*must(readers.back().get({}, as_bytes("key " + std::to_string(i)))));
  }
  EXPECT_GT(calls.count(Call::Kind::kMap), 5);
  for (std::size_t i = 0; i < spans.size(); ++i) {
    EXPECT_EQ(as_text(spans[i]), value(static_cast<int>(i)));
  }
  readers.erase(readers.begin(), readers.begin() + 30);
  // A write transaction that outgrows the map keeps what it has handed out.
  WriteTxn txn = must(database.write());
  const Bytes old = *must(txn.get({}, as_bytes("key 7")));
  const int maps = calls.count(Call::Kind::kMap);
  for (int i = 60; i < 90; ++i) {
    must(txn.put({}, as_bytes("key " + std::to_string(i)), as_bytes(std::string(4 * kMiB, 'x'))));
  }
  EXPECT_GT(calls.count(Call::Kind::kMap), maps);
  EXPECT_EQ(as_text(old), value(7));
  {
    const ReadTxn uncommitted = must(txn.read_uncommitted());
    EXPECT_EQ(must(uncommitted.get({}, as_bytes("key 80")))->size(), 4 * kMiB);
  }
  must(txn.commit());
  for (std::size_t i = 30; i < spans.size(); ++i) {
    EXPECT_EQ(as_text(spans[i]), value(static_cast<int>(i)));
  }
  expect_clean(database);
}

TEST_F(MapRoomTest, ParkedReadersAndClonesKeepTheirMap) {
  const Database database = open({.reserve_address_space = false});
  put(database, "a", "1");
  ReadTxn parked = must(database.read());
  std::optional<ReadTxn> original = must(database.read());
  const ReadTxn copy = must(original->clone());
  original.reset();
  must(parked.park());
  for (int i = 0; i < 10; ++i) put(database, std::to_string(i), std::string(kMiB, 'x'));
  must(parked.unpark());
  EXPECT_EQ(get(parked, "a"), "1");
  EXPECT_EQ(get(copy, "a"), "1");
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
