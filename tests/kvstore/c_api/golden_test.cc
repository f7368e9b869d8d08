// The golden vectors, written and read through the C interface, are the same bytes as everywhere
// else.

#include "tests/support/golden.h"

#include <bit>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include <kist/kist.h>
#include <kist/manager.h>

#include "kvstore/codec/value_codec.h"
#include "tests/support/temp_directory.h"

namespace kist::c_api {
namespace {

using kist::test::from_hex;
using kist::test::load_golden;

/// A golden vector as a C program would write it down.
struct CVector {
  explicit CVector(const nlohmann::json& vector)
      : name(vector["name"]), encoded(from_hex(vector["hex"].get<std::string>())) {
    const std::string type = vector["type"];
    if (type == "bool") {
      value = kist_value_bool(vector["value"].get<bool>());
      return;
    }
    text = vector["value"].get<std::string>();
    if (type == "u64") value = kist_value_u64(std::stoull(text));
    if (type == "i64") value = kist_value_i64(std::stoll(text));
    if (type == "f64") {
      value = kist_value_f64(std::bit_cast<double>(std::uint64_t{std::stoull(text, nullptr, 16)}));
    }
    if (type == "instant") value = kist_value_instant(std::stoll(text));
    if (type == "uuid") {
      std::erase(text, '-');
      bytes = from_hex(text);
      value = kist_value_uuid(bytes.data());
    }
    if (type == "string") value = kist_value_string(text.data(), text.size());
    if (type == "json") value = kist_value_json(text.data(), text.size());
    if (type == "blob") {
      bytes = from_hex(text);
      value = kist_value_blob(bytes.data(), bytes.size());
    }
  }
  CVector(const CVector&) = delete;
  CVector& operator=(const CVector&) = delete;

  std::string name;
  std::vector<std::uint8_t> encoded;
  std::string text;
  std::vector<std::uint8_t> bytes;
  kist_value value = kist_value_none();
};

void expect_equal(const kist_value& got, const kist_value& wanted) {
  ASSERT_EQ(got.tag, wanted.tag);
  if (wanted.tag >= KIST_TAG_STRING) {
    const auto text = [](const kist_value& value) {
      return std::string(reinterpret_cast<const char*>(value.bytes.data), value.bytes.size);
    };
    EXPECT_EQ(text(got), text(wanted));
  } else if (wanted.tag == KIST_TAG_BOOL) {
    EXPECT_EQ(got.boolean, wanted.boolean);
  } else if (wanted.tag == KIST_TAG_UUID) {
    EXPECT_EQ(std::memcmp(got.uuid, wanted.uuid, sizeof wanted.uuid), 0);
  } else {
    // Numbers share their place; compared as bits, for NaNs and the sign of zero.
    EXPECT_EQ(got.u64, wanted.u64);
  }
}

class CGoldenVectors : public testing::Test {
 protected:
  kist_store open_store() {
    const std::string& path = directory_.path();
    kist_profile_options options = {};
    options.struct_size = sizeof options;
    options.create = true;
    EXPECT_EQ(kist_profile_open(path.data(), path.size(), &options, &profile_, nullptr), KIST_OK);
    kist_store store{};
    EXPECT_EQ(kist_store_open(profile_, "golden", 6, true, &store, nullptr), KIST_OK);
    return store;
  }
  void close() { EXPECT_EQ(kist_profile_close(profile_, nullptr), KIST_OK); }

  test::TempDirectory directory_;
  kist_profile profile_{};
  nlohmann::json vectors_ = load_golden("values.json");
};

TEST_F(CGoldenVectors, AreWrittenAsTheSameBytes) {
  ASSERT_GE(vectors_.size(), 60U);
  const kist_store store = open_store();
  for (const auto& vector : vectors_) {
    const CVector c(vector);
    EXPECT_EQ(kist_store_put(store, c.name.data(), c.name.size(), &c.value, nullptr), KIST_OK)
        << c.name;
  }
  close();
  const auto profile = Manager::instance().open(directory_.path()).value();
  const auto golden = profile.open_store("golden", false).value();
  codec::ValueEncoder encoder;
  for (const auto& vector : vectors_) {
    const CVector c(vector);
    const auto value = golden.get(c.name);
    ASSERT_TRUE(value && *value) << c.name;
    const auto encoded = encoder.encode(**value);
    ASSERT_TRUE(encoded) << c.name;
    EXPECT_EQ(engine::as_text(*encoded), engine::as_text(c.encoded)) << c.name;
  }
}

TEST_F(CGoldenVectors, AreReadFromTheSameBytes) {
  {
    const auto profile = Manager::instance().open(directory_.path()).value();
    const auto golden = profile.open_store("golden").value();
    for (const auto& vector : vectors_) {
      const CVector c(vector);
      ASSERT_TRUE(golden.put(c.name, codec::decode_value(c.encoded).value())) << c.name;
    }
  }
  const kist_store store = open_store();
  for (const auto& vector : vectors_) {
    const CVector c(vector);
    SCOPED_TRACE(c.name);
    kist_value value;
    bool found = false;
    ASSERT_EQ(
        kist_store_get(store, c.name.data(), c.name.size(), c.value.tag, &value, &found, nullptr),
        KIST_OK);
    ASSERT_TRUE(found);
    expect_equal(value, c.value);
    kist_value_free(&value);
  }
  close();
}

}  // namespace
}  // namespace kist::c_api
