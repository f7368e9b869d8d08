// What a process reads that was granted a profile, and what becomes of batches that come as bytes.
// That it needs to open nothing is shown by tests/c/sandbox_test.c.

#include <string>

#include <unistd.h>

#include <kist/sandbox.h>

#include "tests/support/checked_profile.h"
#include "tests/support/child_process.h"
#include "tests/support/random.h"

namespace kist {
namespace {

using test::code_of;
using test::failed_with;
using test::must;

class SandboxTest : public test::ProfileTest {
 protected:
  /// Opens what `grant` grants, as another process would.
  static Result<Profile> opened(const Grant& grant) {
    return open_granted(::dup(grant.data()), ::dup(grant.control()));
  }
};

TEST_F(SandboxTest, ReadsWhatIsGrantedAndNothingNewer) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("a", Value::i64(1)));
  Grant grant = must(make_grant(profile));
  const Profile granted = must(opened(grant));
  const Store seen = must(granted.open_store("s", false));
  EXPECT_EQ(must(seen.get<std::int64_t>("a")), 1);

  must(store.put("a", Value::i64(2)));
  must(profile.open_store("later"));
  EXPECT_EQ(must(seen.get<std::int64_t>("a")), 1);
  const Reader held = must(granted.read());
  const std::uint64_t first = held.id();
  const std::uint64_t second = must(grant.advance());
  EXPECT_GT(second, first);
  EXPECT_EQ(grant.snapshot(), second);
  EXPECT_EQ(must(seen.get<std::int64_t>("a")), 2);
  EXPECT_EQ(must(held.get<std::int64_t>(seen, "a")), 1);
  EXPECT_EQ(must(granted.stores()).size(), 2U);
  EXPECT_EQ(must(grant.advance()), second) << "nothing was committed in between";

  EXPECT_EQ(code_of(seen.put("a", Value::i64(3))), ErrorCode::kReadOnly);
  EXPECT_EQ(code_of(granted.open_store("new")), ErrorCode::kReadOnly);
  EXPECT_EQ(code_of(granted.open_store("new", false)), ErrorCode::kTableNotFound);
}

TEST_F(SandboxTest, WhatIsTakenAwayIsSaidToBe) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  for (int i = 0; i < 500; ++i) must(store.put(std::to_string(i), Value::i64(i)));
  Grant grant = must(make_grant(profile));
  const Profile granted = must(opened(grant));
  const Store seen = must(granted.open_store("s", false));
  const Reader held = must(granted.read());
  Iterator walk = must(held.iterate(seen));
  EXPECT_TRUE(must(walk.next()));

  must(store.clear());
  const std::uint64_t second = must(grant.advance());
  EXPECT_EQ(must(held.count(seen)), 500U) << "still granted";
  grant.release_before(second);
  // Its pages are written over now.
  for (int i = 0; i < 500; ++i) must(store.put(std::to_string(i), Value::string("x")));
  EXPECT_TRUE(failed_with(held.get(seen, "7"), ErrorCode::kSnapshotGone, "taken away"));
  EXPECT_EQ(code_of(held.get<std::int64_t>(seen, "7")), ErrorCode::kSnapshotGone);
  EXPECT_EQ(code_of(held.has(seen, "7")), ErrorCode::kSnapshotGone);
  EXPECT_EQ(code_of(held.count(seen)), ErrorCode::kSnapshotGone);
  EXPECT_EQ(code_of(walk.value()), ErrorCode::kSnapshotGone);
  EXPECT_EQ(code_of(walk.next()), ErrorCode::kSnapshotGone);
  EXPECT_EQ(must(seen.count()), 0U) << "the newest is granted";

  grant.revoke();
  EXPECT_EQ(code_of(seen.count()), ErrorCode::kSnapshotGone);
  EXPECT_EQ(code_of(seen.get("7")), ErrorCode::kSnapshotGone);
  EXPECT_EQ(code_of(seen.get<std::int64_t>("7")), ErrorCode::kSnapshotGone);
  EXPECT_EQ(code_of(seen.has("7")), ErrorCode::kSnapshotGone);
  EXPECT_EQ(code_of(granted.stores()), ErrorCode::kSnapshotGone);
  EXPECT_EQ(code_of(granted.open_store("s", false)), ErrorCode::kSnapshotGone);
  EXPECT_EQ(code_of(grant.advance()), ErrorCode::kClosed);
  EXPECT_EQ(code_of(opened(grant)), ErrorCode::kSnapshotGone);
}

TEST_F(SandboxTest, AGrantPinsWhatItGrantsUntilItGoes) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("a", Value::i64(1)));
  std::uint64_t granted = 0;
  {
    const Grant grant = must(make_grant(profile));
    granted = grant.snapshot();
    for (int i = 0; i < 10; ++i) must(store.put("a", Value::i64(i)));
    EXPECT_EQ(must(profile.stats()).oldest_pinned, granted);
  }
  EXPECT_GT(must(profile.stats()).oldest_pinned, granted);
}

TEST_F(SandboxTest, AForkedChildTakesNothingAway) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  must(store.put("a", Value::i64(1)));
  auto grant = std::make_unique<Grant>(must(make_grant(profile)));
  test::ChildProcess child([&] {
    // Its copies of the descriptors are good, as those of any process.
    const Profile granted = must(open_granted(::dup(grant->data()), ::dup(grant->control())));
    const bool read = must(must(granted.open_store("s", false)).get<std::int64_t>("a")) == 1;
    const bool forked = code_of(grant->advance()) == ErrorCode::kForked;
    grant->revoke();
    grant.reset();
    return read && forked ? 0 : 1;
  });
  EXPECT_EQ(child.wait(), 0);
  const Profile granted = must(opened(*grant));
  EXPECT_EQ(must(must(granted.open_store("s", false)).get<std::int64_t>("a")), 1);
}

TEST_F(SandboxTest, BatchesTravelAsBytes) {
  const Profile profile = open();
  const Store texts = must(profile.open_store("texts"));
  const Store numbers = must(profile.open_store("numbers", {.multi = true, .keys = KeyType::kI16}));
  must(texts.put("old", Value::i64(1)));
  must(numbers.put(-5, Value::i64(1)));
  must(numbers.put(-5, Value::i64(2)));
  Grant grant = must(make_grant(profile));
  const Profile granted = must(opened(grant));
  const Store to = must(granted.open_store("texts", false));
  const Store to_numbers =
      must(granted.open_store("numbers", {.create = false, .multi = true, .keys = KeyType::kI16}));
  Batch batch;
  must(batch.put(to, "new", Value::json("{}")));
  must(batch.erase(to, "old"));
  must(batch.erase(to_numbers, -5, Value::i64(1)));
  must(batch.put(to_numbers, 7, Value::string("seven")));
  must(batch.erase_range(to, {.prefix = "no"}));
  const Batch received = must(batch_from_bytes(profile, engine::as_bytes(to_bytes(batch))));
  EXPECT_EQ(stores_of(received), (std::vector<std::string>{"numbers", "texts"}));
  EXPECT_EQ(received.size(), batch.size());
  must(profile.apply(received));
  EXPECT_EQ(must(texts.get("new")), Value::json("{}"));
  EXPECT_FALSE(must(texts.has("old")));
  EXPECT_EQ(must(numbers.get(-5)), Value::i64(2));
  EXPECT_EQ(must(numbers.count()), 2U);
}

TEST_F(SandboxTest, BytesOfABatchAreNotTrusted) {
  const Profile profile = open();
  const Store store = must(profile.open_store("s"));
  const Store numbers = must(profile.open_store("n", {.keys = KeyType::kU32}));
  Batch batch;
  must(batch.put(store, "key", Value::string("value")));
  must(batch.put(numbers, 7, Value::i64(1)));
  must(batch.clear(store));
  const std::string good = to_bytes(batch);
  EXPECT_EQ(code_of(batch_from_bytes(profile, {})), ErrorCode::kInvalidArgument);
  must(profile.drop_store("n"));
  EXPECT_EQ(code_of(batch_from_bytes(profile, engine::as_bytes(good))), ErrorCode::kTableNotFound);
  must(profile.open_store("n"));
  EXPECT_EQ(code_of(batch_from_bytes(profile, engine::as_bytes(good))), ErrorCode::kWrongKind);
  must(profile.drop_store("n"));
  must(profile.open_store("n", {.keys = KeyType::kU32}));

  test::Random random(test::test_seed("BytesOfABatchAreNotTrusted"));
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string bytes = good.substr(0, random.below(good.size() + 1));
    for (std::uint64_t flips = random.below(4); flips > 0 && !bytes.empty(); --flips) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    const Result<Batch> read = batch_from_bytes(profile, engine::as_bytes(bytes));
    if (!read || !profile.apply(*read, Durability::kRelaxed)) ++refused;
  }
  EXPECT_GT(refused, 1000);
  // Whatever was taken is sound: the check at the end of the test reads every key and value.
}

}  // namespace
}  // namespace kist
