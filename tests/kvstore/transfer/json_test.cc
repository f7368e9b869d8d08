// Exports as JSON, and their way back.

#include <bit>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/kvstore/transfer/transfer_fixture.h"

namespace kist::test {
namespace {

class JsonTransferTest : public TransferTest {
 protected:
  static void fill(const Profile& profile) {
    const Store all = must(profile.open_store("all \"types\"\n"));
    must(all.put("bool", ValueView::boolean(false)));
    must(all.put("u64", ValueView::u64(~std::uint64_t{0})));
    must(all.put("i64", ValueView::i64(std::numeric_limits<std::int64_t>::min())));
    for (const double number :
         {0.0, -0.0, 1.0, -1.5, 0.1, 1e300, 5e-324, 1.7976931348623157e308, 123456789012345678.0}) {
      must(all.put("f64 " + std::to_string(std::bit_cast<std::uint64_t>(number)),
                   ValueView::f64(number)));
    }
    must(all.put("inf", ValueView::f64(std::numeric_limits<double>::infinity())));
    must(all.put("-inf", ValueView::f64(-std::numeric_limits<double>::infinity())));
    must(all.put("nan", ValueView::f64(std::bit_cast<double>(0xFFF8'0000'0000'1234))));
    must(all.put("instant", ValueView::instant({-62'135'596'800'001})));
    must(all.put("uuid", ValueView::uuid(Uuid{{0xFE, 1, 2, 0xFF}})));
    must(all.put("string", ValueView::string(std::string("a\0\"\\\n\xF0\x9F\x98\x80", 9))));
    must(all.put("json", ValueView::json("{ \"kept\" : [1, 1.0, \"\\u00e9\"] }")));
    must(all.put("blob", ValueView::blob(engine::as_bytes(std::string("\0\xFF\x80", 3)))));
    must(all.put("large", ValueView::string(std::string(200'000, 'x'))));
    must(all.put(std::string_view("\xFF\0key", 5), ValueView::u64(1)));
    must(all.put("", ValueView::u64(2)));
    const Store tags = must(profile.open_store("tags", {.multi = true}));
    for (const std::int64_t i : {1, -1, 256}) must(tags.put("k", ValueView::i64(i)));
    for (const KeyType type : {KeyType::kU8, KeyType::kU64, KeyType::kI16, KeyType::kI64}) {
      const Store store =
          must(profile.open_store("keys " + std::string(type_name(type)), {.keys = type}));
      must(store.put(7, ValueView::boolean(true)));
      if (type == KeyType::kI16 || type == KeyType::kI64) {
        must(store.put(-7, ValueView::boolean(true)));
      }
      if (type == KeyType::kU64) must(store.put(~std::uint64_t{0}, ValueView::boolean(true)));
      if (type == KeyType::kI64) {
        must(store.put(std::numeric_limits<std::int64_t>::min(), ValueView::boolean(true)));
      }
    }
    must(profile.open_store("multi integers", {.multi = true, .keys = KeyType::kU32}));
  }

  /// What comes of importing a document.
  Result<ImportReport> imported(const Profile& profile, std::string_view document,
                                ImportFormat format = ImportFormat::kJson) const {
    return import_file(profile, write_file("export.json", document), {.format = format});
  }
  static std::string with_records(const std::string& records,
                                  const std::string& head = R"("store":"s")") {
    return R"({"format":"kist-export","version":1,"stores":[{)" + head + R"(,"records":[)" +
           records + "]}]}";
  }
};

TEST_F(JsonTransferTest, NothingIsLostOnTheWay) {
  const Profile profile = open();
  fill(profile);
  const std::string document = exported(profile);
  EXPECT_TRUE(nlohmann::json::accept(document));
  const Profile other =
      must(Manager::instance().open(directory() / "other", {.create_directory = true}));
  const ImportReport report = must(imported(other, document, ImportFormat::kDetect));
  EXPECT_EQ(report.records, report.added);
  EXPECT_EQ(exported(other), document);
  for (const StoreInfo& info : must(profile.stores())) {
    const bool multi = info.kind == StoreKind::kMulti || info.kind == StoreKind::kMultiInteger;
    const StoreOptions options{.multi = multi, .keys = info.keys};
    EXPECT_EQ(records_of(other, info.name, options), records_of(profile, info.name, options));
  }
  EXPECT_EQ(must(other.stores()).size(), must(profile.stores()).size()) << "empty ones, too";
  EXPECT_EQ(must(imported(other, document)).unchanged, report.records);
  must(other.close());
  must(profile.close());
}

TEST_F(JsonTransferTest, LooksAsDocumented) {
  const Profile profile = open();
  const Store store = must(profile.open_store("prefs"));
  must(store.put("theme", ValueView::string("dark")));
  must(store.put("zoom", ValueView::f64(1)));
  EXPECT_EQ(exported(profile),
            R"({"format":"kist-export","version":1,"stores":[
{"store":"prefs","kind":"single","keys":"bytes","records":[
{"key":"theme","type":"string","value":"dark"},
{"key":"zoom","type":"f64","value":1.0}]}
]}
)");
  must(profile.close());
}

TEST_F(JsonTransferTest, OfAnEmptyProfileAndOfSomeStores) {
  const Profile profile = open();
  const std::string empty = exported(profile);
  EXPECT_EQ(must(imported(profile, empty)).records, 0U);
  fill(profile);
  const auto document = nlohmann::json::parse(exported(profile, {.stores = {"tags"}}));
  ASSERT_EQ(document["stores"].size(), 1U);
  EXPECT_EQ(document["stores"][0]["records"].size(), 3U);
  const auto none =
      export_json(profile, [](Bytes) -> Result<void> { return {}; }, {.stores = {"none"}});
  EXPECT_EQ(code_of(none), ErrorCode::kTableNotFound);
  const auto refused =
      export_json(profile, [](Bytes) -> Result<void> { return fail(ErrorCode::kNoSpace, "full"); });
  EXPECT_EQ(code_of(refused), ErrorCode::kNoSpace);
  const auto stopped = export_json(profile, [](Bytes) -> Result<void> { return {}; },
                                   {.progress = [](const engine::Progress&) { return false; }});
  EXPECT_EQ(code_of(stopped), ErrorCode::kStopped);
  must(profile.close());
}

TEST_F(JsonTransferTest, WhatIsWrongIsNamed) {
  const Profile profile = open();
  const auto expect = [&](const std::string& document, ErrorCode code, std::string_view part) {
    EXPECT_TRUE(failed_with(imported(profile, document), code, part)) << document;
    EXPECT_TRUE(must(profile.stores()).empty());
  };
  const std::string good = R"({"key":"a","type":"u64","value":1})";
  const auto bad = [&](const std::string& record) { return with_records(good + "," + record); };
  expect(with_records(good) + "x", ErrorCode::kInvalidJson, "byte 109");
  expect(with_records(good).substr(0, 60), ErrorCode::kInvalidJson, "byte");
  expect(std::string("{\0}", 3), ErrorCode::kInvalidJson, "byte 2");
  expect("[]", ErrorCode::kDamaged, "");
  expect("{}", ErrorCode::kNotAStore, "no export");
  expect(R"({"stores":[]})", ErrorCode::kNotAStore, "no export");
  expect(R"({"format":"other"})", ErrorCode::kNotAStore, "no export");
  expect(R"({"format":"kist-export","version":2,"stores":[]})", ErrorCode::kNewerFormat, "2");
  expect(bad(R"({"key":"b","type":"u64","value":-1})"), ErrorCode::kDamaged, "record 2");
  expect(bad(R"({"key":"b","type":"i64","value":9223372036854775808})"), ErrorCode::kDamaged,
         "no i64");
  expect(bad(R"({"key":"b","type":"bool","value":0})"), ErrorCode::kDamaged, "no bool");
  expect(bad(R"({"key":"b","type":"uuid","value":"0"})"), ErrorCode::kDamaged, "no uuid");
  expect(bad(R"({"key":"b","type":"blob","value":"a"})"), ErrorCode::kDamaged, "no blob");
  expect(bad(R"({"key":"b","type":"what","value":1})"), ErrorCode::kDamaged, "type");
  expect(bad(R"({"key":"b","value":1})"), ErrorCode::kDamaged, "without a type");
  expect(bad(R"({"key":"b","type":"u64"})"), ErrorCode::kDamaged, "no u64");
  expect(bad(R"({"type":"u64","value":1})"), ErrorCode::kDamaged, "key");
  expect(bad(R"({"key":5,"type":"u64","value":1})"), ErrorCode::kDamaged, "key");
  expect(bad(R"({"key_hex":"0","type":"u64","value":1})"), ErrorCode::kDamaged, "hexadecimal");
  expect(bad(R"({"key":"b","type":"json","value":"{"})"), ErrorCode::kInvalidJson, "key 'b'");
  expect(bad(R"({"key":"b","type":"u64","value":{}})"), ErrorCode::kDamaged, "an object");
  expect(bad(R"({"key":"b","type":"u64","value":[]})"), ErrorCode::kDamaged, "an array");
  expect(bad(R"({"key":"b","type":"u64","other":1})"), ErrorCode::kDamaged, "'other'");
  expect(bad("1"), ErrorCode::kDamaged, "");
  expect(with_records(good, R"("kind":"single")"), ErrorCode::kDamaged, "without a name");
  expect(with_records(good, R"("store":"s","kind":"x")"), ErrorCode::kDamaged, "'kind'");
  expect(with_records(good, R"("store":"s","keys":"u32")"), ErrorCode::kDamaged, "u32");
  expect(with_records(R"({"key":300,"type":"u64","value":1})", R"("store":"s","keys":"u8")"),
         ErrorCode::kOutOfRange, "");
  must(profile.close());
}

}  // namespace
}  // namespace kist::test
