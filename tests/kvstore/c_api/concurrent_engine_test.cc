// Ending transactions and closing the database while other threads call, for ThreadSanitizer;
// tests/c/engine_concurrent_test.c is the same from C, with more rounds.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <kist/kist_engine.h>

#include "tests/support/temp_directory.h"

namespace kist::c_api {
namespace {

constexpr kist_table kTable{};

/// One handle of each kind that several threads may meet at.
struct Handles {
  kist_db db{};
  kist_txn read{};
  kist_txn write{};
  kist_txn uncommitted{};
  kist_cursor read_cursor{};
  kist_cursor wandering{};  // goes from one transaction to another
};

void put(kist_txn txn, const std::string& key) {
  EXPECT_EQ(kist_txn_put(txn, kTable, key.data(), key.size(), "value", 5, KIST_PUT_UPSERT, nullptr,
                         nullptr),
            KIST_OK);
}

Handles open_all(const std::string& path) {
  Handles all;
  kist_db_options options{};
  options.struct_size = sizeof options;
  options.create = true;
  options.durability = KIST_DURABILITY_RELAXED;
  EXPECT_EQ(kist_db_open(path.data(), path.size(), &options, &all.db, nullptr), KIST_OK);
  EXPECT_EQ(kist_txn_begin_write(all.db, KIST_WAIT_FOREVER, &all.write, nullptr), KIST_OK);
  for (int i = 0; i < 50; ++i) put(all.write, "key" + std::to_string(i));
  EXPECT_EQ(kist_txn_commit(all.write, 0, nullptr, nullptr), KIST_OK);
  EXPECT_EQ(kist_txn_begin_read(all.db, &all.read, nullptr), KIST_OK);
  EXPECT_EQ(kist_txn_begin_write(all.db, KIST_WAIT_FOREVER, &all.write, nullptr), KIST_OK);
  put(all.write, "key7");
  EXPECT_EQ(kist_txn_begin_uncommitted(all.write, &all.uncommitted, nullptr), KIST_OK);
  EXPECT_EQ(kist_cursor_open(all.read, kTable, &all.read_cursor, nullptr), KIST_OK);
  EXPECT_EQ(kist_cursor_open(all.read, kTable, &all.wandering, nullptr), KIST_OK);
  return all;
}

/// Whether a call succeeded; otherwise what it used is gone.
bool went(kist_code code) {
  EXPECT_TRUE(code == KIST_OK || code == KIST_ERROR_CLOSED || code == KIST_ERROR_TRANSACTION_ENDED)
      << kist_code_name(code);
  return code == KIST_OK;
}

bool went(kist_code code, kist_pairs& pairs) {
  kist_pairs_free(&pairs);
  return went(code);
}

bool get(kist_txn txn) {
  kist_buffer value;
  const bool done = went(kist_txn_get_copy(txn, kTable, "key7", 4, &value, nullptr, nullptr));
  kist_buffer_free(&value);
  return done;
}

bool use_reads(const Handles& h) {
  kist_pairs pairs;
  bool more = get(h.read);
  more |=
      went(kist_cursor_move(h.read_cursor, KIST_CURSOR_FIRST, nullptr, nullptr, nullptr, nullptr));
  more |= went(kist_cursor_rebind(h.wandering, h.read, nullptr));
  more |= went(kist_cursor_read_copies(h.wandering, 5, 1000, &pairs, nullptr), pairs);
  return more;
}

bool use_writes(const Handles& h) {
  kist_savepoint point{};
  bool more = went(kist_txn_put(h.write, kTable, "w", 1, "x", 1, 0, nullptr, nullptr));
  more |= went(kist_cursor_rebind(h.wandering, h.write, nullptr));
  more |= went(kist_txn_savepoint(h.write, &point, nullptr));
  if (point.id != 0) {
    more |= went(kist_txn_rollback_to(h.write, point, nullptr));
    more |= went(kist_txn_release(h.write, point, nullptr));
  }
  return more;
}

bool use_uncommitted(const Handles& h) {
  bool more = get(h.uncommitted);
  kist_txn another;
  if (went(kist_txn_begin_uncommitted(h.write, &another, nullptr))) {
    more |= get(another);
    more |= went(kist_txn_abort(another, nullptr));
  }
  return more;
}

TEST(ConcurrentCEngine, CallsFinishOrSayThatTheirObjectIsGone) {
  constexpr int kRounds = 15;
  const test::TempDirectory directory;
  const std::string path = directory.path() + "/data";
  for (int round = 0; round < kRounds; ++round) {
    const Handles handles = open_all(path);
    std::atomic<int> rounds_done = 0;
    const auto until_gone = [&](bool (*use)(const Handles&)) {
      while (use(handles)) ++rounds_done;
    };
    std::vector<std::thread> threads;
    for (const auto use : {use_reads, use_writes, use_uncommitted}) {
      threads.emplace_back(until_gone, use);
    }
    while (rounds_done < round) std::this_thread::yield();
    if (round % 2 == 0) {
      EXPECT_EQ(kist_txn_commit(handles.write, 0, nullptr, nullptr), KIST_OK);
    }
    while (rounds_done < 2 * round) std::this_thread::yield();
    EXPECT_EQ(kist_db_close(handles.db, nullptr), KIST_OK);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(kist_db_close(handles.db, nullptr), KIST_ERROR_CLOSED);
  }
}

}  // namespace
}  // namespace kist::c_api
