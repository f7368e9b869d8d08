// The engine's side of granted snapshots: what the page says, and that the pins are the broker's.

#include <string>

#include <unistd.h>

#include <kist/engine/grant.h>

#include "engine/txn/database_access.h"
#include "engine/upkeep/grant_page.h"
#include "engine/upkeep/pinned_state.h"
#include "tests/support/store_test.h"

namespace kist::engine {
namespace {

using test::must;

class GrantTest : public test::StoreTest {
 protected:
  void TearDown() override { test::expect_clean(open()); }
  static Granted opened(const Grant& grant) {
    return must(Granted::open(::dup(grant.data()), ::dup(grant.control())));
  }
};

TEST_F(GrantTest, TransactionsBeginOnWhatTheLastRefreshSaw) {
  const Database database = open();
  put(database, "a", "1");
  Grant grant = must(Grant::make(database));
  const Granted granted = opened(grant);
  put(database, "a", "2");
  const std::uint64_t second = must(grant.advance());
  const ReadTxn before = must(granted.database().read());
  EXPECT_EQ(get(before, "a"), "1");
  must(granted.refresh());
  const ReadTxn after = must(granted.database().read());
  EXPECT_EQ(get(after, "a"), "2");
  EXPECT_EQ(after.id(), second);
  EXPECT_EQ(get(before, "a"), "1");
  EXPECT_TRUE(granted.holds(before.id()) && granted.holds(second));
  grant.release_before(second);
  EXPECT_FALSE(granted.holds(before.id()));
  EXPECT_TRUE(granted.holds(second));
  grant.release_before(1);  // what was taken away does not come back
  EXPECT_FALSE(granted.holds(before.id()));
}

TEST_F(GrantTest, AFileThatGrowsIsReadAsFarAsItGoes) {
  const Database database = open();
  put(database, "a", "1");
  Grant grant = must(Grant::make(database));
  const Granted granted = opened(grant);
  const std::string large(3'000'000, 'x');
  put(database, "b", large);
  must(grant.advance());
  must(granted.refresh());
  EXPECT_EQ(get(must(granted.database().read()), "b"), large);
}

TEST_F(GrantTest, NeitherLocksNorSlotsAreTheReaders) {
  const Database database = open();
  put(database, "a", "1");
  Grant grant = must(Grant::make(database));
  {
    const Granted granted = opened(grant);
    const ReadTxn txn = must(granted.database().read());
    EXPECT_EQ(must(database.readers()).size(), 1U) << "the broker's pin";
    EXPECT_EQ(must(granted.database().readers()).size(), 1U) << "its own";
  }
  grant.revoke();
  EXPECT_TRUE(must(database.readers()).empty());
}

TEST_F(GrantTest, APageOfAnotherGrantIsDamage) {
  const Database database = open();
  put(database, "a", "1");
  const Database other = must(Database::open_in_memory({.page_size = 1024}));
  put(other, "a", "1");
  const Grant grant = must(Grant::make(database));
  const Grant of_other = must(Grant::make(other));
  const auto mixed = Granted::open(::dup(of_other.data()), ::dup(grant.control()));
  if (mixed) {
    const ReadTxn txn = must(mixed->database().read());
    EXPECT_EQ(txn.get(Table(), as_bytes("a")).error().code, ErrorCode::kDamaged);
  } else {
    EXPECT_EQ(mixed.error().code, ErrorCode::kDamaged);
  }
}

TEST_F(GrantTest, WhatIsGrantedInMemoryIsRead) {
  const Database database = must(Database::open_in_memory());
  put(database, "a", "1");
  const Grant grant = must(Grant::make(database));
  EXPECT_EQ(get(must(opened(grant).database().read()), "a"), "1");
}

TEST_F(GrantTest, ThePageKeepsTheStateBeforeUntilTheOneAfter) {
  GrantPageWriter writer = must(GrantPageWriter::make("page"));
  const Database database = open();
  MetaSlot slot = must(pin_newest_state(must(DatabaseAccess::environment(database))))->slot;
  const auto open_page = [&] {
    const os::Descriptor again = must(writer.file().reopen_to_read());
    return must(GrantPageReader::open(must(os::File::take_over(::dup(again.number()), "page"))));
  };
  const GrantPageReader reader = open_page();
  EXPECT_EQ(reader.read_newest().error().code, ErrorCode::kDamaged) << "nothing is granted yet";
  for (int i = 0; i < 20; ++i) {
    ++slot.id;
    slot.id_ceiling = slot.id + 1;
    writer.publish(slot);
    EXPECT_EQ(must(reader.read_newest()), slot);
    EXPECT_EQ(reader.newest() / 2, slot.id);
  }
  EXPECT_EQ(reader.oldest(), 0U);
  writer.set_oldest(7);
  EXPECT_EQ(reader.oldest(), 7U);
}

}  // namespace
}  // namespace kist::engine
