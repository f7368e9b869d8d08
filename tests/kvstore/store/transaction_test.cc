#include <chrono>
#include <string>

#include <kist/transaction.h>

#include "tests/support/checked_profile.h"

namespace kist {
namespace {

using test::code_of;
using test::failed_with;
using test::must;
using test::TempDirectory;

class TransactionTest : public test::ProfileTest {};

TEST_F(TransactionTest, AReaderSeesOneMomentOfAllStores) {
  const Profile profile = open();
  const Store a = must(profile.open_store("a"));
  const Store b = must(profile.open_store("b"));
  must(a.put("k", ValueView::u64(1)));
  must(b.put("k", ValueView::u64(1)));
  const Reader reader = must(profile.read());
  must(a.put("k", ValueView::u64(2)));
  must(b.put("k", ValueView::u64(2)));
  must(b.put("l", ValueView::u64(2)));
  EXPECT_EQ(must(reader.get<std::uint64_t>(a, "k")), 1U);
  EXPECT_EQ(must(reader.get<std::uint64_t>(b, "k")), 1U);
  EXPECT_FALSE(must(reader.has(b, "l")));
  EXPECT_EQ(must(reader.count(b)), 1U);
  const Reader newer = must(profile.read());
  EXPECT_GT(newer.id(), reader.id());
  EXPECT_EQ(must(newer.get<std::uint64_t>(b, "k")), 2U);
}

TEST_F(TransactionTest, AReaderGivesViewsWithoutCopies) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("k", ValueView::string("text")));
  const Reader reader = must(profile.read());
  const auto first = must(reader.get<std::string_view>(store, "k"));
  const auto second = must(reader.get<std::string_view>(store, "k"));
  must(store.put("k", ValueView::string("other")));
  EXPECT_EQ(*first, "text");
  EXPECT_EQ(first->data(), second->data());
}

TEST_F(TransactionTest, AnEndedReaderSaysSo) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  Reader reader = must(profile.read());
  Iterator iterator = must(reader.iterate(store));
  reader.end();
  reader.end();
  EXPECT_EQ(reader.id(), 0U);
  EXPECT_EQ(code_of(reader.get(store, "k")), ErrorCode::kTransactionEnded);
  EXPECT_EQ(code_of(reader.has(store, "k")), ErrorCode::kTransactionEnded);
  EXPECT_EQ(code_of(reader.count(store)), ErrorCode::kTransactionEnded);
  EXPECT_EQ(code_of(reader.iterate(store)), ErrorCode::kTransactionEnded);
  EXPECT_EQ(code_of(iterator.next()), ErrorCode::kTransactionEnded);
  EXPECT_EQ(code_of(iterator.value()), ErrorCode::kTransactionEnded);
  EXPECT_EQ(iterator.key(), "");
}

TEST_F(TransactionTest, ReadersOutliveACloseOfTheProfile) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("k", ValueView::string("text")));
  const Reader reader = must(profile.read());
  must(profile.close());
  EXPECT_EQ(must(reader.get<std::string>(store, "k")), "text");
}

TEST_F(TransactionTest, MovedFromTransactionsGiveClosed) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  Reader reader = must(profile.read());
  const Reader moved = std::move(reader);
  EXPECT_EQ(code_of(reader.get(store, "k")),
            ErrorCode::kClosed);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(code_of(moved.get(store, "k")), ErrorCode::kOk);
  Writer writer = must(profile.write());
  Writer moved_writer = std::move(writer);
  EXPECT_EQ(code_of(writer.commit()), ErrorCode::kClosed);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(code_of(moved_writer.commit()), ErrorCode::kOk);
}

TEST_F(TransactionTest, AWriterIsAllOrNothingAcrossStores) {
  const Profile profile = open();
  const Store a = must(profile.open_store("a"));
  const Store b = must(profile.open_store("b"));
  {
    Writer writer = must(profile.write());
    must(writer.put(a, "k", ValueView::u64(1)));
    must(writer.put(b, "k", ValueView::u64(1)));
    EXPECT_EQ(must(writer.get<std::uint64_t>(b, "k")), 1U);
    EXPECT_TRUE(must(writer.has(a, "k")));
    EXPECT_EQ(must(writer.count(a)), 1U);
    EXPECT_FALSE(must(a.has("k")));
  }
  EXPECT_FALSE(must(a.has("k")));
  EXPECT_FALSE(must(b.has("k")));
  Writer writer = must(profile.write());
  must(writer.put(a, "k", ValueView::u64(1)));
  must(writer.put(b, "k", ValueView::u64(2)));
  EXPECT_TRUE(must(writer.erase(a, "k")));
  EXPECT_FALSE(must(writer.erase(a, "k")));
  const std::uint64_t id = must(writer.commit());
  EXPECT_EQ(must(profile.read()).id(), id);
  EXPECT_FALSE(must(a.has("k")));
  EXPECT_EQ(must(b.get<std::uint64_t>("k")), 2U);
}

TEST_F(TransactionTest, AnEndedWriterSaysSo) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  Writer writer = must(profile.write());
  Iterator iterator = must(writer.iterate(store));
  must(writer.commit());
  writer.abort();
  EXPECT_EQ(code_of(writer.put(store, "k", ValueView::u64(1))), ErrorCode::kTransactionEnded);
  EXPECT_EQ(code_of(writer.erase(store, "k")), ErrorCode::kTransactionEnded);
  EXPECT_EQ(code_of(writer.get(store, "k")), ErrorCode::kTransactionEnded);
  EXPECT_EQ(code_of(writer.clear(store)), ErrorCode::kTransactionEnded);
  EXPECT_EQ(code_of(writer.open_store("t")), ErrorCode::kTransactionEnded);
  EXPECT_EQ(code_of(writer.drop_store("s")), ErrorCode::kTransactionEnded);
  EXPECT_EQ(code_of(writer.commit()), ErrorCode::kTransactionEnded);
  EXPECT_EQ(code_of(iterator.next()), ErrorCode::kTransactionEnded);
}

TEST_F(TransactionTest, AFailedPutLeavesTheWriterUsable) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  Writer writer = must(profile.write());
  must(writer.put(store, "a", ValueView::u64(1)));
  EXPECT_EQ(code_of(writer.put(store, "a", ValueView::string("\xFF"))), ErrorCode::kInvalidText);
  EXPECT_EQ(code_of(writer.put(store, std::string(9000, 'k'), ValueView::u64(1))),
            ErrorCode::kKeyTooLong);
  must(writer.put(store, "b", ValueView::u64(2)));
  must(writer.commit());
  EXPECT_EQ(must(store.count()), 2U);
  EXPECT_EQ(must(store.get<std::uint64_t>("a")), 1U);
}

TEST_F(TransactionTest, StoresAreMadeAndDroppedWithinAWriter) {
  const Profile profile = open();
  {
    Writer writer = must(profile.write());
    const Store store = must(writer.open_store("s"));
    must(writer.put(store, "k", ValueView::u64(1)));
  }
  EXPECT_TRUE(must(profile.stores()).empty());
  Writer writer = must(profile.write());
  const Store store = must(writer.open_store("s"));
  must(writer.put(store, "k", ValueView::u64(1)));
  EXPECT_EQ(code_of(writer.open_store("t", false)), ErrorCode::kTableNotFound);
  EXPECT_EQ(code_of(store.get("k")), ErrorCode::kTableNotFound);
  must(writer.commit());
  EXPECT_EQ(must(store.get<std::uint64_t>("k")), 1U);
  Writer dropper = must(profile.write());
  EXPECT_TRUE(must(dropper.drop_store("s")));
  EXPECT_FALSE(must(dropper.drop_store("s")));
  EXPECT_EQ(code_of(dropper.put(store, "k", ValueView::u64(1))), ErrorCode::kTableNotFound);
  EXPECT_TRUE(must(store.has("k")));
  must(dropper.commit());
  EXPECT_EQ(code_of(store.has("k")), ErrorCode::kTableNotFound);
}

TEST_F(TransactionTest, WaitsForTheWriterOnlyAsLongAsAsked) {
  const Profile profile = open();
  Writer writer = must(profile.write());
  EXPECT_EQ(code_of(profile.write(std::chrono::milliseconds(0))), ErrorCode::kBusy);
  EXPECT_EQ(code_of(profile.write(std::chrono::milliseconds(5))), ErrorCode::kTimedOut);
  writer.abort();
  EXPECT_EQ(code_of(profile.write(std::chrono::milliseconds(0))), ErrorCode::kOk);
}

TEST_F(TransactionTest, WritingPastTheOwnWriterIsRefusedWhereItWouldWaitForEver) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  Writer writer = must(profile.write());
  EXPECT_EQ(code_of(store.put("k", ValueView::u64(1))), ErrorCode::kMisuse);
  EXPECT_EQ(code_of(store.erase("k")), ErrorCode::kMisuse);
  EXPECT_EQ(code_of(store.clear()), ErrorCode::kMisuse);
  EXPECT_EQ(code_of(profile.write()), ErrorCode::kMisuse);
  EXPECT_EQ(code_of(profile.apply(Batch())), ErrorCode::kMisuse);
  EXPECT_EQ(code_of(profile.open_store("new")), ErrorCode::kMisuse);
  EXPECT_EQ(code_of(profile.drop_store("s")), ErrorCode::kMisuse);
  EXPECT_EQ(code_of(profile.sync()), ErrorCode::kMisuse);
  EXPECT_EQ(code_of(profile.stats()), ErrorCode::kOk);
  must(writer.put(store, "k", ValueView::u64(2)));
  must(writer.commit());
  must(store.put("l", ValueView::u64(3)));
  EXPECT_EQ(must(store.get<std::uint64_t>("k")), 2U);
}

TEST_F(TransactionTest, AnIteratorDoesNotKeepTheWriterLock) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  std::optional<Iterator> iterator;
  {
    Writer writer = must(profile.write());
    iterator.emplace(must(writer.iterate(store)));
  }
  EXPECT_EQ(code_of(profile.write(std::chrono::milliseconds(0))), ErrorCode::kOk);
  EXPECT_EQ(code_of(iterator->next()), ErrorCode::kTransactionEnded);
}

TEST_F(TransactionTest, StoresOfAnotherProfileAreRefused) {
  const TempDirectory other_directory;
  const Profile profile = open();
  const Profile other = must(Manager::instance().open(other_directory.path()));
  const Store mine = must(profile.open_store("mine"));
  const Store theirs = must(other.open_store("theirs"));
  EXPECT_TRUE(failed_with(must(profile.read()).get(theirs, "k"), ErrorCode::kMisuse, "'theirs'"));
  {
    Writer writer = must(profile.write());
    EXPECT_EQ(code_of(writer.put(theirs, "k", ValueView::u64(1))), ErrorCode::kMisuse);
    EXPECT_EQ(code_of(writer.get(Store(), "k")), ErrorCode::kClosed);
  }
  Batch batch;
  must(batch.put(mine, "k", ValueView::u64(1)));
  must(batch.put(theirs, "k", ValueView::u64(1)));
  EXPECT_EQ(code_of(profile.apply(batch)), ErrorCode::kMisuse);
  EXPECT_FALSE(must(mine.has("k")));
}

TEST_F(TransactionTest, StoresOfAnotherUserOfTheProfileAreFine) {
  const Profile profile = open();
  const Profile other = open();
  const Store store = must(other.open_store("s"));
  Writer writer = must(profile.write());
  must(writer.put(store, "k", ValueView::u64(1)));
  must(writer.commit());
  EXPECT_TRUE(must(must(profile.read()).has(store, "k")));
}

TEST_F(TransactionTest, ABatchIsAppliedInItsOrderAndMoreThanOnce) {
  const Profile profile = open();
  const Store a = must(profile.open_store("a"));
  const Store b = must(profile.open_store("b"));
  Batch batch;
  must(batch.put(a, "x", ValueView::u64(1)));
  must(batch.erase(a, "x"));
  must(batch.put(a, "y", ValueView::u64(1)));
  must(batch.put(a, "y", ValueView::u64(2)));
  must(batch.erase(b, "absent"));
  must(batch.put(b, "z", ValueView::string("s")));
  EXPECT_EQ(batch.size(), 6U);
  must(profile.apply(batch));
  EXPECT_FALSE(must(a.has("x")));
  EXPECT_EQ(must(a.get<std::uint64_t>("y")), 2U);
  EXPECT_EQ(must(b.get<std::string>("z")), "s");
  must(b.clear());
  must(profile.apply(batch, Durability::kRelaxed));
  EXPECT_EQ(must(b.count()), 1U);
  must(profile.sync());
  batch.clear();
  EXPECT_EQ(batch.size(), 0U);
  must(profile.apply(batch));
}

TEST_F(TransactionTest, ABatchIsAllOrNothing) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const Store dropped = must(profile.open_store("dropped"));
  must(profile.drop_store("dropped"));
  Batch batch;
  must(batch.put(store, "k", ValueView::u64(1)));
  EXPECT_EQ(code_of(batch.put(store, "k", ValueView::json("{"))), ErrorCode::kInvalidJson);
  EXPECT_EQ(batch.size(), 1U);
  must(batch.put(dropped, "k", ValueView::u64(1)));
  EXPECT_TRUE(failed_with(profile.apply(batch), ErrorCode::kTableNotFound, "'dropped'"));
  EXPECT_EQ(must(store.count()), 0U);
}

}  // namespace
}  // namespace kist
