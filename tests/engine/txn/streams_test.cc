#include <algorithm>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>

#include <kist/engine/value_stream.h>

#include "tests/support/call_counter.h"
#include "tests/support/child_process.h"
#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::ValueReader;
using engine::ValueWriter;

// Writes `value` in pieces of up to `most` bytes.
void write_in_pieces(ValueWriter& writer, std::string_view value, std::size_t most,
                     Random& random) {
  while (!value.empty()) {
    const std::size_t size = std::min<std::size_t>(value.size(), random.below(most + 1));
    must(writer.write(as_bytes(value.substr(0, size))));
    value.remove_prefix(size);
  }
}

// The value of a key as its stream gives it, read in pieces of up to `most` bytes.
std::optional<std::string> read_in_pieces(const Txn& txn, std::string_view key, std::size_t most,
                                          Random& random, Table table = {}) {
  std::optional<ValueReader> reader = must(txn.open_value(table, as_bytes(key)));
  if (!reader) return std::nullopt;
  std::string value;
  std::vector<std::uint8_t> piece(most);
  for (;;) {
    const std::size_t wanted = 1 + random.below(most);
    const std::size_t got =
        must(reader->read(value.size(), std::span<std::uint8_t>(piece).first(wanted)));
    if (got == 0) break;
    EXPECT_EQ(got, std::min<std::uint64_t>(wanted, reader->size() - value.size()));
    value.append(reinterpret_cast<const char*>(piece.data()), got);
  }
  EXPECT_EQ(value.size(), reader->size());
  return value;
}

class StreamTest : public StoreTest, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(StreamTest, ValuesAroundEveryEdge) {
  Random random(test_seed("StreamTest"));
  const std::size_t page = GetParam();
  std::vector<std::size_t> sizes{0, 1, 47, 48, 49};
  for (const std::size_t edge :
       {page / 2, page, std::size_t{65536 - 48}, std::size_t{65536}, std::size_t{65536 + 48},
        std::size_t{131072}, 131072 + page, std::size_t{10 * 65536}, std::size_t{1} << 20}) {
    sizes.insert(sizes.end(), {edge - 8, edge - 1, edge, edge + 1, edge + 7});
  }
  std::ranges::sort(sizes);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  const std::string source = random.bytes((1 << 20) + 100);
  const auto value_of = [&](std::size_t size) {
    return std::string_view(source).substr((1 << 20) + 100 - size);
  };
  {
    const Database database = open({.page_size = GetParam()});
    WriteTxn txn = must(database.write());
    for (const std::size_t size : sizes) {
      const std::string key = "k" + std::to_string(size);
      ValueWriter writer = must(txn.stream_value({}, as_bytes(key), size));
      write_in_pieces(writer, value_of(size), 1 + size / 3, random);
      EXPECT_FALSE(must(txn.contains({}, as_bytes(key)))) << "before finish()";
      must(writer.finish());
      EXPECT_TRUE(as_text(*must(txn.get({}, as_bytes(key)))) == value_of(size)) << size;
      EXPECT_TRUE(read_in_pieces(txn, key, 100'000, random) == value_of(size)) << size;
    }
    EXPECT_EQ(must(must(database.read()).count({})), 0U);
    must(txn.commit());
    expect_clean(database);
  }
  const Database database = open();
  const ReadTxn txn = must(database.read());
  for (const std::size_t size : sizes) {
    const std::string key = "k" + std::to_string(size);
    EXPECT_TRUE(read_in_pieces(txn, key, 1 + size / 2, random) == value_of(size)) << size;
    EXPECT_TRUE(as_text(*must(txn.get({}, as_bytes(key)))) == value_of(size)) << size;
  }
  EXPECT_FALSE(must(txn.open_value({}, as_bytes("none"))).has_value());
}

INSTANTIATE_TEST_SUITE_P(PageSizes, StreamTest, testing::Values(256, 1024, 4096, 65536));

class WriterTest : public StoreTest {
 protected:
  static constexpr std::size_t kLarge = 300'000;
  static std::string large(char fill = 'x') { return std::string(kLarge, fill); }

  /// Pages that are in use neither by what can be read nor by the free map would be lost.
  static void commit_clean(const Database& database, WriteTxn& txn) {
    must(txn.commit());
    expect_clean(database);
  }
};

TEST_F(WriterTest, HoldsToWhatWasAnnounced) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  for (const std::size_t size : {std::size_t{10}, kLarge}) {
    const std::string value(size, 'v');
    ValueWriter writer = must(txn.stream_value({}, as_bytes("key"), size));
    EXPECT_TRUE(fails(writer.finish(), ErrorCode::kMisuse)) << "nothing written";
    must(writer.write(as_bytes(value).first(size - 1)));
    EXPECT_TRUE(fails(writer.finish(), ErrorCode::kMisuse)) << "a byte is missing";
    EXPECT_TRUE(fails(writer.write(as_bytes("ab")), ErrorCode::kValueTooLong));
    must(writer.write({}));
    must(writer.write(as_bytes("v")));
    EXPECT_TRUE(fails(writer.write(as_bytes("a")), ErrorCode::kValueTooLong));
    EXPECT_FALSE(must(txn.contains({}, as_bytes("key"))));
    must(writer.finish());
    EXPECT_TRUE(fails(writer.finish(), ErrorCode::kMisuse)) << "twice";
    EXPECT_TRUE(fails(writer.write({}), ErrorCode::kMisuse));
    EXPECT_EQ(get(txn, "key"), value);
    must(txn.erase({}, as_bytes("key")));
  }
  EXPECT_TRUE(fails(txn.stream_value({}, as_bytes("key"), (std::uint64_t{1} << 40) + 1),
                    ErrorCode::kValueTooLong));
  EXPECT_TRUE(
      fails(txn.stream_value({}, as_bytes(std::string(5000, 'k')), 10), ErrorCode::kKeyTooLong));
  const Table none = must(database.table("none"));
  EXPECT_TRUE(fails(txn.stream_value(none, as_bytes("key"), 10), ErrorCode::kTableNotFound));
  const Table multi = must(database.table("multi"));
  must(txn.create_table(multi, {.multi = true}));
  EXPECT_TRUE(fails(txn.stream_value(multi, as_bytes("key"), 10), ErrorCode::kMisuse));
  commit_clean(database, txn);
}

TEST_F(WriterTest, GivesItsRoomBackUnlessFinished) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("a"), as_bytes("1")));
  const auto began = [&] {
    ValueWriter writer = must(txn.stream_value({}, as_bytes("key"), kLarge));
    must(writer.write(as_bytes(large()).first(100'000)));
    return writer;
  };
  {
    const ValueWriter dropped = began();
  }
  ValueWriter assigned = began();
  assigned = began();
  ValueWriter moved = std::move(assigned);
  // NOLINTNEXTLINE(bugprone-use-after-move): that is what is tested
  EXPECT_TRUE(fails(assigned.write({}), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(assigned.finish(), ErrorCode::kTransactionEnded));
  must(moved.write(as_bytes(large()).subspan(100'000)));
  must(moved.finish());
  ValueWriter left = began();
  commit_clean(database, txn);
  EXPECT_TRUE(fails(left.write(as_bytes("a")), ErrorCode::kTransactionEnded));
  EXPECT_TRUE(fails(left.finish(), ErrorCode::kTransactionEnded));
  EXPECT_EQ(get(database, "key"), large());
  txn = must(database.write());
  left = began();
  txn.abort();
  EXPECT_TRUE(fails(left.write(as_bytes("a")), ErrorCode::kTransactionEnded));
  const ValueWriter gone = std::move(left);
  expect_clean(database);
}

TEST_F(WriterTest, OtherWritesMayComeBetween) {
  Random random(test_seed("WriterTest"));
  const Database database = open({.page_size = 1024});
  const std::string one = random.bytes(500'000);
  const std::string two = random.bytes(700'000);
  WriteTxn txn = must(database.write());
  ValueWriter first = must(txn.stream_value({}, as_bytes("one"), one.size()));
  ValueWriter second = must(txn.stream_value({}, as_bytes("two"), two.size()));
  for (std::size_t i = 0; i < 10; ++i) {
    must(first.write(as_bytes(one).subspan(i * 50'000, 50'000)));
    must(txn.put({}, as_bytes("key " + std::to_string(i)), as_bytes(random.bytes(100))));
    must(second.write(as_bytes(two).subspan(i * 70'000, 70'000)));
    must(txn.put({}, as_bytes("one"), as_bytes(random.bytes(i * 1000))));
  }
  must(second.finish());
  must(txn.erase({}, as_bytes("key 3")));
  must(first.finish());
  EXPECT_TRUE(get(txn, "one") == one) << "replaces what was put meanwhile";
  commit_clean(database, txn);
  EXPECT_TRUE(get(database, "one") == one);
  EXPECT_TRUE(get(database, "two") == two);
  for (int round = 0; round < 5; ++round) {
    txn = must(database.write());
    ValueWriter again = must(txn.stream_value({}, as_bytes("one"), two.size()));
    must(again.write(as_bytes(two)));
    must(again.finish());
    again = must(txn.stream_value({}, as_bytes("one"), one.size()));
    must(again.write(as_bytes(one)));
    must(again.finish());
    commit_clean(database, txn);
    EXPECT_TRUE(get(database, "one") == one);
  }
  EXPECT_LT(must(database.stats()).file_pages, 8000U);
}

TEST_F(WriterTest, BelongsToTheTransactionThatBeganIt) {
  const Database database = open();
  WriteTxn outer = must(database.write());
  ValueWriter writer = must(outer.stream_value({}, as_bytes("outer"), kLarge));
  must(writer.write(as_bytes(large()).first(1000)));
  std::optional<ValueWriter> dropped = must(outer.stream_value({}, as_bytes("dropped"), kLarge));
  std::optional<ValueWriter> inside;
  for (const bool commit : {false, true}) {
    WriteTxn inner = must(outer.nested());
    EXPECT_TRUE(fails(writer.write(as_bytes("x")), ErrorCode::kMisuse)) << "one is nested in it";
    EXPECT_TRUE(fails(writer.finish(), ErrorCode::kMisuse));
    dropped.reset();
    inside = must(inner.stream_value({}, as_bytes("inside"), kLarge));
    must(inside->write(as_bytes(large()).first(70'000)));
    ValueWriter finished = must(inner.stream_value({}, as_bytes("finished"), kLarge));
    must(finished.write(as_bytes(large(commit ? 'c' : 'a'))));
    must(finished.finish());
    if (commit) must(inner.commit());
  }
  EXPECT_TRUE(fails(inside->write(as_bytes("x")), ErrorCode::kTransactionEnded));
  EXPECT_EQ(get(outer, "finished"), large('c'));
  must(writer.write(as_bytes(large()).subspan(1000)));
  const engine::Savepoint savepoint = must(outer.savepoint());
  must(writer.finish());
  EXPECT_EQ(get(outer, "outer"), large());
  must(outer.rollback_to(savepoint));
  EXPECT_FALSE(must(outer.contains({}, as_bytes("outer")))) << "finished since";
  ValueWriter across = must(outer.stream_value({}, as_bytes("across"), kLarge));
  must(across.write(as_bytes(large('d')).first(100'000)));
  must(outer.rollback_to(savepoint));
  must(across.write(as_bytes(large('d')).subspan(100'000)));
  must(across.finish());
  commit_clean(database, outer);
  EXPECT_EQ(get(database, "across"), large('d'));
  EXPECT_EQ(get(database, "finished"), large('c'));
  EXPECT_EQ(must(must(database.read()).count({})), 2U);
}

TEST_F(WriterTest, CommitAndContinueEndsIt) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  ValueWriter writer = must(txn.stream_value({}, as_bytes("key"), kLarge));
  must(writer.write(as_bytes(large()).first(100'000)));
  must(txn.put({}, as_bytes("a"), as_bytes("1")));
  must(txn.commit_and_continue());
  EXPECT_TRUE(fails(writer.write(as_bytes("x")), ErrorCode::kTransactionEnded));
  must(txn.put({}, as_bytes("b"), as_bytes(std::string(2'000'000, 'b'))));
  writer = must(txn.stream_value({}, as_bytes("key"), kLarge));
  must(writer.write(as_bytes(large('y'))));
  must(writer.finish());
  commit_clean(database, txn);
  EXPECT_EQ(get(database, "b"), std::string(2'000'000, 'b'));
  EXPECT_EQ(get(database, "key"), large('y'));
}

TEST_F(WriterTest, WithoutSpaceTheTransactionGoesOn) {
  CallCounter calls;
  const Database database = open({.page_size = {}, .observer = &calls});
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("a"), as_bytes("1")));
  calls.fail(Call::Kind::kAllocate, ENOSPC);
  EXPECT_TRUE(fails(txn.stream_value({}, as_bytes("key"), 1 << 30), ErrorCode::kNoSpace));
  calls.stop_failing();
  EXPECT_EQ(get(txn, "a"), "1");
  ValueWriter writer = must(txn.stream_value({}, as_bytes("key"), kLarge));
  must(writer.write(as_bytes(large())));
  must(writer.finish());
  commit_clean(database, txn);
  EXPECT_EQ(get(database, "key"), large());
  EXPECT_LT(must(database.stats()).file_pages, 1000U) << "what failed was not kept";
}

TEST_F(WriterTest, AFailedWriteLatches) {
  CallCounter calls;
  Database database = open({.page_size = {}, .observer = &calls});
  put(database, "a", "1");
  {
    WriteTxn txn = must(database.write());
    ValueWriter writer = must(txn.stream_value({}, as_bytes("key"), kLarge));
    calls.fail(Call::Kind::kWrite, EIO);
    EXPECT_TRUE(fails(writer.write(as_bytes(large())), ErrorCode::kIo));
    calls.stop_failing();
  }
  EXPECT_TRUE(fails(database.write(), ErrorCode::kLatched));
  must(database.close());
  database = open();
  EXPECT_EQ(get(database, "a"), "1");
  expect_clean(database);
}

TEST_F(WriterTest, AForkedChildLeavesItAlone) {
  const Database database = open();
  WriteTxn txn = must(database.write());
  std::optional<ValueWriter> writer = must(txn.stream_value({}, as_bytes("key"), kLarge));
  must(writer->write(as_bytes(large()).first(200'000)));
  EXPECT_EQ(ChildProcess([&] {
              if (!fails(writer->write(as_bytes("x")), ErrorCode::kForked)) return 1;
              if (!fails(writer->finish(), ErrorCode::kForked)) return 2;
              writer.reset();
              return fails(txn.stream_value({}, {}, 1), ErrorCode::kForked) ? 0 : 3;
            }).wait(),
            0);
  must(writer->write(as_bytes(large()).subspan(200'000)));
  must(writer->finish());
  commit_clean(database, txn);
  EXPECT_EQ(get(database, "key"), large());
}

class ReaderTest : public WriterTest {
 protected:
  static Result<std::size_t> read(ValueReader& reader, std::uint64_t offset = 0,
                                  std::size_t size = 10) {
    std::vector<std::uint8_t> out(size);
    return reader.read(offset, out);
  }
};

TEST_F(ReaderTest, ReadsAnywhere) {
  Random random(test_seed("ReaderTest"));
  const Database database = open();
  const std::string value = random.bytes(1'000'000);
  put(database, "key", value);
  const ReadTxn txn = must(database.read());
  ValueReader reader = must(txn.open_value({}, as_bytes("key"))).value();
  EXPECT_EQ(reader.size(), value.size());
  std::vector<std::uint8_t> out(300'000);
  for (int i = 0; i < 300; ++i) {
    const std::size_t offset = random.below(value.size() + 10);
    const std::size_t size = random.below(i % 2 == 0 ? 200 : out.size());
    const std::size_t got = must(reader.read(offset, std::span(out).first(size)));
    ASSERT_EQ(got, offset >= value.size() ? 0 : std::min(size, value.size() - offset));
    EXPECT_TRUE(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(got),
                           as_bytes(value).subspan(std::min(offset, value.size())).begin()));
  }
  EXPECT_EQ(must(reader.read(~std::uint64_t{0}, out)), 0U);
  EXPECT_EQ(must(reader.read(0, {})), 0U);
}

TEST_F(ReaderTest, EndsWithItsSnapshot) {
  const Database database = open();
  put(database, "large", large());
  put(database, "small", "value");
  for (const std::string_view key : {"large", "small"}) {
    ReadTxn txn = must(database.read());
    const auto reader = [&] { return must(txn.open_value({}, as_bytes(key))).value(); };
    ValueReader one = reader();
    ValueReader moved = std::move(one);
    EXPECT_EQ(must(read(moved, 0, 5)), 5U);
    EXPECT_TRUE(fails(read(one), ErrorCode::kTransactionEnded));
    EXPECT_EQ(one.size(), 0U);
    put(database, "a", "1" + std::string(key));
    EXPECT_EQ(must(read(moved, 0, 5)), 5U);
    must(txn.renew());
    EXPECT_TRUE(fails(read(moved), ErrorCode::kTransactionEnded));
    one = reader();
    EXPECT_EQ(must(read(one, 0, 5)), 5U);
    txn.reset();
    EXPECT_TRUE(fails(read(one), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(txn.open_value({}, as_bytes(key)), ErrorCode::kTransactionEnded));
    must(txn.renew());
    one = reader();
    txn.end();
    EXPECT_TRUE(fails(read(one), ErrorCode::kTransactionEnded));
    EXPECT_TRUE(fails(txn.open_value({}, as_bytes(key)), ErrorCode::kTransactionEnded));
  }
}

TEST_F(ReaderTest, AWriteEndsItUnlessTheValueLiesInTheMap) {
  const Database database = open();
  put(database, "small", "value");
  put(database, "large", large());
  WriteTxn txn = must(database.write());
  must(txn.put({}, as_bytes("pending"), as_bytes(large('p'))));
  ValueWriter writer = must(txn.stream_value({}, as_bytes("early"), kLarge));
  must(writer.write(as_bytes(large('e'))));
  must(writer.finish());
  const auto open_value = [&](std::string_view key) {
    return must(txn.open_value({}, as_bytes(key))).value();
  };
  ValueReader committed = open_value("large");
  ValueReader pending = open_value("pending");
  ValueReader early = open_value("early");
  ValueReader copied = open_value("small");  // its leaf was copied for the puts above
  EXPECT_EQ(must(read(pending)), 10U);
  EXPECT_EQ(must(read(early)), 10U);
  must(txn.put({}, as_bytes("a"), as_bytes("1")));
  EXPECT_TRUE(fails(read(pending), ErrorCode::kCursorInvalid));
  EXPECT_TRUE(fails(read(early), ErrorCode::kCursorInvalid));
  EXPECT_TRUE(fails(read(copied), ErrorCode::kCursorInvalid));
  must(txn.erase({}, as_bytes("large")));
  std::vector<std::uint8_t> out(kLarge);
  EXPECT_EQ(must(committed.read(0, out)), kLarge);
  EXPECT_EQ(as_text(out), large()) << "as it was committed before";
  must(txn.commit_and_continue());
  EXPECT_TRUE(fails(read(committed), ErrorCode::kTransactionEnded));
  pending = open_value("pending");
  {
    WriteTxn inner = must(txn.nested());
    EXPECT_TRUE(fails(read(pending), ErrorCode::kMisuse));
    early = must(inner.open_value({}, as_bytes("early"))).value();
  }
  EXPECT_TRUE(fails(read(early), ErrorCode::kTransactionEnded));
  EXPECT_EQ(must(read(pending)), 10U) << "committed now";
  commit_clean(database, txn);
}

TEST_F(ReaderTest, DamageIsFoundInThePieceThatHasIt) {
  Random random(test_seed("ReaderTest"));
  const std::string value = random.bytes(kLarge);
  put(open(), "key", value);
  const auto flip = [&](std::size_t at, std::string_view near) {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(file)), {});
    const std::size_t found = content.find(near);
    ASSERT_NE(found, std::string::npos);
    file.seekp(static_cast<std::streamoff>(found + at));
    file.put(static_cast<char>(content[found + at] ^ 1));
  };
  constexpr std::size_t kBad = 150'000;  // in the third piece of 64 KiB
  flip(0, value.substr(kBad, 30));
  const Database database = open();
  {
    const ReadTxn txn = must(database.read());
    ValueReader reader = must(txn.open_value({}, as_bytes("key"))).value();
    std::vector<std::uint8_t> out(131072);
    EXPECT_EQ(must(reader.read(0, out)), 131072U);
    EXPECT_TRUE(as_text(out) == value.substr(0, 131072));
    const auto damaged = reader.read(131072, out);
    ASSERT_TRUE(fails(damaged, ErrorCode::kDamaged));
    EXPECT_NE(damaged.error().message.find("page"), std::string::npos);
    EXPECT_TRUE(fails(read(reader, kBad - 10), ErrorCode::kDamaged)) << "though before the byte";
    EXPECT_TRUE(fails(reader.read(100'000, out), ErrorCode::kDamaged));
    EXPECT_EQ(must(reader.read(196608, out)), kLarge - 196608);
    EXPECT_TRUE(as_text(Bytes(out).first(kLarge - 196608)) == value.substr(196608));
    EXPECT_EQ(must(read(reader, 5)), 10U);
    EXPECT_TRUE(fails(txn.get({}, as_bytes("key")), ErrorCode::kDamaged));
  }
  flip(0, value.substr(kBad + 1, 30));  // only so that the next one is found
  flip(kLarge - (kBad + 200) + 4, value.substr(kBad + 200, 30));  // behind the value: its table
  const ReadTxn txn = must(database.read());
  EXPECT_TRUE(fails(txn.open_value({}, as_bytes("key")), ErrorCode::kDamaged));
}

TEST_F(ReaderTest, ADamagedValueCanBeRemovedAndReplaced) {
  Random random(test_seed("ReaderTest"));
  const std::string value = random.bytes(kLarge);
  {
    const Database database = open();
    for (const std::string_view key : {"erased", "replaced", "the same", "cleared"}) {
      put(database, key, value);
    }
  }
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(file)), {});
    for (std::size_t at = 0; (at = content.find(value.substr(1000, 50), at)) != std::string::npos;
         ++at) {
      file.seekp(static_cast<std::streamoff>(at));
      file.put(static_cast<char>(content[at] ^ 1));
    }
  }
  const Database database = open();
  WriteTxn txn = must(database.write());
  EXPECT_TRUE(fails(txn.get({}, as_bytes("erased")), ErrorCode::kDamaged));
  EXPECT_TRUE(must(txn.erase({}, as_bytes("erased"))));
  must(txn.put({}, as_bytes("replaced"), as_bytes("whole")));
  must(txn.put({}, as_bytes("the same"), as_bytes(value)));
  EXPECT_TRUE(get(txn, "the same") == value);
  EXPECT_EQ(must(txn.erase_range({}, as_bytes("c"), as_bytes("d"))), 1U);
  must(txn.commit());
  EXPECT_EQ(get(database, "replaced"), "whole");
  EXPECT_TRUE(get(database, "the same") == value);
  expect_clean(database);
}

TEST_F(ReaderTest, AMultimapGivesTheFirstValue) {
  const Database database = open();
  const Table multi = must(database.table("multi"));
  WriteTxn txn = must(database.write());
  must(txn.create_table(multi, {.multi = true}));
  for (const char fill : {'b', 'a', 'c'}) {
    must(txn.put(multi, as_bytes("key"), as_bytes(large(fill))));
    must(txn.put(multi, as_bytes("short"), as_bytes(std::string(3, fill))));
  }
  Random random(1);
  EXPECT_TRUE(read_in_pieces(txn, "key", 100'000, random, multi) == large('a'));
  must(txn.commit());
  const ReadTxn reader = must(database.read());
  EXPECT_TRUE(read_in_pieces(reader, "key", 100'000, random, multi) == large('a'));
  EXPECT_EQ(read_in_pieces(reader, "short", 2, random, multi), "aaa");
  expect_clean(database);
}

}  // namespace
}  // namespace kist::test
