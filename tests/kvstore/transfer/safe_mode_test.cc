// rkv SafeMode files, as a writer of our own makes them.

#include <gtest/gtest.h>

#include "kvstore/transfer/readers.h"
#include "tests/kvstore/transfer/safe_mode_writer.h"
#include "tests/kvstore/transfer/transfer_fixture.h"

namespace kist::test {
namespace {

class SafeModeTest : public TransferTest {
 protected:
  static std::vector<SafeModeDatabase> databases(bool multi) {
    SafeModeDatabase prefs{"prefs", 0, {}};
    prefs.records["a"] = {rkv(ValueView::boolean(true))};
    prefs.records["b"] = {rkv(ValueView::u64(~std::uint64_t{0}))};
    prefs.records["c"] = {rkv(ValueView::i64(-5))};
    prefs.records["d"] = {rkv(ValueView::f64(2.5))};
    prefs.records["e"] = {rkv(ValueView::instant({-1}))};
    prefs.records["f"] = {rkv(ValueView::uuid(Uuid{{1, 2, 3}}))};
    prefs.records["g"] = {rkv(ValueView::string("gr\xC3\xBC\xC3\x9F"))};
    prefs.records["h"] = {rkv(ValueView::json("{\"x\": [1, 2]}"))};
    prefs.records["i"] = {rkv(ValueView::blob(engine::as_bytes(std::string(70'000, 'b'))))};
    prefs.records[std::string("\0\xFF", 2)] = {rkv(ValueView::string(""))};
    prefs.records[""] = {rkv(ValueView::u64(0))};
    SafeModeDatabase numbers{"numbers", 2, {}};
    for (const std::uint32_t number : {7U, 256U, 0U, 4'000'000'000U}) {
      numbers.records[little_endian(number, 4)] = {rkv(ValueView::u64(number))};
    }
    SafeModeDatabase unnamed{std::nullopt, 0, {{"k", {rkv(ValueView::string("v"))}}}};
    SafeModeDatabase none{"none", 0, {}};
    std::vector<SafeModeDatabase> all{prefs, numbers, unnamed, none};
    if (multi) {
      SafeModeDatabase tags{"tags", 1, {}};
      for (const std::int64_t value : {256, 1, -1}) {
        tags.records["x"].push_back(rkv(ValueView::i64(value)));
      }
      tags.records["deleted"] = {};
      all.push_back(tags);
      all.front().records["deleted"] = {};
    }
    return all;
  }

  static void expect_imported(const Profile& profile, bool multi) {
    Records expected;
    const std::vector<SafeModeDatabase> all = databases(multi);
    for (const auto& [key, values] : all[0].records) {
      for (const std::string& value : values) expected.emplace_back(key, value);
    }
    EXPECT_EQ(records_of(profile, "prefs"), expected);
    const Store numbers =
        must(profile.open_store("numbers", {.create = false, .keys = KeyType::kU32}));
    EXPECT_EQ(must(numbers.count()), 4U);
    for (const std::uint32_t number : {7U, 256U, 0U, 4'000'000'000U}) {
      EXPECT_EQ(must(numbers.get<std::uint64_t>(number)), number);
    }
    EXPECT_EQ(records_of(profile, "default"), (Records{{"k", rkv(ValueView::string("v"))}}));
    EXPECT_TRUE(records_of(profile, "none").empty());
    if (!multi) return;
    EXPECT_EQ(records_of(profile, "tags", {.multi = true}),
              (Records{{"x", rkv(ValueView::i64(256))},
                       {"x", rkv(ValueView::i64(1))},
                       {"x", rkv(ValueView::i64(-1))}}));
  }
};

// The writer, against the description byte by byte.
TEST_F(SafeModeTest, TheWriterWritesWhatIsDescribed) {
  const SafeModeDatabase one{"ab", 3, {{"k", {std::string("\x01\x01", 2)}}}};
  const std::string head(
      "\x01\0\0\0\0\0\0\0"
      "\x01\x02\0\0\0\0\0\0\0ab"
      "\x03\0\0\0"
      "\x01\0\0\0\0\0\0\0"
      "\x01\0\0\0\0\0\0\0k",
      40);
  const std::string value("\x02\0\0\0\0\0\0\0\x01\x01", 10);
  EXPECT_EQ(safe_mode_file({one}, false), head + value);
  EXPECT_EQ(safe_mode_file({one}, true), head + std::string("\x01\0\0\0\0\0\0\0", 8) + value);
}

TEST_F(SafeModeTest, BothFormsAreRead) {
  for (const bool values_counted : {false, true}) {
    const std::string content = safe_mode_file(databases(values_counted), values_counted);
    const std::string path = write_file("data.safe.bin", content);
    TempDirectory other;
    const Profile profile = must(Manager::instance().open(other.path()));
    const ImportReport report = must(import_file(profile, path));
    EXPECT_EQ(report.stores, values_counted ? 5U : 4U);
    EXPECT_EQ(report.records, values_counted ? 19U : 16U);
    EXPECT_EQ(report.added, report.records);
    expect_imported(profile, values_counted);
    const ImportReport again = must(import_file(profile, path));
    EXPECT_EQ(again.added, 0U);
    EXPECT_EQ(again.unchanged, report.records);
    expect_imported(profile, values_counted);
    EXPECT_EQ(read_file(path), content) << "the source is only read";
    EXPECT_TRUE(must(profile.check()).clean());
    must(profile.close());
  }
}

TEST_F(SafeModeTest, BytesBehindAValueAreIgnored) {
  const SafeModeDatabase one{"s", 0, {{"k", {rkv(ValueView::u64(5)) + "rest"}}}};
  const Profile profile = open();
  must(import_file(profile, write_file("data.safe.bin", safe_mode_file({one}, false))));
  EXPECT_EQ(records_of(profile, "s"), (Records{{"k", rkv(ValueView::u64(5))}}));
  must(profile.close());
}

TEST_F(SafeModeTest, DamageIsNamedAndNothingChanges) {
  const Profile profile = open();
  const auto expect_damaged = [&](std::string_view content, std::string_view part) {
    const auto imported = import_file(profile, write_file("data.safe.bin", content));
    EXPECT_TRUE(failed_with(imported, ErrorCode::kDamaged, part));
    EXPECT_TRUE(must(profile.stores()).empty());
  };
  expect_damaged("", "0 bytes");
  expect_damaged(std::string(8, '\0'), "all of them zero");
  expect_damaged(std::string(4096, '\0'), "all of them zero");
  const std::string whole = safe_mode_file(databases(true), true);
  for (std::size_t size = 1; size < whole.size(); size += size < 900 ? 7 : 9973) {
    expect_damaged(whole.substr(0, size), "data.safe.bin");
  }
  expect_damaged(whole + "x", "");
  const SafeModeDatabase twice{"s", 0, {{"k", {rkv(ValueView::u64(5)), rkv(ValueView::u64(6))}}}};
  expect_damaged(safe_mode_file({twice}, true), "several values");
  const SafeModeDatabase wide{
      "s", 2, {{"wide", {rkv(ValueView::u64(5))}}, {"wider", {rkv(ValueView::u64(5))}}}};
  expect_damaged(safe_mode_file({wide}, true), "integer key");
  const SafeModeDatabase untyped{"s", 0, {{"k", {"\x0A what"}}}};
  expect_damaged(safe_mode_file({untyped}, true), "");
  must(profile.close());
}

TEST_F(SafeModeTest, OtherFilesAreNotDetected) {
  const Profile profile = open();
  EXPECT_TRUE(failed_with(import_file(profile, write_file("notes.txt", "some text")),
                          ErrorCode::kNotAStore, "notes.txt"));
  EXPECT_TRUE(failed_with(import_file(profile, file("none")), ErrorCode::kNotFound, "none"));
  EXPECT_EQ(code_of(import_file(profile, directory())), ErrorCode::kIo);
  const SafeModeDatabase one{"s", 0, {{"k", {rkv(ValueView::u64(5))}}}};
  must(import_file(profile, write_file("renamed", safe_mode_file({one}, false))));
  EXPECT_EQ(records_of(profile, "s").size(), 1U);
  must(profile.close());
}

}  // namespace
}  // namespace kist::test
