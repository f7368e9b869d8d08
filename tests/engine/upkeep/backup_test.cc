// Hot backups: equal a snapshot that existed, whatever is written meanwhile.

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <kist/engine/backup.h>

#include "tests/engine/upkeep/every_kind.h"
#include "tests/support/call_counter.h"
#include "tests/support/child_process.h"
#include "tests/support/model.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::backup;
using engine::BackupOptions;
using engine::BackupReport;
using engine::Progress;

class BackupTest : public StoreTest {
 protected:
  std::string copy() const { return directory().file("copy"); }

  /// Opens a backup, checks it, and expects that it holds what the original holds.
  void expect_copy_of(const Database& original, const std::string& path) {
    const Database opened = must(Database::open(path, {.create = false}));
    expect_clean(opened);
    expect_same_content(original, must(original.read()), opened, must(opened.read()));
    put(opened, "written to", "the copy");
    expect_clean(opened);
  }

  static std::uint64_t records_of(const Database& database) {
    return must(database.check()).records;
  }

  std::size_t files() const {
    const std::filesystem::directory_iterator all(directory().path());
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
};

TEST_F(BackupTest, OfEveryKindOfTable) {
  for (const std::uint32_t page_size : {256U, 4096U, 65'536U}) {
    for (const bool compacted : {false, true}) {
      const std::string name = std::to_string(page_size) + (compacted ? "c" : "p");
      const Database database =
          must(Database::open(directory().file("store" + name), {.page_size = page_size}));
      fill_every_kind(database, page_size);
      const BackupReport report =
          must(backup(database, directory().file(name), {.compacted = compacted}));
      EXPECT_EQ(report.bytes, std::filesystem::file_size(directory().file(name)));
      EXPECT_EQ(report.point.transaction, must(database.read()).id());
      expect_copy_of(database, directory().file(name));
      expect_clean(database);
    }
  }
}

TEST_F(BackupTest, OfAnEmptyStore) {
  const Database database = open();
  must(backup(database, copy()));
  must(backup(database, directory().file("compact"), {.compacted = true}));
  expect_copy_of(database, copy());
  expect_copy_of(database, directory().file("compact"));
}

TEST_F(BackupTest, ToADescriptorIsTheSameFile) {
  const Database database = open();
  fill_every_kind(database, 4096);
  must(backup(database, copy()));
  const std::string streamed = directory().file("streamed");
  const int descriptor = ::open(streamed.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const BackupReport report = must(backup(database, engine::descriptor_sink(descriptor)));
  ::close(descriptor);
  EXPECT_EQ(report.bytes, std::filesystem::file_size(streamed));
  EXPECT_EQ(content_of(streamed), content_of(copy()));
}

TEST_F(BackupTest, CompactedThroughAPipe) {
  const Database database = open();
  fill_every_kind(database, 4096);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  std::string received;
  std::thread reader([&] {
    const auto source = engine::descriptor_source(ends[0]);
    std::array<std::uint8_t, 1000> buffer;
    while (const std::size_t got = must(source(buffer))) {
      received.append(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got));
    }
  });
  const auto report = backup(database, engine::descriptor_sink(ends[1]), {.compacted = true});
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  EXPECT_EQ(must(report).bytes, received.size());
  std::ofstream(copy(), std::ios::binary) << received;
  expect_copy_of(database, copy());
  EXPECT_EQ(files(), 4U) << "store, copy and their lock files";
}

TEST_F(BackupTest, CompactedHasNoFreeSpace) {
  const Database database = open();
  for (int round = 0; round < 4; ++round) {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < 20'000; ++i) {
      must(txn.put({}, as_bytes(std::to_string(i * 7919 % 100'003)), as_bytes("some value")));
    }
    must(txn.commit());
  }
  {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < 100'003; ++i) {
      if (i % 10 != 0) must(txn.erase({}, as_bytes(std::to_string(i))));
    }
    must(txn.commit());
  }
  const BackupReport plain = must(backup(database, directory().file("plain")));
  const BackupReport report = must(backup(database, copy(), {.compacted = true}));
  expect_copy_of(database, directory().file("plain"));
  const Database opened = must(Database::open(copy(), {.create = false}));
  const auto stats = must(opened.stats());
  EXPECT_LE(stats.free_pages + stats.pending_pages, stats.file_pages / 20 + 8);
  EXPECT_LT(report.bytes, plain.bytes / 4);
  EXPECT_EQ(report.bytes, stats.file_pages * stats.page_size);
  const auto shape = must(must(opened.read()).table_stats({}));
  EXPECT_LE(shape.leaf_pages * 4096, shape.records * 25 + 8192) << "leaves are full";
  expect_clean(opened);
  expect_clean(database);
}

TEST_F(BackupTest, NeedsNoComparator) {
  const auto by_length = [](Bytes a, Bytes b) {
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return engine::as_text(a).compare(engine::as_text(b));
  };
  {
    const Database database = open({.page_size = 256});
    must(database.register_comparator("by length", by_length));
    const Table table = must(database.table("t"));
    const Table multi = must(database.table("m"));
    WriteTxn txn = must(database.write());
    must(txn.create_table(table,
                          {.key_order = engine::Order::kCustom, .key_comparator = "by length"}));
    must(txn.create_table(
        multi,
        {.multi = true, .value_order = engine::Order::kCustom, .value_comparator = "by length"}));
    for (std::size_t i = 0; i < 100; ++i) {
      must(txn.put(table, as_bytes(std::string(i, 'x')), as_bytes("value " + std::to_string(i))));
      must(txn.put(multi, as_bytes(std::to_string(i / 40)), as_bytes(std::string(i * 3, 'y'))));
    }
    must(txn.commit());
  }
  {
    const Database database = open();  // does not know the comparator
    const ReadTxn txn = must(database.read());
    EXPECT_TRUE(fails(txn.cursor(must(database.table("t"))), ErrorCode::kNoComparator));
    must(backup(database, copy(), {.compacted = true}));
  }
  const Database original = open();
  const Database opened = must(Database::open(copy(), {.create = false}));
  must(original.register_comparator("by length", by_length));
  must(opened.register_comparator("by length", by_length));
  expect_clean(opened);
  expect_same_content(original, must(original.read()), opened, must(opened.read()));
}

TEST_F(BackupTest, NeverReplacesAFile) {
  const Database database = open();
  std::ofstream(copy()) << "precious";
  for (const bool compacted : {false, true}) {
    EXPECT_TRUE(
        fails(backup(database, copy(), {.compacted = compacted}), ErrorCode::kAlreadyExists));
  }
  EXPECT_EQ(content_of(copy()), "precious");
  EXPECT_EQ(files(), 3U);
}

TEST_F(BackupTest, TheCallbackSeesAllOfItAndCanStopIt) {
  const Database database = open({.page_size = 4096});
  fill_every_kind(database, 4096);
  for (const bool compacted : {false, true}) {
    const std::string path = directory().file(compacted ? "c" : "p");
    Progress last;
    const BackupReport report = must(
        backup(database, path, {.compacted = compacted, .progress = [&](const Progress& progress) {
                                  EXPECT_LE(last.done, progress.done);
                                  last = progress;
                                  return true;
                                }}));
    EXPECT_EQ(last.done, last.total);
    EXPECT_EQ(last.total, compacted ? records_of(database) : report.pages);
    const std::size_t before = files();
    const auto stopped =
        backup(database, path + "2",
               {.compacted = compacted, .progress = [](const Progress&) { return false; }});
    EXPECT_TRUE(fails(stopped, ErrorCode::kStopped));
    EXPECT_EQ(files(), before) << "nothing is left of it";
  }
}

TEST_F(BackupTest, ADamagedPageIsNotCopied) {
  {
    const Database database = open({.page_size = 4096});
    WriteTxn txn = must(database.write());
    for (int i = 0; i < 5000; ++i) must(txn.put({}, as_bytes(std::to_string(i)), as_bytes("v")));
    must(txn.commit());
  }
  std::string bytes = content_of(path());
  const std::size_t at = bytes.find(std::string("4999") + "v");
  ASSERT_NE(at, std::string::npos);
  bytes[at] = '5';
  std::ofstream(path(), std::ios::binary) << bytes;
  const Database database = open();
  const auto refused = backup(database, copy());
  EXPECT_TRUE(fails(refused, ErrorCode::kDamaged));
  EXPECT_NE(refused.error().message.find("page " + std::to_string(at / 4096)), std::string::npos)
      << refused.error().message;
  EXPECT_TRUE(fails(backup(database, copy(), {.compacted = true}), ErrorCode::kDamaged));
  EXPECT_FALSE(std::filesystem::exists(copy()));
}

TEST_F(BackupTest, AFullDiskOrAFailedWriteLeavesNothing) {
  CallCounter calls;
  const Database database = open({.observer = &calls});
  fill_every_kind(database, 4096);
  calls.reset();
  must(backup(database, copy()));
  const std::size_t before = files();
  for (const Call::Kind kind : {Call::Kind::kCreate, Call::Kind::kAllocate, Call::Kind::kWrite,
                                Call::Kind::kFlush, Call::Kind::kLink}) {
    calls.fail(kind, ENOSPC, 0);
    EXPECT_FALSE(backup(database, directory().file("other")));
    calls.stop_failing();
    EXPECT_EQ(files(), before);
  }
  put(database, "it", "works on");
  expect_clean(database);
}

TEST_F(BackupTest, OfAReadOnlyOpener) {
  {
    const Database database = open();
    fill_every_kind(database, 4096);
  }
  const Database database = open({.create = false, .read_only = true});
  must(backup(database, copy()));
  must(backup(database, directory().file("c"), {.compacted = true}));
  const Database opened = must(Database::open(copy(), {.create = false}));
  expect_same_content(database, must(database.read()), opened, must(opened.read()));
  expect_clean(opened);
}

/// Writers change two tables in step; a backup in the middle must show one state of both.
void write_in_step(const Database& database, std::uint64_t rounds, std::atomic<bool>* stop) {
  const Table other = must(database.table("other"));
  for (std::uint64_t i = 0; i < rounds && (stop == nullptr || !*stop); ++i) {
    WriteTxn txn = must(database.write());
    must(txn.create_table(other, true));
    const auto now = must(txn.get({}, as_bytes("count")));
    const std::uint64_t count = now ? std::stoull(engine::to_string(*now)) + 1 : 1;
    const std::string text = std::to_string(count);
    must(txn.put({}, as_bytes("count"), as_bytes(text)));
    must(txn.put(other, as_bytes("key " + std::to_string(count % 300)), as_bytes(text)));
    must(txn.put(other, as_bytes("large " + std::to_string(count % 7)),
                 as_bytes(std::string(5000 + count % 9000, static_cast<char>('a' + count % 26)))));
    must(txn.commit(i % 3 == 0 ? Durability::kDurable : Durability::kRelaxed));
  }
}

/// Holds a copy of that store against what its own count says it must be.
void expect_a_state_that_existed(const Database& database) {
  expect_clean(database);
  const Table other = must(database.table("other"));
  const ReadTxn txn = must(database.read());
  const auto now = must(txn.get({}, as_bytes("count")));
  if (!now) return;
  const std::uint64_t count = std::stoull(engine::to_string(*now));
  for (std::uint64_t i = count > 300 ? count - 299 : 1; i <= count; ++i) {
    const auto value = must(txn.get(other, as_bytes("key " + std::to_string(i % 300))));
    ASSERT_TRUE(value);
    EXPECT_EQ(engine::as_text(*value), std::to_string(i));
  }
  for (std::uint64_t i = count > 7 ? count - 6 : 1; i <= count; ++i) {
    const auto value = must(txn.get(other, as_bytes("large " + std::to_string(i % 7))));
    ASSERT_TRUE(value);
    EXPECT_EQ(engine::as_text(*value),
              std::string(5000 + i % 9000, static_cast<char>('a' + i % 26)));
  }
}

class ConcurrentBackupTest : public BackupTest {};

TEST_F(ConcurrentBackupTest, WhileThreadsWrite) {
  const Database database = open({.page_size = 1024});
  write_in_step(database, 300, nullptr);
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&] { write_in_step(database, ~std::uint64_t{0}, &stop); });
  }
  for (int i = 0; i < 12; ++i) {
    const std::string to = directory().file("copy" + std::to_string(i));
    must(backup(database, to, {.compacted = i % 2 == 1}));
  }
  stop = true;
  for (std::thread& writer : writers) writer.join();
  for (int i = 0; i < 12; ++i) {
    expect_a_state_that_existed(
        must(Database::open(directory().file("copy" + std::to_string(i)), {.create = false})));
  }
  expect_a_state_that_existed(database);
}

TEST_F(BackupTest, WhileProcessesWrite) {
  {
    write_in_step(open({.page_size = 1024}), 300, nullptr);
  }
  Signal begun;
  std::vector<std::unique_ptr<ChildProcess>> children;
  for (int i = 0; i < 3; ++i) {
    children.push_back(std::make_unique<ChildProcess>([&] {
      const Database database = open();
      write_in_step(database, 1, nullptr);
      begun.send();
      write_in_step(database, ~std::uint64_t{0}, nullptr);
      return 0;
    }));
  }
  for (int i = 0; i < 3; ++i) begun.wait();
  const Database database = open();
  for (int i = 0; i < 8; ++i) {
    if (i == 5) children.pop_back();  // by kill -9
    must(backup(database, directory().file("copy" + std::to_string(i)), {.compacted = i % 2 == 1}));
  }
  children.clear();
  for (int i = 0; i < 8; ++i) {
    expect_a_state_that_existed(
        must(Database::open(directory().file("copy" + std::to_string(i)), {.create = false})));
  }
  expect_a_state_that_existed(database);
}

// A file copied by other means while it is being written to holds pages of many moments. It opens
// to a state that existed, or its damage is found.
TEST_F(BackupTest, ALiveFileCopiedByOthersIsRightOrDamaged) {
  const Database database = open({.page_size = 1024});
  write_in_step(database, 300, nullptr);
  std::atomic<bool> stop{false};
  std::thread writer([&] { write_in_step(database, ~std::uint64_t{0}, &stop); });
  int whole = 0;
  for (int i = 0; i < 30; ++i) {
    const std::string to = directory().file("cp" + std::to_string(i));
    std::filesystem::copy_file(path(), to);
    const auto opened = Database::open(to, {.create = false});
    if (!opened) {
      EXPECT_EQ(opened.error().code, ErrorCode::kDamaged) << opened.error().message;
    } else if (must(opened->check()).clean()) {
      expect_a_state_that_existed(*opened);
      ++whole;
    }
  }
  stop = true;
  writer.join();
  std::cout << whole << " of 30 copies were whole\n";
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
