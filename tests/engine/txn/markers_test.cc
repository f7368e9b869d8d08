#include <gtest/gtest.h>

#include "tests/support/child_process.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using Markers = std::array<std::uint64_t, 3>;

// What the user says about the whole environment: markers, metadata, domain version.
class MarkersTest : public StoreTest {
 protected:
  static Options version(std::uint64_t number) {
    Options options;
    options.domain_version = number;
    return options;
  }
  static std::uint64_t raise(const Database& database, std::uint64_t to) {
    WriteTxn txn = must(database.write());
    must(txn.set_domain_version(to));
    return must(txn.commit());
  }
};

TEST_F(MarkersTest, BelongToTheirSnapshot) {
  {
    const Database database = open();
    EXPECT_EQ(must(database.read()).markers(), Markers({0, 0, 0}));
    WriteTxn first = must(database.write());
    must(first.set_markers({1, 2, ~std::uint64_t{0}}));
    EXPECT_EQ(first.markers(), Markers({1, 2, ~std::uint64_t{0}}));
    must(first.commit());
    const ReadTxn old = must(database.read());
    WriteTxn second = must(database.write());
    must(second.set_markers({3, 4, 5}));
    must(second.put({}, as_bytes("key"), as_bytes("value")));
    EXPECT_EQ(must(database.read()).markers(), old.markers()) << "seen before the commit";
    must(second.commit());
    EXPECT_EQ(old.markers(), Markers({1, 2, ~std::uint64_t{0}}));
    EXPECT_EQ(must(old.clone()).markers(), old.markers());
    EXPECT_EQ(must(database.read()).markers(), Markers({3, 4, 5}));
    put(database, "key", "other");
    EXPECT_EQ(must(database.read()).markers(), Markers({3, 4, 5}));
  }
  const Database database = open();
  EXPECT_EQ(must(database.read()).markers(), Markers({3, 4, 5}));
  expect_clean(database);
}

TEST_F(MarkersTest, AreUndoneWithTheirTransaction) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  must(txn.set_markers({1, 1, 1}));
  const engine::Savepoint savepoint = must(txn.savepoint());
  must(txn.set_markers({2, 2, 2}));
  must(txn.set_metadata(as_bytes("two")));
  must(txn.rollback_to(savepoint));
  EXPECT_EQ(txn.markers(), Markers({1, 1, 1}));
  {
    WriteTxn nested = must(txn.nested());
    EXPECT_EQ(nested.markers(), Markers({1, 1, 1}));
    must(nested.set_markers({3, 3, 3}));
  }
  EXPECT_EQ(txn.markers(), Markers({1, 1, 1}));
  WriteTxn nested = must(txn.nested());
  must(nested.set_markers({4, 4, 4}));
  must(nested.set_metadata(as_bytes("four")));
  must(nested.commit());
  EXPECT_EQ(txn.markers(), Markers({4, 4, 4}));
  must(txn.commit());
  EXPECT_EQ(must(database.read()).markers(), Markers({4, 4, 4}));
  EXPECT_EQ(must(database.metadata()), "four");
  WriteTxn aborted = must(database.write());
  must(aborted.set_markers({5, 5, 5}));
  aborted.abort();
  EXPECT_EQ(must(database.read()).markers(), Markers({4, 4, 4}));
  expect_clean(database);
}

TEST_F(MarkersTest, StoringThemAgainIsNoChange) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  must(txn.set_markers({1, 2, 3}));
  must(txn.set_metadata(as_bytes("m")));
  const std::uint64_t id = must(txn.commit());
  WriteTxn same = must(database.write());
  must(same.set_markers({1, 2, 3}));
  must(same.set_metadata(as_bytes("m")));
  EXPECT_EQ(must(same.commit()), id);
}

TEST_F(MarkersTest, MetadataIsOfTheNewestCommit) {
  {
    const Database database = open();
    EXPECT_EQ(must(database.metadata()), "");
    WriteTxn txn = must(database.write());
    EXPECT_TRUE(
        fails(txn.set_metadata(as_bytes(std::string(129, 'x'))), ErrorCode::kInvalidArgument));
    const std::string longest = std::string("any\0bytes", 9) + std::string(119, 'x');
    must(txn.set_metadata(as_bytes(longest)));
    EXPECT_EQ(must(database.metadata()), "");
    must(txn.commit());
    EXPECT_EQ(must(database.metadata()), longest);
    WriteTxn shorter = must(database.write());
    must(shorter.set_metadata(as_bytes("short")));
    must(shorter.commit());
  }
  Options options;
  options.read_only = true;
  const Database database = open(options);
  EXPECT_EQ(must(database.metadata()), "short");
}

TEST_F(MarkersTest, DomainVersionIsStoredAtCreation) {
  {
    EXPECT_EQ(must(open(version(7)).read()).domain_version(), 7U);
  }
  {
    EXPECT_EQ(must(open().read()).domain_version(), 7U) << "who names none takes any";
  }
  EXPECT_EQ(must(open(version(7)).read()).domain_version(), 7U);
}

TEST_F(MarkersTest, AnotherDomainVersionIsRefusedByBothNumbers) {
  raise(open(), 41);
  const auto refused = Database::open(path(), version(42));
  ASSERT_TRUE(fails(refused, ErrorCode::kWrongVersion));
  EXPECT_NE(refused.error().message.find("41"), std::string::npos);
  EXPECT_NE(refused.error().message.find("42"), std::string::npos);
  Options reader = version(40);
  reader.read_only = true;
  EXPECT_TRUE(fails(Database::open(path(), reader), ErrorCode::kWrongVersion));
  expect_clean(open(version(41)));
}

TEST_F(MarkersTest, TheDomainVersionIsRaisedOnPurposeOnly) {
  const Database database = open(version(1));
  raise(database, 2);
  EXPECT_EQ(must(database.read()).domain_version(), 2U) << "who raised it goes on";
  WriteTxn txn = must(database.write());
  EXPECT_TRUE(fails(txn.set_domain_version(1), ErrorCode::kInvalidArgument));
  must(txn.set_domain_version(3));
  txn.abort();
  EXPECT_EQ(must(database.read()).domain_version(), 2U);
  EXPECT_TRUE(fails(Database::open(path(), version(1)), ErrorCode::kOptionConflict));
  expect_clean(database);
}

TEST_F(MarkersTest, OtherProcessesLearnOfARaisedDomainVersion) {
  Database database = open(version(1));
  ReadTxn before = must(database.read());
  ChildProcess child([&] {
    raise(must(Database::open(path())), 2);
    return 0;
  });
  ASSERT_EQ(child.wait(), 0);
  EXPECT_TRUE(fails(database.read(), ErrorCode::kWrongVersion));
  EXPECT_TRUE(fails(database.write(), ErrorCode::kWrongVersion));
  EXPECT_TRUE(fails(before.renew(), ErrorCode::kWrongVersion));
  EXPECT_TRUE(fails(before.renew(), ErrorCode::kWrongVersion)) << "and it stays so";
  before.end();
  must(database.close());
  expect_clean(open(version(2)));
}

}  // namespace
}  // namespace kist::test
