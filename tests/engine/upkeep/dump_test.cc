#include <filesystem>

#include <gtest/gtest.h>

#include <kist/engine/dump.h>

#include "tests/engine/upkeep/every_kind.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

using engine::ByteSource;
using engine::dump;
using engine::DumpReport;
using engine::load;

std::string dumped(const Database& database) {
  std::string text;
  must(dump(database, [&](Bytes bytes) -> Result<void> {
    text += engine::as_text(bytes);
    return {};
  }));
  return text;
}

/// Gives the text in pieces of 1,000 bytes.
ByteSource source_of(const std::string& text) {
  return [&text, at = std::size_t{0}](std::span<std::uint8_t> out) mutable -> Result<std::size_t> {
    const std::size_t size = std::min({out.size(), text.size() - at, std::size_t{1000}});
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), size, out.begin());
    at += size;
    return size;
  };
}

class DumpTest : public StoreTest {
 protected:
  Database other(const std::string& name, std::uint32_t page_size = 4096) {
    return must(Database::open(directory().file(name), {.page_size = page_size}));
  }
};

TEST_F(DumpTest, LoadsToTheSame) {
  const Database database = open({.page_size = 512});
  fill_every_kind(database, 512);
  {
    WriteTxn txn = must(database.write());
    std::string huge(3'000'000, '\0');
    for (std::size_t i = 0; i < huge.size(); ++i) huge[i] = static_cast<char>(i * i);
    must(txn.put({}, as_bytes("huge"), as_bytes(huge)));
    must(txn.put(must(database.table("few")), as_bytes("huge"), as_bytes(huge)));
    must(txn.commit());
  }
  const std::string text = dumped(database);
  for (const char c : text) ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
  for (const std::uint32_t page_size : {512U, 8192U}) {
    const Database copy = other("copy" + std::to_string(page_size), page_size);
    const DumpReport report = must(load(copy, source_of(text)));
    EXPECT_EQ(report.records, must(database.check()).records);
    EXPECT_EQ(report.tables, 9U);
    expect_clean(copy);
    expect_same_content(database, must(database.read()), copy, must(copy.read()));
  }
  const Database again = other("again", 512);
  must(load(again, source_of(text)));
  EXPECT_TRUE(dumped(again) == text);
  expect_clean(database);
}

// The form is documented and must not drift.
TEST_F(DumpTest, LooksAsDocumented) {
  const Database database = open();
  {
    WriteTxn txn = must(database.write());
    must(txn.put({}, as_bytes("key"), as_bytes("a value")));
    must(txn.put({}, as_bytes("key \\ \n"), as_bytes("\xFF")));
    const Table ages = must(database.table("ages\t"));
    must(txn.create_table(ages, {.multi = true, .value_order = engine::Order::kUint32}));
    must(txn.put(ages, as_bytes("Ann"), engine::key_of(std::uint32_t{7})));
    must(txn.put(ages, as_bytes("Ann"), engine::key_of(std::uint32_t{65})));
    must(txn.advance_sequence(ages, 3));
    must(txn.commit());
  }
  const std::string text = dumped(database);
  const std::string body = text.substr(0, text.find("done "));
  EXPECT_EQ(body,
            "kist-dump 1\n"
            "page-size 4096\n"
            "table\n"
            "key-order bytes\n"
            "records 2\n"
            " key\n"
            "=a value\n"
            " key \\\\ \\0a\n"
            "=\\ff\n"
            "end\n"
            "table\n"
            "name ages\\09\n"
            "key-order bytes\n"
            "multi\n"
            "value-order uint32\n"
            "value-size 4\n"
            "sequence 3\n"
            "records 2\n"
            " Ann\n"
            "=\\00\\00\\00\\07\n"
            "=\\00\\00\\00A\n"
            "end\n");
  EXPECT_EQ(text.size(), body.size() + 22);
  expect_clean(database);
}

TEST_F(DumpTest, WrittenByHandInAnyOrder) {
  const std::string text =
      "kist-dump 1\n"
      "table\nname t\nkey-order int32\nrecords 2\n \\80\\00\\00\\01\n=one\n "
      "\\7f\\ff\\ff\\ff\n=minus one\nend\n"
      "table\nname m\nkey-order bytes\nmulti\nrecords 4\n b\n=2\n=1\n a\n=1\n b\n=0\nend\n"
      "table\nrecords 3\n b\n=2\n a\n=1\n c\n#5\n+12\n+345\nend\n"
      "done -\n";
  const Database database = open();
  EXPECT_EQ(must(load(database, source_of(text))).records, 9U);
  EXPECT_EQ(get(database, "a"), "1");
  EXPECT_EQ(get(database, "c"), "12345");
  const auto pairs = all_records(must(database.read()), must(database.table("m")));
  EXPECT_EQ(pairs.size(), 4U);
  EXPECT_EQ(pairs[1], std::make_pair(std::string("b"), std::string("0")));
  const auto records = all_records(must(database.read()), must(database.table("t")));
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].second, "minus one");
  expect_clean(database);
}

TEST_F(DumpTest, NeedsNoComparatorToDumpAndOneToLoad) {
  const auto backwards = [](Bytes a, Bytes b) {
    return -engine::as_text(a).compare(engine::as_text(b));
  };
  {
    const Database database = open();
    must(database.register_comparator("backwards", backwards));
    const Table table = must(database.table("t"));
    WriteTxn txn = must(database.write());
    must(txn.create_table(table,
                          {.key_order = engine::Order::kCustom, .key_comparator = "backwards"}));
    for (int i = 0; i < 300; ++i) must(txn.put(table, as_bytes(std::to_string(i)), as_bytes("v")));
    must(txn.commit());
    expect_clean(database);
  }
  const Database database = open();
  const std::string text = dumped(database);
  const Database copy = other("copy");
  EXPECT_TRUE(fails(load(copy, source_of(text)), ErrorCode::kNoComparator));
  must(copy.register_comparator("backwards", backwards));
  must(load(copy, source_of(text)));
  must(database.register_comparator("backwards", backwards));
  expect_same_content(database, must(database.read()), copy, must(copy.read()));
  expect_clean(copy);
}

TEST_F(DumpTest, RefusesWhatIsNotWhole) {
  const Database database = open();
  fill_every_kind(database, 4096);
  const std::string text = dumped(database);
  const Database copy = other("copy");
  for (std::size_t size = 0; size < text.size() - 1; size += 1 + text.size() / 60) {
    const std::string cut = text.substr(0, size);
    const auto refused = load(copy, source_of(cut));
    ASSERT_TRUE(fails(refused, ErrorCode::kDamaged)) << size;
    EXPECT_NE(refused.error().message.find("line "), std::string::npos);
  }
  std::string changed = text;
  changed[changed.find("=value") + 1] = 'V';
  EXPECT_TRUE(fails(load(copy, source_of(changed)), ErrorCode::kDamaged));
  for (const std::string& wrong : std::initializer_list<std::string>{
           "hello\n", "kist-dump 1\nwhat\n", "kist-dump 1\ntable\nrecords 1\n=v\nend\ndone -\n",
           "kist-dump 1\ntable\nrecords 1\n k\nend\ndone -\n",
           "kist-dump 1\ntable\nrecords 2\n k\n=a\n k\n=b\nend\ndone -\n",
           "kist-dump 1\ntable\nrecords 1\n k\n=a\n=b\nend\ndone -\n",
           "kist-dump 1\ntable\nrecords 1\n \\\n=a\nend\ndone -\n",
           "kist-dump 1\ntable\nrecords 1\n \\0\n=a\nend\ndone -\n",
           "kist-dump 1\ntable\nrecords 1\n k\n#5\n+123456\nend\ndone -\n",
           "kist-dump 1\ntable\nkey-order up\nrecords 0\nend\ndone -\n",
           "kist-dump 1\ntable\nmulti\nrecords 0\nend\ndone -\n"}) {
    EXPECT_TRUE(fails(load(copy, source_of(wrong)), ErrorCode::kDamaged)) << wrong;
  }
  const std::string newer = "kist-dump 2\n";
  EXPECT_TRUE(fails(load(copy, source_of(newer)), ErrorCode::kNewerFormat));
  EXPECT_EQ(must(copy.check()).records, 0U) << "all or nothing";
  EXPECT_TRUE(must(must(copy.read()).table_names()).empty());
  expect_clean(copy);
}

TEST_F(DumpTest, DoesNotMixWithWhatIsThere) {
  const Database database = open();
  fill_every_kind(database, 4096);
  const std::string text = dumped(database);
  EXPECT_TRUE(fails(load(database, source_of(text)), ErrorCode::kTableExists));
  const Database copy = other("copy");
  {
    WriteTxn txn = must(copy.write());
    must(txn.create_table(must(copy.table("many"))));
    must(txn.commit());
  }
  EXPECT_TRUE(fails(load(copy, source_of(text)), ErrorCode::kTableExists));
  EXPECT_EQ(must(copy.check()).records, 0U);
  expect_clean(copy);
}

TEST_F(DumpTest, StopsWhenAsked) {
  const Database database = open();
  fill_every_kind(database, 4096);
  const auto never = [](const engine::Progress&) { return false; };
  EXPECT_TRUE(
      fails(dump(database, [](Bytes) { return Result<void>(); }, never), ErrorCode::kStopped));
  const std::string text = dumped(database);
  EXPECT_TRUE(fails(load(other("copy"), source_of(text), never), ErrorCode::kStopped));
}

}  // namespace
}  // namespace kist::test
