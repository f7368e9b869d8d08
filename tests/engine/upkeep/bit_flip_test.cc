#include <fstream>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/model.h"
#include "tests/support/store_test.h"

namespace kist::test {
namespace {

// A cleanly closed small store with branch, leaf, overflow and space pages, damaged in every way
// that one bit or a cut can damage it. Whatever is read must be right or an Error.
class BitFlipTest : public StoreTest {
 protected:
  void SetUp() override {
    {
      const Database database = open({.page_size = 256});
      WriteTxn txn = must(database.write());
      DualWriter writer(database, txn, expected_);
      writer.create("table");
      for (int i = 0; i < 40; ++i) {
        writer.put("", "key " + std::to_string(i), "value " + std::to_string(i * i));
        if (i % 5 == 0) writer.put("table", std::to_string(i), std::string(40, 't'));
      }
      writer.put("", "large", std::string(900, 'l'));
      writer.put("table", "large too", std::string(700, 'm'));
      put_pairs(database, txn);
      must(txn.commit());
      WriteTxn second = must(database.write());
      DualWriter more(database, second, expected_);
      for (int i = 0; i < 40; i += 3) more.erase("", "key " + std::to_string(i));
      must(second.commit());
      EXPECT_GE(must(must(database.read()).table_stats({})).depth, 3U);
      expect_clean(database);
    }
    std::ifstream file(path(), std::ios::binary);
    sound_.assign(std::istreambuf_iterator<char>(file), {});
    ASSERT_GT(sound_.size(), 16384U);
  }

  void write(const std::string& bytes) const {
    std::ofstream file(path(), std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(file.good());
  }

  // Whether what can be read from the file as it is now is right, as far as no Error says
  // otherwise.
  testing::AssertionResult right_or_error(bool read_only) const {
    const auto database =
        Database::open(path(), {.page_size = {}, .create = false, .read_only = read_only});
    if (!database) return honest(database.error());
    const auto txn = database->read();
    if (!txn) return honest(txn.error());
    for (const auto& [name, records] : expected_) {
      const Table table = table_handle(*database, name);
      if (auto result = walk(*txn, table, records); !result) return result;
      if (auto result = look_up(*txn, table, records); !result) return result;
    }
    if (auto result = look_up_pairs(*txn, table_handle(*database, "pairs")); !result) return result;
    const auto names = txn->table_names();
    if (names && *names != std::vector<std::string>{"pairs", "table"}) {
      return testing::AssertionFailure() << "other tables are listed";
    }
    if (!names && !honest(names.error())) return honest(names.error());
    const auto report = database->check();
    return report ? testing::AssertionSuccess() : honest(report.error());
  }

  const std::string& sound() const { return sound_; }

 private:
  static testing::AssertionResult honest(const Error& error) {
    switch (error.code) {
      case ErrorCode::kDamaged:
      case ErrorCode::kNotAStore:
      case ErrorCode::kNewerFormat:
      case ErrorCode::kTableNotFound:
        return testing::AssertionSuccess();
      default:
        return testing::AssertionFailure()
               << "error " << static_cast<int>(error.code) << ": " << error.message;
    }
  }

  static testing::AssertionResult walk(const Txn& txn, Table table, const Records& records) {
    auto cursor = txn.cursor(table);
    if (!cursor) return damage_only(cursor.error());
    auto on = cursor->first();
    for (const auto& [key, value] : records) {
      if (!on) return damage_only(on.error());
      if (!*on) return testing::AssertionFailure() << "the walk ended before '" << key << "'";
      if (as_text(cursor->key()) != key) {
        return testing::AssertionFailure() << "the walk met another key than '" << key << "'";
      }
      const auto found = cursor->value();
      if (!found) {
        if (auto result = damage_only(found.error()); !result) return result;
      } else if (as_text(*found) != value) {
        return testing::AssertionFailure() << "the walk met a wrong value of '" << key << "'";
      }
      on = cursor->next();
    }
    if (!on) return damage_only(on.error());
    if (*on) return testing::AssertionFailure() << "the walk does not end";
    return testing::AssertionSuccess();
  }

  static testing::AssertionResult look_up(const Txn& txn, Table table, const Records& records) {
    for (const auto& [key, value] : records) {
      const auto found = txn.get(table, as_bytes(key));
      if (!found) {
        if (auto result = damage_only(found.error()); !result) return result;
      } else if (!*found || as_text(**found) != value) {
        return testing::AssertionFailure() << "'" << key << "' has a wrong value or none";
      }
    }
    const auto count = txn.count(table);
    if (!count) return damage_only(count.error());
    if (*count != records.size()) return testing::AssertionFailure() << "the count is wrong";
    return testing::AssertionSuccess();
  }

  /// A multimap with a group in a leaf and one in a tree of its own, with a long value.
  void put_pairs(const Database& database, WriteTxn& txn) {
    for (int i = 0; i < 25; ++i) pairs_["many"].insert("value " + std::to_string(i));
    pairs_["many"].insert(std::string(300, 'l'));
    pairs_["few"] = {"", "one", "two"};
    const Table table = table_handle(database, "pairs");
    must(txn.create_table(table, {.multi = true}));
    for (const auto& [key, values] : pairs_) {
      for (const std::string& value : values) must(txn.put(table, as_bytes(key), as_bytes(value)));
    }
  }

  testing::AssertionResult look_up_pairs(const Txn& txn, Table table) const {
    std::size_t all = 0;
    for (const auto& [key, values] : pairs_) {
      for (const std::string& value : values) {
        const auto found = txn.contains_pair(table, as_bytes(key), as_bytes(value));
        if (!found) {
          if (auto result = damage_only(found.error()); !result) return result;
        } else if (!*found) {
          return testing::AssertionFailure() << "'" << key << "' lost a value";
        }
      }
      const auto count = txn.count_values(table, as_bytes(key));
      if (!count) {
        if (auto result = damage_only(count.error()); !result) return result;
      } else if (*count != values.size()) {
        return testing::AssertionFailure() << "'" << key << "' has another number of values";
      }
      all += values.size();
    }
    const auto count = txn.count(table);
    if (!count) return damage_only(count.error());
    if (*count != all) return testing::AssertionFailure() << "the count of pairs is wrong";
    return testing::AssertionSuccess();
  }

  // A table that exists may not be said to be missing.
  static testing::AssertionResult damage_only(const Error& error) {
    if (error.code == ErrorCode::kDamaged) return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << "error " << static_cast<int>(error.code) << ": " << error.message;
  }

  Tables expected_{{"", {}}};
  std::map<std::string, std::set<std::string>> pairs_;
  std::string sound_;
};

TEST_F(BitFlipTest, TheSoundFileIsRight) {
  for (const bool read_only : {false, true}) {
    write(sound());
    EXPECT_TRUE(right_or_error(read_only));
    const Database database = open();
    EXPECT_EQ(get(database, "large"), std::string(900, 'l'));
  }
}

TEST_F(BitFlipTest, SomeBits) {
  std::string bytes = sound();
  // A prime stride meets every bit of a byte and every place in a page.
  for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += 101) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    write(bytes);
    ASSERT_TRUE(right_or_error(bit % 2 == 0)) << "bit " << bit % 8 << " of byte " << bit / 8;
    bytes[bit / 8] = sound()[bit / 8];
  }
}

TEST_F(BitFlipTest, CutEvery512Bytes) {
  for (std::size_t length = 0; length < sound().size(); length += 512) {
    write(sound().substr(0, length));
    ASSERT_TRUE(right_or_error(length % 1024 == 0)) << "cut to " << length;
  }
}

TEST_F(BitFlipTest, ZeroedEvery512Bytes) {
  for (std::size_t at = 0; at < sound().size(); at += 512) {
    std::string bytes = sound();
    for (std::size_t i = at; i < std::min(at + 512, bytes.size()); ++i) bytes[i] = '\0';
    write(bytes);
    ASSERT_TRUE(right_or_error(at % 1024 == 0)) << "zeros at " << at;
  }
}

TEST_F(BitFlipTest, OnePageInThePlaceOfAnother) {
  constexpr std::size_t kPage = 256;
  const std::size_t pages = sound().size() / kPage;
  for (std::size_t from = 64; from < pages; ++from) {
    for (std::size_t to = 64; to < pages; to += 1 + from % 3) {
      std::string bytes = sound();
      bytes.replace(to * kPage, kPage, sound(), from * kPage, kPage);
      write(bytes);
      ASSERT_TRUE(right_or_error(to % 2 == 0)) << "page " << from << " at the place of " << to;
    }
  }
}

// Every bit of the file, in parts that can run at the same time.
class EveryBitFlipTest : public BitFlipTest, public testing::WithParamInterface<int> {};

constexpr int kParts = 8;

TEST_P(EveryBitFlipTest, EveryBit) {
  std::string bytes = sound();
  const std::size_t part = bytes.size() / kParts + 1;
  const std::size_t begin = part * static_cast<std::size_t>(GetParam());
  for (std::size_t at = begin; at < std::min(begin + part, bytes.size()); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[at] = static_cast<char>(sound()[at] ^ (1 << bit));
      write(bytes);
      ASSERT_TRUE(right_or_error(bit % 2 == 0)) << "bit " << bit << " of byte " << at;
    }
    bytes[at] = sound()[at];
  }
}

INSTANTIATE_TEST_SUITE_P(Parts, EveryBitFlipTest, testing::Range(0, kParts));

}  // namespace
}  // namespace kist::test
