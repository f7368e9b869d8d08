#include <gtest/gtest.h>

#include <kist/engine/value_stream.h>

#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using ForkTest = StoreTest;

// Runs `body` in a forked child; an exception there is a failure too.
template <typename F>
int in_child(F&& body) {
  return ChildProcess([&] {
           try {
             return body();
           } catch (const std::exception& error) {
             std::cerr << error.what() << std::endl;
             return 120;
           }
         })
      .wait();
}

TEST_F(ForkTest, InheritedHandlesAreStale) {
  const Database database = open();
  put(database, "a", "1");
  const ReadTxn reader = must(database.read());
  EXPECT_EQ(in_child([&] {
              if (!fails(database.read(), ErrorCode::kForked)) return 1;
              if (!fails(database.write(), ErrorCode::kForked)) return 2;
              if (!fails(database.sync(), ErrorCode::kForked)) return 3;
              if (!fails(database.check(), ErrorCode::kForked)) return 4;
              if (!fails(reader.get({}, as_bytes("a")), ErrorCode::kForked)) return 5;
              if (!fails(reader.count({}), ErrorCode::kForked)) return 6;
              if (!fails(reader.cursor({}), ErrorCode::kForked)) return 7;
              return 0;
            }),
            0);
  EXPECT_EQ(get(reader, "a"), "1");
  put(database, "b", "2");
  expect_clean(database);
}

TEST_F(ForkTest, ReopeningWorksInTheChild) {
  const Database database = open();
  put(database, "a", "1");
  EXPECT_EQ(in_child([&] {
              const Database mine = must(Database::open(path()));
              if (get(mine, "a") != "1") return 1;
              put(mine, "from", "the child");
              if (!must(mine.check()).clean()) return 2;
              return 0;
            }),
            0);
  EXPECT_EQ(get(database, "from"), "the child");
  put(database, "b", "2");
  expect_clean(database);
}

TEST_F(ForkTest, DestroyingInheritedHandlesHarmsNobody) {
  std::optional<Database> database = open();
  put(*database, "a", "1");
  std::optional<ReadTxn> reader = must(database->read());
  std::optional<WriteTxn> writer = must(database->write());
  must(writer->put({}, as_bytes("b"), as_bytes("2")));
  EXPECT_EQ(in_child([&] {
              if (!fails(writer->put({}, as_bytes("c"), as_bytes("3")), ErrorCode::kForked))
                return 1;
              if (!fails(writer->commit(), ErrorCode::kForked)) return 2;
              writer.reset();
              reader.reset();
              static_cast<void>(database->close());
              database.reset();
              const Database mine = must(Database::open(path()));
              if (!fails(mine.write(kNoWait), ErrorCode::kBusy)) return 3;
              return get(mine, "a") == "1" ? 0 : 4;
            }),
            0);
  EXPECT_EQ(get(*reader, "a"), "1");
  EXPECT_TRUE(fails(database->write(kNoWait), ErrorCode::kBusy)) << "the writer lock was lost";
  must(writer->commit());
  EXPECT_EQ(get(*database, "b"), "2");
  expect_clean(*database);
}

TEST_F(ForkTest, TheReaderOfAParentStaysPinned) {
  const Database database = open({.page_size = 512});
  const std::string value(3000, 'v');
  for (int i = 0; i < 20; ++i) put(database, std::to_string(i), value);
  const ReadTxn reader = must(database.read());
  EXPECT_EQ(in_child([&] {
              const Database mine = must(Database::open(path()));
              for (int round = 0; round < 20; ++round) {
                const std::string other(3000, static_cast<char>('a' + round));
                for (int i = 0; i < 20; ++i) put(mine, std::to_string(i), other);
              }
              return 0;
            }),
            0);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(get(reader, std::to_string(i)), value);
  expect_clean(database);
}

TEST_F(ForkTest, EveryCallOfAnInheritedTransactionSaysSo) {
  const Database database = open();
  put(database, "a", std::string(100'000, 'a'));
  ReadTxn reader = must(database.read());
  std::optional<ReadTxn> clone = must(reader.clone());
  std::optional<engine::ValueReader> value = must(reader.open_value({}, as_bytes("a")));
  std::optional<WriteTxn> writer = must(database.write());
  std::optional<WriteTxn> inner = must(writer->nested());
  EXPECT_EQ(in_child([&] {
              std::uint8_t byte = 0;
              if (!fails(reader.lag(), ErrorCode::kForked)) return 1;
              if (!fails(reader.clone(), ErrorCode::kForked)) return 2;
              if (!fails(value->read(0, {&byte, 1}), ErrorCode::kForked)) return 3;
              if (!fails(reader.open_value({}, as_bytes("a")), ErrorCode::kForked)) return 4;
              if (!fails(database.upgrade(reader), ErrorCode::kForked)) return 5;
              if (!fails(reader.renew(), ErrorCode::kForked)) return 6;
              reader.reset();
              if (!fails(reader.renew(), ErrorCode::kForked)) return 7;
              if (!fails(inner->put({}, {}, {}), ErrorCode::kForked)) return 8;
              if (!fails(inner->reserve({}, {}, 10), ErrorCode::kForked)) return 9;
              if (!fails(inner->put_many({}, {}), ErrorCode::kForked)) return 10;
              if (!fails(inner->stream_value({}, {}, 10), ErrorCode::kForked)) return 11;
              if (!fails(inner->advance_sequence({}), ErrorCode::kForked)) return 12;
              if (!fails(writer->commit_and_continue(), ErrorCode::kForked)) return 13;
              if (!fails(writer->commit_and_read(), ErrorCode::kForked)) return 14;
              if (!fails(database.write(), ErrorCode::kForked)) return 15;
              if (!fails(database.sync(), ErrorCode::kForked)) return 16;
              if (!fails(database.stats(), ErrorCode::kForked)) return 17;
              clone.reset();
              value.reset();
              inner.reset();
              writer.reset();
              return 0;
            }),
            0);
  must(inner->put({}, as_bytes("b"), as_bytes("2")));
  must(inner->commit());
  EXPECT_EQ(get(*clone, "a"), std::string(100'000, 'a'));
  const ReadTxn result = must(writer->commit_and_read());
  EXPECT_EQ(get(result, "b"), "2");
  expect_clean(database);
}

TEST_F(ForkTest, GrandchildrenToo) {
  const Database database = open();
  EXPECT_EQ(in_child([&] {
              const Database mine = must(Database::open(path()));
              put(mine, "child", "1");
              const int status = in_child([&] {
                if (!fails(mine.read(), ErrorCode::kForked)) return 1;
                if (!fails(database.read(), ErrorCode::kForked)) return 2;
                put(must(Database::open(path())), "grandchild", "2");
                return 0;
              });
              if (status != 0) return 10 + status;
              return get(mine, "grandchild") == "2" ? 0 : 3;
            }),
            0);
  EXPECT_EQ(get(database, "child"), "1");
  EXPECT_EQ(get(database, "grandchild"), "2");
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
