// Incremental backups and what they restore to.

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include <kist/engine/backup.h>

#include "tests/engine/upkeep/every_kind.h"
#include "tests/support/model.h"
#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::backup;
using engine::backup_point;
using engine::backup_since;
using engine::BackupPoint;
using engine::BackupReport;
using engine::restore;

class BackupSinceTest : public StoreTest {
 protected:
  std::string file(const std::string& name, int i) const {
    return directory().file(name + std::to_string(i));
  }
  /// Restores the full backup and the first `count` increments, and returns the copy.
  Database restored(const std::string& name, int count) {
    std::vector<std::string> increments;
    for (int i = 1; i <= count; ++i) increments.push_back(file("inc", i));
    must(restore(directory().file("full"), increments, directory().file(name)));
    return must(Database::open(directory().file(name), {.create = false}));
  }
  void full_and_ten(std::uint64_t seed);
};

/// A few random changes of the tables "", "a" and "b".
void change(const Database& database, Tables& model, Random& random) {
  WriteTxn txn = must(database.write());
  DualWriter writer(database, txn, model);
  for (std::uint64_t i = random.between(1, 60); i-- > 0;) {
    std::string table = random.one_in(2) ? "" : random.one_in(2) ? "a" : "b";
    if (!model.contains(table)) writer.create(table);
    const std::string key = "key " + std::to_string(random.below(700));
    if (random.one_in(3)) {
      writer.erase(table, key);
    } else {
      writer.put(table, key,
                 random.bytes(random.one_in(9) ? random.below(9000) : random.below(90)));
    }
  }
  if (random.one_in(10) && model.contains("b")) writer.drop("b");
  must(txn.commit(random.one_in(3) ? Durability::kDurable : Durability::kRelaxed));
}

void BackupSinceTest::full_and_ten(std::uint64_t seed) {
  Random random(seed);
  Tables model{{"", {}}};
  std::vector<Tables> states;
  BackupPoint point;
  {
    const Database database = open({.page_size = 512});
    for (int i = 0; i < 30; ++i) change(database, model, random);
    point = must(backup(database, directory().file("full"))).point;
  }
  states.push_back(model);
  EXPECT_EQ(must(backup_point(directory().file("full"))), point);
  for (int i = 1; i <= 10; ++i) {
    const Database database = open();  // opened anew, by another process as far as it knows
    for (std::uint64_t j = random.below(8); j-- > 0;) change(database, model, random);
    point = must(backup_since(database, point, file("inc", i))).point;
    EXPECT_EQ(must(backup_point(file("inc", i))), point);
    states.push_back(model);
    expect_clean(database);
  }
  for (int i = 0; i <= 10; ++i) {
    const Database copy = restored("copy" + std::to_string(i), i);
    EXPECT_EQ(difference(states[static_cast<std::size_t>(i)], read_all(copy, must(copy.read()))),
              "");
    change(copy, states[static_cast<std::size_t>(i)], random);
    expect_clean(copy);
  }
}

TEST_F(BackupSinceTest, FullAndTenIncrementsAreTheLastState) {
  full_and_ten(test_seed("BackupSinceTest"));
}

// A checkpoint of the free map was longer than its run: the reserve put aside was not counted.
TEST_F(BackupSinceTest, OverAFreeMapThatJustFits) {
  full_and_ten(1393128405);
}

TEST_F(BackupSinceTest, OfEveryKindOfTable) {
  const Database database = open({.page_size = 256});
  BackupPoint point = must(backup(database, directory().file("full"))).point;
  fill_every_kind(database, 256);
  point = must(backup_since(database, point, file("inc", 1))).point;
  put(database, "one", "more");
  must(backup_since(database, point, file("inc", 2)));
  const Database copy = restored("copy", 2);
  expect_clean(copy);
  expect_same_content(database, must(database.read()), copy, must(copy.read()));
}

TEST_F(BackupSinceTest, IsAsLargeAsTheChange) {
  const Database database = open();
  {
    WriteTxn txn = must(database.write());
    for (int i = 0; i < 50'000; ++i) {
      must(txn.put({}, as_bytes(std::to_string(i)), as_bytes("some value")));
    }
    must(txn.commit());
  }
  const BackupReport full = must(backup(database, directory().file("full")));
  const BackupReport nothing = must(backup_since(database, full.point, file("inc", 1)));
  EXPECT_EQ(nothing.pages, 0U);
  for (int i = 0; i < 10; ++i) put(database, std::to_string(i * 4999), "changed");
  const BackupReport some = must(backup_since(database, nothing.point, file("inc", 2)));
  EXPECT_LT(some.pages, 50U);
  EXPECT_EQ(some.bytes, std::filesystem::file_size(file("inc", 2)));
  EXPECT_LT(some.bytes, full.bytes / 5);
  const Database copy = restored("copy", 2);
  expect_same_content(database, must(database.read()), copy, must(copy.read()));
  expect_clean(copy);
}

TEST_F(BackupSinceTest, FollowsAFileThatShrinks) {
  const Database database = open();
  {
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes("large"), as_bytes(std::string(9'000'000, 'x'))));
    must(txn.commit());
  }
  const BackupReport full = must(backup(database, directory().file("full")));
  {
    WriteTxn txn = must(database.write());
    must(txn.erase({}, as_bytes("large")));
    must(txn.commit());
  }
  for (int i = 0; i < 6; ++i) put(database, "small", std::to_string(i));
  must(backup_since(database, full.point, file("inc", 1)));
  const Database copy = restored("copy", 1);
  EXPECT_LT(std::filesystem::file_size(copy.path()), 2'000'000U);
  EXPECT_EQ(get(copy, "small"), "5");
  expect_clean(copy);
}

TEST_F(BackupSinceTest, RefusesWhatDoesNotFollow) {
  const Database database = open();
  put(database, "a", "1");
  const BackupPoint first = must(backup(database, directory().file("full"))).point;
  put(database, "a", "2");
  const BackupPoint second = must(backup_since(database, first, file("inc", 1))).point;
  put(database, "a", "3");
  must(backup_since(database, second, file("inc", 2)));
  const auto tried = [&](std::vector<std::string> increments) {
    return restore(directory().file("full"), increments, directory().file("copy"));
  };
  EXPECT_TRUE(fails(tried({file("inc", 2)}), ErrorCode::kWrongBase));
  EXPECT_TRUE(fails(tried({file("inc", 1), file("inc", 1)}), ErrorCode::kWrongBase));
  EXPECT_TRUE(fails(tried({file("inc", 2), file("inc", 1)}), ErrorCode::kWrongBase));
  EXPECT_TRUE(fails(tried({directory().file("full")}), ErrorCode::kNotAStore));
  EXPECT_TRUE(fails(tried({directory().file("none")}), ErrorCode::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(directory().file("copy")));

  const Database other = must(Database::open(directory().file("other")));
  put(other, "b", "1");
  EXPECT_TRUE(fails(backup_since(other, first, file("inc", 3)), ErrorCode::kWrongBase));
  BackupPoint wrong = second;
  wrong.commit_nonce ^= 1;
  EXPECT_TRUE(fails(backup_since(database, wrong, file("inc", 3)), ErrorCode::kWrongBase));
  wrong.transaction += 1000;
  EXPECT_TRUE(fails(backup_since(database, wrong, file("inc", 3)), ErrorCode::kWrongBase));
  EXPECT_TRUE(fails(backup_since(database, second, file("inc", 3), {.compacted = true}),
                    ErrorCode::kInvalidArgument));
  EXPECT_FALSE(std::filesystem::exists(file("inc", 3)));
  must(tried({file("inc", 1), file("inc", 2)}));
  EXPECT_EQ(get(must(Database::open(directory().file("copy"))), "a"), "3");
  expect_clean(database);
}

// A store that was put back to an older state, and went on from there, did not grow from what was
// backed up in between.
TEST_F(BackupSinceTest, NoticesThatHistoryWasRewritten) {
  {
    put(open(), "a", "1");
  }
  const std::string old = content_of(path());
  BackupPoint lost;
  {
    const Database database = open();
    put(database, "a", "2");
    put(database, "a", "3");
    lost = must(backup(database, directory().file("full"))).point;
  }
  std::ofstream(path(), std::ios::binary | std::ios::trunc) << old;
  const Database database = open();
  for (int i = 0; i < 3; ++i) put(database, "a", "other");
  EXPECT_TRUE(fails(backup_since(database, lost, file("inc", 1)), ErrorCode::kWrongBase));
  expect_clean(database);
}

// What a backup has no crash may take back: the next one builds on it.
TEST_F(BackupSinceTest, TheStateIsMadeDurable) {
  const Database database = open({.durability = Durability::kRelaxed});
  BackupPoint point;
  for (int i = 0; i < 2; ++i) {
    put(database, "a", std::to_string(i));
    EXPECT_LT(must(database.stats()).durable_id, must(database.read()).id());
    point = i == 0 ? must(backup(database, directory().file("full"))).point
                   : must(backup_since(database, point, file("inc", i))).point;
    EXPECT_EQ(must(database.stats()).durable_id, point.transaction);
  }
  expect_clean(database);
}

TEST_F(BackupSinceTest, EveryDamagedByteIsNoticed) {
  const Database database = open({.page_size = 256});
  put(database, "a", "1");
  const BackupPoint point = must(backup(database, directory().file("full"))).point;
  put(database, "b", "2");
  must(backup_since(database, point, file("inc", 1)));
  const std::string sound = content_of(file("inc", 1));
  const std::vector<std::string> increments{file("inc", 1)};
  for (std::size_t at = 0; at < sound.size(); ++at) {
    // The rest of the header is not used.
    if (at >= 584 && at < 640) continue;
    std::string bytes = sound;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    std::ofstream(file("inc", 1), std::ios::binary | std::ios::trunc) << bytes;
    ASSERT_FALSE(restore(directory().file("full"), increments, directory().file("copy"))) << at;
  }
  for (std::size_t size = 0; size < sound.size(); size += 7) {
    std::ofstream(file("inc", 1), std::ios::binary | std::ios::trunc) << sound.substr(0, size);
    ASSERT_FALSE(restore(directory().file("full"), increments, directory().file("copy"))) << size;
  }
  // A damaged full backup, too: whatever is restored has been verified.
  std::ofstream(file("inc", 1), std::ios::binary | std::ios::trunc) << sound;
  std::string full = content_of(directory().file("full"));
  full[full.find("a1")] = 'b';
  std::ofstream(directory().file("full"), std::ios::binary | std::ios::trunc) << full;
  const auto refused = restore(directory().file("full"), {}, directory().file("copy"));
  EXPECT_TRUE(fails(refused, ErrorCode::kDamaged));
  EXPECT_FALSE(std::filesystem::exists(directory().file("copy")));
}

TEST_F(BackupSinceTest, ThroughAStreamAndWithProgress) {
  const Database database = open();
  const BackupPoint point = must(backup(database, directory().file("full"))).point;
  fill_every_kind(database, 4096);
  std::string received;
  const engine::ByteSink sink = [&](Bytes bytes) -> Result<void> {
    received += engine::as_text(bytes);
    return {};
  };
  const BackupReport report = must(backup_since(database, point, sink));
  EXPECT_EQ(report.bytes, received.size());
  std::ofstream(file("inc", 1), std::ios::binary) << received;
  engine::Progress last;
  const std::vector<std::string> increments{file("inc", 1)};
  must(restore(directory().file("full"), increments, directory().file("copy"),
               {.progress = [&](const engine::Progress& progress) {
                 last = progress;
                 return true;
               }}));
  EXPECT_EQ(last.done, last.total);
  const auto stopped = restore(directory().file("full"), increments, directory().file("other"),
                               {.progress = [](const auto&) { return false; }});
  EXPECT_TRUE(fails(stopped, ErrorCode::kStopped));
  const Database copy = must(Database::open(directory().file("copy")));
  expect_same_content(database, must(database.read()), copy, must(copy.read()));
}

class ConcurrentBackupSinceTest : public BackupSinceTest {};

TEST_F(ConcurrentBackupSinceTest, WhileOthersWrite) {
  const Database database = open({.page_size = 1024});
  put(database, "count", "0");
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::uint64_t i = 1; !stop; ++i) {
      WriteTxn txn = must(database.write());
      must(txn.put({}, as_bytes("count"), as_bytes(std::to_string(i))));
      must(txn.put({}, as_bytes("key " + std::to_string(i % 500)), as_bytes(std::to_string(i))));
      must(txn.commit(Durability::kRelaxed));
    }
  });
  BackupPoint point = must(backup(database, directory().file("full"))).point;
  for (int i = 1; i <= 10; ++i) point = must(backup_since(database, point, file("inc", i))).point;
  stop = true;
  writer.join();
  const Database copy = restored("copy", 10);
  const std::uint64_t count = std::stoull(*get(copy, "count"));
  for (std::uint64_t i = count > 500 ? count - 499 : 1; i <= count; ++i) {
    EXPECT_EQ(get(copy, "key " + std::to_string(i % 500)), std::to_string(i));
  }
  expect_clean(copy);
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
