#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/model.h"
#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::Savepoint;

// Read transactions over the uncommitted state of a write transaction.
class ReadUncommittedTest : public StoreTest {
 protected:
  static void store(WriteTxn& txn, std::string_view key, std::string_view value, Table table = {}) {
    must(txn.put(table, as_bytes(key), as_bytes(value)));
  }
};

TEST_F(ReadUncommittedTest, SeesTheStateInWhichItBegan) {
  const Database database = open();
  const Table made = must(database.table("made"));
  put(database, "committed", "1");
  put(database, "removed", "1");
  WriteTxn txn = must(database.write());
  const ReadTxn first = must(txn.read_uncommitted());
  EXPECT_EQ(first.id(), txn.id());
  store(txn, "a", "1");
  must(txn.erase({}, as_bytes("removed")));
  must(txn.create_table(made));
  store(txn, "b", "made", made);
  const ReadTxn second = must(txn.read_uncommitted());
  store(txn, "a", "2");
  store(txn, "committed", std::string(100000, 'x'));
  must(txn.drop_table(made));
  const ReadTxn third = must(txn.read_uncommitted());

  EXPECT_EQ(get(first, "committed"), "1");
  EXPECT_EQ(get(first, "removed"), "1");
  EXPECT_EQ(get(first, "a"), std::nullopt);
  EXPECT_FALSE(must(first.exists(made)));
  EXPECT_EQ(must(first.count({})), 2U);
  EXPECT_EQ(get(second, "committed"), "1");
  EXPECT_EQ(get(second, "removed"), std::nullopt);
  EXPECT_EQ(get(second, "a"), "1");
  EXPECT_EQ(get(second, "b", made), "made");
  EXPECT_EQ(must(second.table_names()), std::vector<std::string>{"made"});
  EXPECT_EQ(get(third, "a"), "2");
  EXPECT_EQ(get(third, "committed"), std::string(100000, 'x'));
  EXPECT_FALSE(must(third.exists(made)));
  EXPECT_EQ(get(database, "a"), std::nullopt) << "only the writer's own readers see it";
  must(txn.commit());
  expect_clean(database);
}

TEST_F(ReadUncommittedTest, EndsWithItsWriter) {
  const Database database = open();
  const Table table = must(database.table("table"));
  for (const bool commits : {true, false}) {
    WriteTxn txn = must(database.write());
    must(txn.create_table(table, true));
    store(txn, "a", commits ? "1" : "2");
    ReadTxn reader = must(txn.read_uncommitted());
    EXPECT_EQ(get(reader, "a"), commits ? "1" : "2");
    if (commits) {
      must(txn.commit());
    } else {
      txn.abort();
    }
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(fails(reader.get({}, as_bytes("a")), ErrorCode::kTransactionEnded));
      EXPECT_TRUE(fails(reader.get(table, as_bytes("a")), ErrorCode::kTransactionEnded));
      EXPECT_TRUE(fails(reader.count({}), ErrorCode::kTransactionEnded));
      EXPECT_TRUE(fails(reader.exists(table), ErrorCode::kTransactionEnded));
      EXPECT_TRUE(fails(reader.cursor({}), ErrorCode::kTransactionEnded));
      EXPECT_TRUE(fails(reader.table_names(), ErrorCode::kTransactionEnded));
      EXPECT_TRUE(fails(reader.table_stats({}), ErrorCode::kTransactionEnded));
      put(database, "b", "in between");
    }
    reader.end();
  }
  EXPECT_EQ(get(database, "a"), "1");
  expect_clean(database);
}

TEST_F(ReadUncommittedTest, ClonesSeeTheSameState) {
  const Database database = open();
  const Table old = must(database.table("old"));
  const Table made = must(database.table("made"));
  {
    WriteTxn txn = must(database.write());
    must(txn.create_table(old));
    store(txn, "a", "committed", old);
    must(txn.commit());
  }
  WriteTxn txn = must(database.write());
  must(txn.create_table(made));
  store(txn, "a", "1", old);
  store(txn, "a", "1", made);
  store(txn, "a", "1");
  ReadTxn reader = must(txn.read_uncommitted());
  const ReadTxn clone = must(reader.clone());
  reader.end();
  for (const Table table : {Table(), old, made}) store(txn, "a", "2", table);
  for (const Table table : {Table(), old, made}) EXPECT_EQ(get(clone, "a", table), "1");
  const ReadTxn again = must(clone.clone());
  for (const Table table : {Table(), old, made}) EXPECT_EQ(get(again, "a", table), "1");
  must(txn.commit());
  for (const ReadTxn* ended : {&clone, &again}) {
    EXPECT_TRUE(fails(ended->get(made, as_bytes("a")), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(ended->clone(), ErrorCode::kTransactionEnded));
  }
}

TEST_F(ReadUncommittedTest, EndsWithTheNestedTransactionThatGaveIt) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  store(txn, "a", "1");
  const ReadTxn outer = must(txn.read_uncommitted());
  for (const bool commits : {true, false}) {
    WriteTxn inner = must(txn.nested());
    store(inner, "a", "2");
    const ReadTxn reader = must(inner.read_uncommitted());
    store(inner, "a", "3");
    EXPECT_EQ(get(reader, "a"), "2");
    EXPECT_EQ(get(outer, "a"), "1") << "another thread's: no level concerns it";
    if (commits) {
      must(inner.commit());
    } else {
      inner.abort();
    }
    EXPECT_TRUE(fails(reader.get({}, as_bytes("a")), ErrorCode::kTransactionEnded));
    EXPECT_EQ(get(outer, "a"), "1");
    EXPECT_EQ(get(txn, "a"), "3");
  }
  must(txn.commit());
  expect_clean(database);
}

TEST_F(ReadUncommittedTest, StaysAcrossRollbacks) {
  const Database database = open();
  const std::string large(30000, 'l');
  const std::string huge(std::size_t{3} << 20, 'h');
  WriteTxn txn = must(database.write());
  store(txn, "a", "before");
  const Savepoint savepoint = must(txn.savepoint());
  store(txn, "a", "within");
  store(txn, "large", large);
  store(txn, "huge", huge);
  const ReadTxn reader = must(txn.read_uncommitted());
  for (int i = 0; i < 3; ++i) {
    must(txn.rollback_to(savepoint));
    store(txn, "a", "again");
    store(txn, "large", large + "again");
    store(txn, "huge", huge + "again");  // would lie where the first one does
  }
  EXPECT_EQ(get(reader, "a"), "within");
  EXPECT_EQ(get(reader, "large"), large);
  EXPECT_EQ(get(reader, "huge"), huge);
  EXPECT_EQ(get(txn, "huge"), huge + "again");
  must(txn.commit());
  EXPECT_EQ(get(database, "huge"), huge + "again");
  expect_clean(database);
}

TEST_F(ReadUncommittedTest, OutlivesWriterDatabaseAndMoves) {
  ReadTxn reader = [&] {
    const Database database = open();
    WriteTxn txn = must(database.write());
    store(txn, "a", "1");
    ReadTxn inside = must(txn.read_uncommitted());
    ReadTxn moved = std::move(inside);
    EXPECT_EQ(get(moved, "a"), "1");
    EXPECT_TRUE(fails(inside.get({}, as_bytes("a")),  // NOLINT(bugprone-use-after-move)
                      ErrorCode::kTransactionEnded));
    return moved;
  }();
  EXPECT_TRUE(fails(reader.get({}, as_bytes("a")), ErrorCode::kTransactionEnded));
  reader.end();
  reader.end();
  expect_clean(open());
}

// Several readers of several states on threads of their own, while the writer changes everything,
// goes back, and at last ends under their feet.
class ConcurrentUncommittedTest : public StoreTest {
 protected:
  struct Reader {
    ReadTxn txn;
    Tables content;
    std::atomic<bool>* writer_ended;
    std::uint64_t rounds = 0;
    std::string wrong = {};

    // Reads until the writer has ended; what it reads is right or refused.
    void run(const Database& database) {
      for (bool ended = false; !ended; ++rounds) {
        ended = writer_ended->load();
        for (const auto& [name, records] : content) {
          const Table table = name.empty() ? Table() : must(database.table(name));
          for (const auto& [key, value] : records) {
            const auto found = txn.get(table, as_bytes(key));
            if (!found) {
              if (found.error().code != ErrorCode::kTransactionEnded) wrong = found.error().message;
              return;
            }
            if (ended) wrong = "reads after the end of the writer";
            // The bytes may be looked at only while the writer surely lives.
            if (!found->has_value()) wrong = "misses " + key;
            if (!wrong.empty()) return;
          }
        }
        if (ended) wrong = "was not refused after the end";
      }
    }
    // Compares everything, once, while the writer surely lives.
    void compare(const Database& database) { wrong = difference(content, read_all(database, txn)); }
  };
};

TEST_F(ConcurrentUncommittedTest, ReadersSeeTheirStatesWhileTheWriterGoesOn) {
  Random random(test_seed("ConcurrentUncommittedTest"));
  const Database database = open({.page_size = 512});
  for (int round = 0; round < 6; ++round) {
    Tables content = read_all(database, must(database.read()));
    WriteTxn txn = must(database.write());
    const auto change = [&](WriteTxn& on, int count) {
      DualWriter writer(database, on, content);
      if (!content.contains("table")) writer.create("table");
      for (int i = 0; i < count; ++i) {
        const std::string name = random.one_in(2) ? "" : "table";
        const std::string key = "key " + std::to_string(random.below(400));
        if (random.one_in(4)) {
          writer.erase(name, key);
        } else {
          writer.put(name, key, random.bytes(random.one_in(20) ? 3000 : random.below(60)));
        }
      }
    };

    // First: states that are compared as a whole.
    for (int i = 0; i < 3; ++i) {
      change(txn, 60);
      std::atomic<bool> ended = false;
      std::vector<std::unique_ptr<Reader>> readers;
      std::vector<std::thread> threads;
      for (int j = 0; j < 3; ++j) {
        change(txn, 30);
        readers.push_back(
            std::make_unique<Reader>(Reader{must(txn.read_uncommitted()), content, &ended}));
        threads.emplace_back([&, reader = readers.back().get()] { reader->compare(database); });
      }
      {
        WriteTxn inner = must(txn.nested());
        change(inner, 200);
        if (random.one_in(2)) must(inner.commit());
        inner.abort();
      }
      for (std::thread& thread : threads) thread.join();
      for (const auto& reader : readers) EXPECT_EQ(reader->wrong, "");
      content = read_all(database, txn);
    }

    // Then: readers that the end of the writer surprises.
    std::atomic<bool> ended = false;
    std::vector<std::unique_ptr<Reader>> readers;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      change(txn, 20);
      readers.push_back(
          std::make_unique<Reader>(Reader{must(txn.read_uncommitted()), content, &ended}));
      threads.emplace_back([&, reader = readers.back().get()] { reader->run(database); });
    }
    change(txn, 300);
    if (round % 2 == 0) {
      must(txn.commit());
    } else {
      txn.abort();
    }
    ended = true;
    put(database, "another transaction", std::to_string(round));  // in memory taken anew
    for (std::thread& thread : threads) thread.join();
    for (const auto& reader : readers) EXPECT_EQ(reader->wrong, "");
  }
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
