#include "kvstore/c_api/handle_table.h"

#include <atomic>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace kist::c_api {
namespace {

/// Counts how many of its kind exist, and notices use after destruction.
struct Probe : Object {
  explicit Probe(std::atomic<int>& count, Kind kind = Kind::kStore,
                 std::shared_ptr<Object> owner = nullptr)
      : Object(kind, std::move(owner)), living(count) {
    ++living;
  }
  ~Probe() override {
    alive = false;
    --living;
  }
  std::atomic<int>& living;
  std::atomic<bool> alive = true;
};

ErrorCode code_of(const Result<HandleTable::Pin>& result) {
  return result ? ErrorCode::kOk : result.error().code;
}

class HandleTableTest : public testing::Test {
 protected:
  std::uint64_t insert(Kind kind = Kind::kStore) {
    return table_.insert(std::make_shared<Probe>(living_, kind)).value();
  }
  std::atomic<int> living_ = 0;
  HandleTable table_;
};

TEST_F(HandleTableTest, FindsWhatWasInserted) {
  auto object = std::make_shared<Probe>(living_);
  const std::uint64_t handle = table_.insert(object).value();
  EXPECT_NE(handle, 0U);
  const auto pin = table_.pin(handle, Kind::kStore);
  ASSERT_TRUE(pin);
  EXPECT_EQ(pin->object(), object);
}

TEST_F(HandleTableTest, RefusesNumbersThatAreNoHandles) {
  const std::uint64_t handle = insert();
  EXPECT_EQ(code_of(table_.pin(0, Kind::kStore)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(table_.pin(handle, Kind::kReader)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(table_.pin(handle + 1, Kind::kStore)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(table_.pin(UINT64_MAX, Kind::kStore)), ErrorCode::kInvalidArgument);
  // The right slot and generation, but kind bits made up to match.
  const std::uint64_t forged = handle ^ (std::uint64_t{2 ^ 3} << 27);
  EXPECT_EQ(code_of(table_.pin(forged, Kind::kReader)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(table_.close(forged, Kind::kReader)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(table_.pin(handle + (std::uint64_t{1} << 32), Kind::kStore)),
            ErrorCode::kClosed);
  EXPECT_EQ(code_of(table_.pin(handle, Kind::kStore)), ErrorCode::kOk);
}

TEST_F(HandleTableTest, ClosesOnce) {
  const std::uint64_t handle = insert();
  EXPECT_EQ(code_of(table_.close(handle, Kind::kStore)), ErrorCode::kOk);
  EXPECT_EQ(living_, 0);
  EXPECT_EQ(code_of(table_.close(handle, Kind::kStore)), ErrorCode::kClosed);
  EXPECT_EQ(code_of(table_.pin(handle, Kind::kStore)), ErrorCode::kClosed);
}

TEST_F(HandleTableTest, DestroysWithTheLastPin) {
  const std::uint64_t handle = insert();
  {
    const auto first = table_.pin(handle, Kind::kStore);
    const auto second = table_.pin(handle, Kind::kStore);
    EXPECT_EQ(code_of(table_.close(handle, Kind::kStore)), ErrorCode::kOk);
    EXPECT_EQ(code_of(table_.pin(handle, Kind::kStore)), ErrorCode::kClosed);
    EXPECT_EQ(living_, 1);
  }
  EXPECT_EQ(living_, 0);
}

TEST_F(HandleTableTest, NeverGivesAHandleTwice) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t handle = insert();
    EXPECT_TRUE(seen.insert(handle).second);
    EXPECT_EQ(code_of(table_.close(handle, Kind::kStore)), ErrorCode::kOk);
  }
  for (const std::uint64_t handle : seen) {
    EXPECT_EQ(code_of(table_.pin(handle, Kind::kStore)), ErrorCode::kClosed);
  }
}

TEST_F(HandleTableTest, HoldsMoreThanOneChunk) {
  std::vector<std::uint64_t> handles;
  for (int i = 0; i < 5000; ++i) handles.push_back(insert());
  for (const std::uint64_t handle : handles) {
    EXPECT_EQ(code_of(table_.pin(handle, Kind::kStore)), ErrorCode::kOk);
  }
  EXPECT_EQ(living_, 5000);
}

TEST(ObjectTree, ClosesChildrenAndTheirs) {
  HandleTable& table = HandleTable::instance();
  std::atomic<int> living = 0;
  auto root = std::make_shared<Probe>(living, Kind::kProfile);
  auto reader = std::make_shared<Probe>(living, Kind::kReader, root);
  auto iterator = std::make_shared<Probe>(living, Kind::kIterator, reader);
  auto store = std::make_shared<Probe>(living, Kind::kStore, root);
  const auto enter = [&](const std::shared_ptr<Probe>& object, Object& owner) {
    const std::uint64_t handle = table.insert(object).value();
    EXPECT_TRUE(owner.adopt(*object, handle));
    return handle;
  };
  const std::uint64_t reader_handle = enter(reader, *root);
  const std::uint64_t iterator_handle = enter(iterator, *reader);
  const std::uint64_t store_handle = enter(store, *root);
  EXPECT_EQ(code_of(table.close(store_handle, Kind::kStore)), ErrorCode::kOk);
  reader.reset();
  iterator.reset();
  store.reset();
  EXPECT_EQ(living, 3);

  root->close_children();
  EXPECT_EQ(code_of(table.pin(reader_handle, Kind::kReader)), ErrorCode::kClosed);
  EXPECT_EQ(code_of(table.pin(iterator_handle, Kind::kIterator)), ErrorCode::kClosed);
  EXPECT_EQ(living, 1);
  const auto late = std::make_shared<Probe>(living, Kind::kStore, root);
  EXPECT_FALSE(root->adopt(*late, 1)) << "a closed object must not get children";
}

TEST(ConcurrentHandleTable, NoUseAfterDestructionAndNoLoss) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 20'000;
  constexpr std::size_t kShared = 8;
  std::atomic<int> living = 0;
  std::atomic<int> closed = 0;
  {
    HandleTable table;
    std::array<std::atomic<std::uint64_t>, kShared> shared;
    const auto insert = [&] { return table.insert(std::make_shared<Probe>(living)).value(); };
    for (auto& handle : shared) handle = insert();
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937 random(seed + static_cast<unsigned>(t));
        for (int i = 0; i < kRounds; ++i) {
          auto& handle = shared[random() % kShared];
          const std::uint64_t mine = handle.load();
          if (random() % 4 == 0) {
            if (!table.close(mine, Kind::kStore)) continue;
            ++closed;
            handle = insert();
          } else if (const auto pin = table.pin(mine, Kind::kStore)) {
            EXPECT_TRUE(static_cast<Probe&>(*pin->object()).alive);
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(living, static_cast<int>(kShared));
    EXPECT_GT(closed, kRounds / 8);
  }
  EXPECT_EQ(living, 0);
}

}  // namespace
}  // namespace kist::c_api
