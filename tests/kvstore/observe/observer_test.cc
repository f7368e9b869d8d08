#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <kist/observer.h>

#include "tests/support/checked_profile.h"
#include "tests/support/child_process.h"
#include "tests/support/deliveries.h"
#include "tests/support/random.h"

namespace kist {
namespace {

using Kind = Delivery::Kind;
using std::chrono::seconds;
using test::code_of;
using test::Deliveries;
using test::failed_with;
using test::Mirror;
using test::must;

class ObserverTest : public test::ProfileTest {};
class LongObserverTest : public test::ProfileTest {};
class ConcurrentObserverTest : public test::ProfileTest {};

std::vector<std::string> keys_of(const Delivery& delivery) {
  std::vector<std::string> keys;
  for (const Change& change : delivery.changes) keys.push_back(change.key);
  return keys;
}

TEST_F(ObserverTest, TellsOldAndNewValuesInTheOrderOfKeys) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("b", ValueView::u64(1)));
  must(store.put("c", ValueView::u64(1)));
  Deliveries told;
  const Observer observer = must(store.observe({}, told.callback()));
  Batch batch;
  must(batch.put(store, "c", ValueView::string("two")));
  must(batch.put(store, "a", ValueView::u64(2)));
  must(batch.erase(store, "b"));
  must(profile.apply(batch));
  const Delivery delivery = told.wait_for(1).at(0);
  EXPECT_EQ(delivery.kind, Kind::kChanges);
  ASSERT_EQ(keys_of(delivery), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(delivery.changes[0].before, std::nullopt);
  EXPECT_EQ(delivery.changes[0].after, Value::u64(2));
  EXPECT_EQ(delivery.changes[1].before, Value::u64(1));
  EXPECT_EQ(delivery.changes[1].after, std::nullopt);
  EXPECT_EQ(delivery.changes[2].before, Value::u64(1));
  EXPECT_EQ(delivery.changes[2].after, Value::string("two"));
  EXPECT_LT(delivery.from.id, delivery.to.id);
  EXPECT_EQ(delivery.to, must(must(profile.read()).mark()));
  EXPECT_GT(delivery.pages_visited, 0U);
}

TEST_F(ObserverTest, OfAKeyAPrefixOrARange) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  Deliveries of_key;
  Deliveries of_prefix;
  Deliveries of_range;
  const Observer one = must(store.observe({.key = "b"}, of_key.callback()));
  const Observer two = must(store.observe({.prefix = "b"}, of_prefix.callback()));
  const Observer three = must(store.observe({.from = "b", .to = "bb"}, of_range.callback()));
  must(store.put("a", ValueView::u64(1)));
  must(store.put("c", ValueView::u64(1)));
  Batch batch;
  for (const char* key : {"a", "b", "ba", "bb", "c"}) {
    must(batch.put(store, key, ValueView::u64(2)));
  }
  must(profile.apply(batch));
  EXPECT_EQ(keys_of(of_key.wait_for(1).at(0)), (std::vector<std::string>{"b"}));
  EXPECT_EQ(keys_of(of_prefix.wait_for(1).at(0)), (std::vector<std::string>{"b", "ba", "bb"}));
  EXPECT_EQ(keys_of(of_range.wait_for(1).at(0)), (std::vector<std::string>{"b", "ba"}));
  must(store.erase("b"));
  const Delivery erased = of_key.wait_for(2).at(1);
  EXPECT_EQ(erased.changes.at(0).before, Value::u64(2));
  EXPECT_EQ(erased.changes.at(0).after, std::nullopt);
  EXPECT_EQ(code_of(store.observe({.reverse = true}, of_key.callback())),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(store.observe({.limit = 1}, of_key.callback())), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(store.observe({.key = 7}, of_key.callback())), ErrorCode::kWrongKind);
  EXPECT_EQ(code_of(store.observe({}, nullptr)), ErrorCode::kInvalidArgument);
}

TEST_F(ObserverTest, OfIntegersAndOfSeveralValuesAKey) {
  const Profile profile = open();
  const Store numbers = must(profile.open_store("n", {.keys = KeyType::kI32}));
  const Store multi = must(profile.open_store("m", {.multi = true}));
  must(multi.put("k", ValueView::u64(1)));
  Deliveries of_numbers;
  Deliveries of_multi;
  const Observer one = must(numbers.observe({.key = -5}, of_numbers.callback()));
  const Observer two = must(multi.observe({.key = "k"}, of_multi.callback()));
  must(numbers.put(-5, ValueView::u64(1)));
  const Change change = of_numbers.wait_for(1).at(0).changes.at(0);
  EXPECT_EQ(must(change.number<std::int64_t>()), -5);
  EXPECT_EQ(code_of(change.number<std::uint64_t>()), ErrorCode::kOutOfRange);
  must(multi.put("l", ValueView::u64(2)));
  must(multi.put("k", ValueView::u64(2)));
  const Delivery came = of_multi.wait_for(1).at(0);
  ASSERT_EQ(came.changes.size(), 1U);
  EXPECT_EQ(came.changes[0].before, std::nullopt);
  EXPECT_EQ(came.changes[0].after, Value::u64(2));
  EXPECT_EQ(code_of(came.changes[0].number<std::uint64_t>()), ErrorCode::kWrongKind);
  must(multi.erase("k", ValueView::u64(1)));
  EXPECT_EQ(of_multi.wait_for(2).at(1).changes.at(0).before, Value::u64(1));
}

TEST_F(ObserverTest, ABusyOneIsToldOfTheNewestStateOnly) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  std::latch begun(1);
  std::latch go_on(1);
  Deliveries told;
  const Observer observer = must(store.observe({}, [&](const Delivery& delivery) {
    if (told.all().empty()) {
      begun.count_down();
      go_on.wait();
    }
    told.callback()(delivery);
  }));
  must(store.put("k", ValueView::u64(0)));
  begun.wait();
  for (std::uint64_t i = 1; i <= 100; ++i) must(store.put("k", ValueView::u64(i)));
  must(store.put("gone", ValueView::u64(1)));
  must(store.erase("gone"));
  go_on.count_down();
  const std::vector<Delivery> all = told.wait_for(2);
  EXPECT_EQ(all[0].changes.at(0).after, Value::u64(0));
  ASSERT_EQ(keys_of(all[1]), (std::vector<std::string>{"k"}));
  EXPECT_EQ(all[1].changes[0].before, Value::u64(0));
  EXPECT_EQ(all[1].changes[0].after, Value::u64(100));
  EXPECT_EQ(all[1].from, all[0].to);
}

TEST_F(ObserverTest, StoresComeAndGo) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("k", ValueView::u64(1)));
  Deliveries told;
  Deliveries of_key;
  const Observer observer = must(store.observe({}, told.callback()));
  const Observer of_one = must(store.observe({.key = "k"}, of_key.callback()));
  EXPECT_TRUE(must(profile.drop_store("s")));
  EXPECT_EQ(told.wait_for(1).at(0).changes.at(0).before, Value::u64(1));
  EXPECT_EQ(of_key.wait_for(1).at(0).changes.at(0).after, std::nullopt);
  must(must(profile.open_store("s")).put("k", ValueView::u64(2)));
  EXPECT_EQ(told.wait_for(2).at(1).changes.at(0).after, Value::u64(2));
  EXPECT_EQ(of_key.wait_for(2).at(1).changes.at(0).after, Value::u64(2));
}

TEST_F(ObserverTest, BeginsWithTheSnapshotOfAReader) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  Reader reader = must(profile.read());
  must(store.put("k", ValueView::u64(1)));
  Deliveries told;
  const Observer observer = must(store.observe({}, told.callback(), {.from = &reader}));
  reader.end();
  EXPECT_EQ(told.wait_for(1).at(0).changes.at(0).after, Value::u64(1));
  EXPECT_EQ(code_of(store.observe({}, told.callback(), {.from = &reader})),
            ErrorCode::kTransactionEnded);
}

TEST_F(ObserverTest, BeginsWithARememberedSnapshotOrSaysReload) {
  SnapshotMark mark;
  {
    const Profile profile = open();
    const Store store = must(profile.open_store("s"));
    Deliveries told;
    Observer observer = must(store.observe({}, told.callback()));
    must(store.put("k", ValueView::u64(1)));
    told.wait_for(1);
    observer.stop();
    EXPECT_FALSE(observer.active());
    mark = observer.seen();
    EXPECT_EQ(mark, told.all().at(0).to);
  }
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  Deliveries in_time;
  Deliveries too_late;
  const Observer first = must(store.observe({}, in_time.callback(), {.since = mark}));
  must(store.put("k", ValueView::u64(2)));
  EXPECT_EQ(in_time.wait_for(1).at(0).changes.at(0).before, Value::u64(1));
  const Observer second = must(store.observe({}, too_late.callback(), {.since = mark}));
  const Delivery reload = too_late.wait_for(1).at(0);
  EXPECT_EQ(reload.kind, Kind::kReload);
  EXPECT_EQ(reload.from, mark);
  must(store.put("k", ValueView::u64(3)));
  const Delivery next = too_late.wait_for(2).at(1);
  EXPECT_EQ(next.kind, Kind::kChanges);
  EXPECT_EQ(next.from, reload.to);
  const Reader reader = must(profile.read());
  EXPECT_EQ(code_of(store.observe({}, too_late.callback(), {.from = &reader, .since = mark})),
            ErrorCode::kMisuse);
}

TEST_F(ObserverTest, TooMuchAtATimeIsAReload) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  Deliveries told;
  const Observer observer = must(store.observe({}, told.callback(), {.max_bytes = 1000}));
  must(store.put("k", ValueView::string(std::string(1000, 'x'))));
  EXPECT_EQ(told.wait_for(1).at(0).kind, Kind::kReload);
  EXPECT_TRUE(told.all().at(0).changes.empty());
  must(store.put("l", ValueView::u64(1)));
  EXPECT_EQ(keys_of(told.wait_for(2).at(1)), (std::vector<std::string>{"l"}));
}

TEST_F(ObserverTest, ASlowOneHoldsBackNoMoreThanItMay) {
  const Profile profile =
      open({.durability = Durability::kRelaxed, .flush_bytes = 1 << 20, .observer_bytes = 1 << 20});
  const Store store = must(profile.open_store("s"));
  // More than the bound, and all of it changes.
  const auto overwrite = [&](std::uint64_t round) {
    for (std::uint64_t part = 0; part < 8; ++part) {
      Batch batch;
      for (std::uint64_t i = 0; i < 250; ++i) {
        const std::string text = std::to_string(round) + std::string(2000, 'x');
        must(batch.put(store, std::to_string(part * 250 + i), ValueView::string(text)));
      }
      must(profile.apply(batch));
    }
  };
  overwrite(0);
  std::latch begun(1);
  std::latch go_on(1);
  Deliveries told;
  const Observer observer = must(store.observe({.prefix = "s"}, [&](const Delivery& delivery) {
    if (told.all().empty()) {
      begun.count_down();
      go_on.wait();
    }
    told.callback()(delivery);
  }));
  must(store.put("s", ValueView::u64(1)));
  begun.wait();
  for (std::uint64_t round = 1; round < 20; ++round) overwrite(round);
  // Nothing of it is held back, although it has not been told.
  EXPECT_GT(must(profile.stats()).oldest_pinned, observer.seen().id);
  go_on.count_down();
  EXPECT_EQ(told.wait_for(2).at(1).kind, Kind::kReload);
  must(store.put("s", ValueView::u64(2)));
  EXPECT_EQ(told.wait_for(3).at(2).kind, Kind::kChanges);
}

TEST_F(ObserverTest, IsNotRunningWhenStopReturns) {
  const Profile profile = open({.durability = Durability::kRelaxed});
  const Store store = must(profile.open_store("s"));
  for (std::uint64_t i = 0; i < 100; ++i) {
    auto alive = std::make_shared<std::atomic<bool>>(true);
    std::atomic<bool>* const flag = alive.get();
    const std::weak_ptr<std::atomic<bool>> watch = alive;
    Observer observer = must(store.observe({}, [alive, flag](const Delivery&) {
      if (!flag->load()) std::abort();
    }));
    alive.reset();
    must(store.put("k", ValueView::u64(i)));
    observer.stop();
    EXPECT_TRUE(watch.expired()) << "the callback was not destroyed";
  }
}

TEST_F(ObserverTest, ACallbackMayDoEverything) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  Deliveries told;
  Observer observer;
  Observer inner;
  std::latch stopped(1);
  std::latch assigned(1);
  observer = must(store.observe({.key = "a"}, [&](const Delivery& delivery) {
    assigned.wait();
    must(store.put("b", *delivery.changes.at(0).after));
    inner = must(store.observe({.key = "c"}, told.callback()));
    observer.stop();
    stopped.count_down();
  }));
  assigned.count_down();
  must(store.put("a", ValueView::u64(7)));
  stopped.wait();
  EXPECT_EQ(must(store.get<std::uint64_t>("b")), 7U);
  must(store.put("a", ValueView::u64(8)));
  must(store.put("c", ValueView::u64(9)));
  EXPECT_EQ(told.wait_for(1).at(0).changes.at(0).after, Value::u64(9));
  EXPECT_EQ(must(store.get<std::uint64_t>("b")), 7U);
}

TEST_F(ObserverTest, OneThatThrowsIsStopped) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  Deliveries told;
  const Observer thrower =
      must(store.observe({}, [](const Delivery&) { throw std::runtime_error("no"); }));
  const Observer observer = must(store.observe({}, told.callback()));
  must(store.put("k", ValueView::u64(1)));
  told.wait_for(1);
  EXPECT_FALSE(thrower.active());
  EXPECT_TRUE(observer.active());
}

TEST_F(ObserverTest, CloseTellsTheEnd) {
  const Profile profile = open();
  const Profile other = open();
  Deliveries told;
  Deliveries of_other;
  const Store store = must(profile.open_store("s"));
  const Observer observer = must(store.observe({}, told.callback()));
  const Observer stays = must(must(other.open_store("s")).observe({}, of_other.callback()));
  must(profile.close());
  const std::vector<Delivery> all = told.all();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].kind, Kind::kEnded);
  EXPECT_EQ(all[0].error.code, ErrorCode::kClosed);
  EXPECT_FALSE(observer.active());
  EXPECT_EQ(code_of(store.observe({}, told.callback())), ErrorCode::kClosed);
  EXPECT_TRUE(stays.active());
  must(must(other.open_store("s")).put("k", ValueView::u64(1)));
  EXPECT_EQ(of_other.wait_for(1).at(0).kind, Kind::kChanges);
  must(Manager::instance().shutdown(seconds(60)));
  EXPECT_EQ(of_other.wait_for(2).at(1).kind, Kind::kEnded);
  EXPECT_EQ(told.all().size(), 1U);
}

TEST_F(ObserverTest, AShutdownDoesNotWaitForEver) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  std::latch begun(1);
  std::latch go_on(1);
  Observer observer = must(store.observe({}, [&](const Delivery& delivery) {
    if (delivery.kind != Kind::kChanges) return;
    begun.count_down();
    go_on.wait();
  }));
  must(store.put("k", ValueView::u64(1)));
  begun.wait();
  EXPECT_TRUE(failed_with(Manager::instance().shutdown(std::chrono::milliseconds(10)),
                          ErrorCode::kTimedOut, "observer"));
  go_on.count_down();
  observer.stop();
}

TEST_F(ObserverTest, TheLastHandleMayGoInACallback) {
  std::latch done(1);
  {
    Profile profile = open();
    Store store = must(profile.open_store("s"));
    struct Handles {
      Store store;
      Observer observer;
    };
    auto handles = std::make_shared<Handles>();
    handles->store = store;
    std::latch assigned(1);
    handles->observer =
        must(store.observe({}, [handles, &done, &assigned](const Delivery&) mutable {
          assigned.wait();
          handles->observer.stop();
          handles.reset();
          done.count_down();
        }));
    handles.reset();
    assigned.count_down();
    must(store.put("k", ValueView::u64(1)));
    done.wait();
  }
}

TEST_F(ObserverTest, AForkedChildObservesNothing) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  Deliveries told;
  Observer observer = must(store.observe({}, told.callback()));
  test::ChildProcess child([&] {
    if (observer.active()) return 1;
    if (code_of(store.observe({}, told.callback())) != ErrorCode::kForked) return 2;
    observer.stop();
    (void)profile.close();
    const Profile again = must(Manager::instance().open(directory()));
    Deliveries of_child;
    const Store reopened = must(again.open_store("s"));
    Observer own = must(reopened.observe({}, of_child.callback()));
    must(reopened.put("k", ValueView::u64(1)));
    if (of_child.wait_for(1).at(0).changes.at(0).after != Value::u64(1)) return 3;
    own.stop();
    return code_of(again.close()) == ErrorCode::kOk ? 0 : 4;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(told.wait_for(1).at(0).changes.at(0).after, Value::u64(1));
}

TEST_F(LongObserverTest, OneChangeInAMillionRecordsVisitsFewPages) {
  const Profile profile = open({.durability = Durability::kRelaxed});
  const Store store = must(profile.open_store("s"));
  for (int part = 0; part < 10; ++part) {
    Batch batch;
    for (int i = 0; i < 100'000; ++i) {
      const std::string key = std::to_string(10'000'000 + part * 100'000 + i);
      must(batch.put(store, key, ValueView::string("a value of some thirty bytes....")));
    }
    must(profile.apply(batch));
  }
  ASSERT_EQ(must(store.count()), 1'000'000U);
  Deliveries told;
  const Observer observer = must(store.observe({}, told.callback()));
  must(store.put("10471117", ValueView::u64(1)));
  const Delivery delivery = told.wait_for(1).at(0);
  ASSERT_EQ(keys_of(delivery), (std::vector<std::string>{"10471117"}));
  std::cout << delivery.pages_visited << " pages visited\n";
  EXPECT_GT(delivery.pages_visited, 1U);
  EXPECT_LT(delivery.pages_visited, 50U);
}

TEST_F(ConcurrentObserverTest, EveryMirrorEqualsTheStore) {
  const Profile profile = open({.durability = Durability::kRelaxed});
  const Store store = must(profile.open_store("s"));
  constexpr int kWriters = 3;
  constexpr int kObservers = 3;
  constexpr std::uint64_t kChanges = 300;
  std::vector<Mirror> mirrors(kObservers);
  std::vector<std::atomic<std::uint64_t>> told(kObservers);
  std::vector<Observer> observers;
  for (int i = 0; i < kObservers; ++i) {
    observers.push_back(must(store.observe({}, [&, i](const Delivery& delivery) {
      if (delivery.kind == Kind::kEnded) return;
      mirrors[static_cast<std::size_t>(i)].apply(delivery);
      told[static_cast<std::size_t>(i)] = delivery.to.id;
    })));
  }
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      test::Random random(static_cast<std::uint64_t>(w));
      for (std::uint64_t i = 0; i < kChanges; ++i) {
        const std::string key = std::to_string(random.below(50));
        if (random.one_in(4)) {
          must(store.erase(key));
        } else {
          must(store.put(key, ValueView::u64(random.below(1000))));
        }
      }
    });
  }
  threads.emplace_back([&] {  // others come and go
    for (int i = 0; i < 100; ++i) {
      Observer passing = must(store.observe({.prefix = "1"}, [](const Delivery&) {}));
      passing.stop();
    }
  });
  for (std::thread& thread : threads) thread.join();
  // A last change, after which nothing comes.
  must(store.put("last", ValueView::u64(1)));
  const std::uint64_t newest = must(profile.read()).id();
  for (const auto& last : told) {
    for (int i = 0; i < 60'000 && last < newest; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  for (Observer& observer : observers) observer.stop();
  std::map<std::string, Value> records;
  Iterator iterator = must(store.iterate());
  while (must(iterator.next())) {
    records.emplace(std::string(iterator.key()), must(iterator.value()).to_value());
  }
  for (const Mirror& mirror : mirrors) EXPECT_EQ(mirror.records(), records);
}

}  // namespace
}  // namespace kist
