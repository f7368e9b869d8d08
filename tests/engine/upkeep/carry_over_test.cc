// What the user says of an environment is in every copy of it.

#include <gtest/gtest.h>

#include <kist/engine/backup.h>
#include <kist/engine/dump.h>
#include <kist/engine/salvage.h>

#include "tests/support/store_test.h"

namespace kist::test {
namespace {

class CarryOverTest : public StoreTest {
 protected:
  void SetUp() override {
    const Database database = open();
    point_ = must(engine::backup(database, directory().file("full"))).point;
    WriteTxn txn = must(database.write());
    must(txn.set_domain_version(7));
    must(txn.set_markers({1, 22, ~std::uint64_t{0}}));
    must(txn.set_metadata(as_bytes(std::string("meta\0\n\\", 7))));
    must(txn.put({}, as_bytes("a"), as_bytes("b")));
    must(txn.commit());
    expect_clean(database);
  }

  void expect_all_of_it(const Database& copy) {
    const ReadTxn txn = must(copy.read());
    EXPECT_EQ(txn.domain_version(), 7U);
    EXPECT_EQ(txn.markers(), (std::array<std::uint64_t, 3>{1, 22, ~std::uint64_t{0}}));
    EXPECT_EQ(must(copy.metadata()), std::string("meta\0\n\\", 7));
    EXPECT_EQ(get(txn, "a"), "b");
    expect_clean(copy);
  }
  Database copy() { return must(Database::open(directory().file("copy"))); }

  engine::BackupPoint point_;
};

TEST_F(CarryOverTest, ByBackups) {
  must(engine::backup(open(), directory().file("copy")));
  expect_all_of_it(copy());
}

TEST_F(CarryOverTest, ByCompactedOnes) {
  must(engine::backup(open(), directory().file("copy"), {.compacted = true}));
  expect_all_of_it(copy());
}

TEST_F(CarryOverTest, ByIncrementalOnes) {
  const std::string increment = directory().file("increment");
  must(engine::backup_since(open(), point_, increment));
  must(engine::restore(directory().file("full"), {&increment, 1}, directory().file("copy")));
  expect_all_of_it(copy());
}

TEST_F(CarryOverTest, BySalvage) {
  must(engine::salvage(path(), directory().file("copy")));
  expect_all_of_it(copy());
}

TEST_F(CarryOverTest, ByDumps) {
  std::string text;
  must(engine::dump(open(), [&](Bytes bytes) -> Result<void> {
    text += engine::as_text(bytes);
    return {};
  }));
  EXPECT_NE(
      text.find(
          "\ndomain-version 7\nmarkers 1 22 18446744073709551615\nmetadata meta\\00\\0a\\\\\n"),
      std::string::npos);
  const auto load = [&](const std::string& from) {
    std::size_t at = 0;
    return engine::load(copy(), [&](std::span<std::uint8_t> out) -> Result<std::size_t> {
      const std::size_t size = std::min(out.size(), from.size() - at);
      std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(at), size, out.begin());
      at += size;
      return size;
    });
  };
  EXPECT_TRUE(fails(load("kist-dump 1\nmarkers 1 2\ndone -\n"), ErrorCode::kDamaged));
  must(load(text));
  expect_all_of_it(copy());
}

}  // namespace
}  // namespace kist::test
