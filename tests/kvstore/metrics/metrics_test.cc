#include <chrono>
#include <string>
#include <vector>

#include <kist/metrics.h>
#include <kist/queue.h>

#include "tests/support/checked_profile.h"
#include "tests/support/child_process.h"

namespace kist {
namespace {

using test::code_of;
using test::must;

class MetricsTest : public test::ProfileTest {};

TEST_F(MetricsTest, StoresCommitsQueueAndErrorsAreCounted) {
  const Profile profile = open();
  const Store a = must(profile.open_store("a"));
  const Store b = must(profile.open_store("b", {.multi = true}));
  for (std::uint64_t i = 0; i < 10; ++i) must(a.put(std::to_string(i), ValueView::u64(i)));
  must(b.put("k", ValueView::string(std::string(20'000, 'x'))));
  must(profile.queue().put(b, "k", ValueView::u64(1)).durable.get());
  EXPECT_EQ(code_of(a.get<bool>("1")), ErrorCode::kWrongType);
  EXPECT_EQ(code_of(a.get<bool>("2")), ErrorCode::kWrongType);
  EXPECT_EQ(code_of(a.put(7, ValueView::u64(1))), ErrorCode::kWrongKind);
  EXPECT_EQ(code_of(a.put("k", ValueView::json("["))), ErrorCode::kInvalidJson);
  const Reader reader = must(profile.read());
  const Metrics metrics = must(profile.metrics());
  ASSERT_EQ(metrics.stores.size(), 2U);
  EXPECT_EQ(metrics.stores[0].name, "a");
  EXPECT_EQ(metrics.stores[0].records, 10U);
  EXPECT_EQ(metrics.stores[0].bytes, 4096U);
  EXPECT_EQ(metrics.stores[1].records, 2U);
  EXPECT_GT(metrics.stores[1].bytes, 20'000U);
  EXPECT_EQ(metrics.commits.count, 14U);
  EXPECT_GE(metrics.commits.total, metrics.commits.longest);
  EXPECT_EQ(metrics.queue.writes, 1U);
  EXPECT_EQ(metrics.queue.groups, 1U);
  EXPECT_EQ(metrics.errors, (std::map<ErrorCode, std::uint64_t>{{ErrorCode::kWrongType, 2},
                                                                {ErrorCode::kWrongKind, 1},
                                                                {ErrorCode::kInvalidJson, 1}}));
  EXPECT_EQ(metrics.transactions, 1U);
  EXPECT_GT(metrics.memory, 0U);
  EXPECT_LT(metrics.memory, 100'000U);
  EXPECT_EQ(metrics.environment.page_size, 4096U);
  EXPECT_TRUE(must(profile.environment_metrics()).stores.empty());
}

TEST_F(MetricsTest, AListenerHearsOfCommitsAndErrorsUntilItsUserIsClosed) {
  const Profile profile = open();
  const Profile other = open();
  const Store store = must(profile.open_store("s"));
  std::vector<Event> events;
  must(other.listen([&events](const Event& event) { events.push_back(event); }));
  must(store.put("k", ValueView::u64(1)));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, Event::Kind::kCommit);
  EXPECT_EQ(events[0].transaction, must(profile.stats()).transaction_id);
  EXPECT_EQ(events[0].writes, 1U);
  EXPECT_EQ(code_of(store.get<bool>("k")), ErrorCode::kWrongType);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].error.code, ErrorCode::kWrongType);
  EXPECT_EQ(events[1].error.message, "store 's', key 'k': wanted bool, found u64");
  {
    const Writer writer = must(profile.write());
    for (int i = 0; i < 3; ++i) profile.queue().put(store, "k", ValueView::u64(2));
  }
  must(profile.queue().flush().get());
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[2].writes, 3U);
  must(other.close());
  must(store.put("k", ValueView::u64(3)));
  EXPECT_EQ(events.size(), 3U);
  EXPECT_EQ(code_of(other.listen(nullptr)), ErrorCode::kClosed);
}

TEST_F(MetricsTest, AForkedChildTellsNobody) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  int heard = 0;
  must(profile.listen([&heard](const Event&) { ++heard; }));
  test::ChildProcess child([&] {
    if (code_of(store.get("k")) != ErrorCode::kForked) return 1;
    (void)profile.close();
    return heard;
  });
  EXPECT_EQ(child.wait(), 0);
}

}  // namespace
}  // namespace kist
