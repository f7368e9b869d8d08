#include <map>

#include <gtest/gtest.h>

#include <kist/engine/cursor.h>

#include "tests/support/random.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

class CursorTest : public StoreTest, public testing::WithParamInterface<std::uint32_t> {
 protected:
  // Even numbers from 0 to 2 * records - 2, in eight digits, so that odd ones fall between.
  static std::string key(std::uint64_t number) {
    std::string digits = std::to_string(number);
    return std::string(8 - digits.size(), '0') + digits;
  }
  Database open_filled(std::uint64_t records) {
    Database database = open({.page_size = GetParam()});
    WriteTxn txn = must(database.write());
    for (std::uint64_t i = 0; i < records; ++i) {
      must(txn.put({}, as_bytes(key(2 * i)), as_bytes("value " + key(2 * i))));
    }
    must(txn.commit());
    return database;
  }
  static std::string at(const Cursor& cursor) {
    EXPECT_TRUE(cursor.valid());
    EXPECT_EQ(as_text(must(cursor.value())), "value " + std::string(as_text(cursor.key())));
    return engine::to_string(cursor.key());
  }
};

TEST_P(CursorTest, EmptyTable) {
  const Database database = open({.page_size = GetParam()});
  const ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor({}));
  EXPECT_FALSE(cursor.valid());
  EXPECT_FALSE(must(cursor.first()));
  EXPECT_FALSE(must(cursor.last()));
  EXPECT_FALSE(must(cursor.next()));
  EXPECT_FALSE(must(cursor.prev()));
  EXPECT_FALSE(must(cursor.seek(as_bytes("a"))));
  EXPECT_FALSE(must(cursor.seek_back(as_bytes("a"))));
  EXPECT_FALSE(must(cursor.seek_exact(as_bytes("a"))));
  EXPECT_TRUE(cursor.key().empty());
  EXPECT_TRUE(fails(cursor.value(), ErrorCode::kCursorInvalid));
}

TEST_P(CursorTest, WalksForward) {
  const Database database = open_filled(2000);
  const ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor({}));
  for (std::uint64_t i = 0; i < 2000; ++i) {
    ASSERT_TRUE(must(cursor.next()));
    ASSERT_EQ(at(cursor), key(2 * i));
  }
  EXPECT_FALSE(must(cursor.next()));
  EXPECT_FALSE(cursor.valid());
  EXPECT_FALSE(must(cursor.next())) << "stays off";
  EXPECT_TRUE(must(cursor.prev()));
  EXPECT_EQ(at(cursor), key(3998));
}

TEST_P(CursorTest, WalksBackward) {
  const Database database = open_filled(2000);
  const ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor({}));
  ASSERT_TRUE(must(cursor.last()));
  for (std::uint64_t i = 2000; i-- > 0;) {
    ASSERT_EQ(at(cursor), key(2 * i));
    ASSERT_EQ(must(cursor.prev()), i != 0);
  }
  EXPECT_FALSE(cursor.valid());
  EXPECT_FALSE(must(cursor.prev())) << "stays off";
  EXPECT_TRUE(must(cursor.next()));
  EXPECT_EQ(at(cursor), key(0));
}

TEST_P(CursorTest, Seeks) {
  const Database database = open_filled(1000);
  const ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor({}));
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ASSERT_TRUE(must(cursor.seek_exact(as_bytes(key(2 * i)))));
    ASSERT_EQ(at(cursor), key(2 * i));
    ASSERT_FALSE(must(cursor.seek_exact(as_bytes(key(2 * i + 1)))));
    ASSERT_FALSE(cursor.valid());
    ASSERT_TRUE(must(cursor.seek(as_bytes(key(2 * i)))));
    ASSERT_EQ(at(cursor), key(2 * i));
    ASSERT_EQ(must(cursor.seek(as_bytes(key(2 * i + 1)))), i != 999);
    if (i != 999) {
      ASSERT_EQ(at(cursor), key(2 * i + 2));
    }
    ASSERT_TRUE(must(cursor.seek_back(as_bytes(key(2 * i)))));
    ASSERT_EQ(at(cursor), key(2 * i));
    ASSERT_TRUE(must(cursor.seek_back(as_bytes(key(2 * i + 1)))));
    ASSERT_EQ(at(cursor), key(2 * i));
  }
  EXPECT_TRUE(must(cursor.seek({})));
  EXPECT_EQ(at(cursor), key(0));
  EXPECT_FALSE(must(cursor.seek_back({})));
  EXPECT_FALSE(must(cursor.seek(as_bytes("x"))));
  EXPECT_TRUE(must(cursor.seek_back(as_bytes("x"))));
  EXPECT_EQ(at(cursor), key(1998));
}

TEST_P(CursorTest, MovesOnFromWhereItSought) {
  const Database database = open_filled(1000);
  const ReadTxn txn = must(database.read());
  Cursor cursor = must(txn.cursor({}));
  for (std::uint64_t i = 1; i < 999; ++i) {
    must(cursor.seek_exact(as_bytes(key(2 * i))));
    ASSERT_TRUE(must(cursor.next()));
    ASSERT_EQ(at(cursor), key(2 * i + 2));
    ASSERT_TRUE(must(cursor.prev()));
    ASSERT_TRUE(must(cursor.prev()));
    ASSERT_EQ(at(cursor), key(2 * i - 2));
  }
}

TEST_P(CursorTest, RandomWalkEqualsAMap) {
  Random random(test_seed("CursorTest"));
  std::map<std::string, std::string> model;
  const Database database = open({.page_size = GetParam()});
  WriteTxn writer = must(database.write());
  for (int i = 0; i < 1500; ++i) {
    std::string name =
        random.bytes(random.below(std::min<std::size_t>(database.max_key_size(), 90)));
    std::string value = "value " + name;
    if (random.one_in(50)) value.resize(3 * GetParam(), 'x');
    must(writer.put({}, as_bytes(name), as_bytes(value)));
    model[name] = value;
  }
  // Half of the walks see the uncommitted state.
  const auto walk = [&](const Txn& txn) {
    Cursor cursor = must(txn.cursor({}));
    auto place = model.end();
    for (int step = 0; step < 20000; ++step) {
      bool on = false;
      std::string probe =
          std::next(model.begin(), static_cast<long>(random.below(model.size())))->first;
      if (random.one_in(2) && !probe.empty()) probe.back() = static_cast<char>(probe.back() + 1);
      switch (random.below(10)) {
        case 0:
          on = must(cursor.seek(as_bytes(probe)));
          place = model.lower_bound(probe);
          break;
        case 1:
          on = must(cursor.seek_back(as_bytes(probe)));
          place = model.upper_bound(probe);
          place = place == model.begin() ? model.end() : std::prev(place);
          break;
        case 2:
          on = must(cursor.seek_exact(as_bytes(probe)));
          place = model.find(probe);
          break;
        default:
          if (place == model.end()) continue;
          if (random.one_in(2)) {
            on = must(cursor.next());
            ++place;
          } else {
            on = must(cursor.prev());
            place = place == model.begin() ? model.end() : std::prev(place);
          }
      }
      ASSERT_EQ(on, place != model.end());
      if (!on) continue;
      ASSERT_EQ(as_text(cursor.key()), place->first);
      ASSERT_EQ(as_text(must(cursor.value())), place->second);
    }
  };
  walk(writer);
  must(writer.commit());
  walk(must(database.read()));
  expect_clean(database);
}

INSTANTIATE_TEST_SUITE_P(PageSizes, CursorTest, testing::Values(256, 4096, 65536));

}  // namespace
}  // namespace kist::test
