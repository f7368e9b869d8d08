// LMDB files: those that liblmdb writes, and those of machines of other kinds.

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>

#include <gtest/gtest.h>
#include <lmdb.h>

#include "tests/kvstore/transfer/lmdb_builder.h"
#include "tests/kvstore/transfer/transfer_fixture.h"

namespace kist::test {
namespace {

/// What a source holds, by the names of its databases.
struct Contents {
  struct Database {
    unsigned flags = 0;  // of mdb_dbi_open()
    std::vector<std::pair<std::string, std::string>> pairs;
  };
  std::map<std::string, Database> databases;
};

void require(int status) {
  if (status != MDB_SUCCESS) throw std::runtime_error(mdb_strerror(status));
}
MDB_val val(const std::string& bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}
std::string text(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}
template <typename T>
std::string native(T number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

/// An environment of liblmdb in one file.
class Lmdb {
 public:
  explicit Lmdb(const std::string& path, unsigned flags = 0) {
    require(mdb_env_create(&env_));
    require(mdb_env_set_mapsize(env_, std::size_t{1} << 30));
    require(mdb_env_set_maxdbs(env_, 20));
    require(mdb_env_open(env_, path.c_str(), MDB_NOSUBDIR | MDB_NOSYNC | flags, 0600));
  }
  ~Lmdb() { mdb_env_close(env_); }
  Lmdb(const Lmdb&) = delete;
  Lmdb& operator=(const Lmdb&) = delete;

  /// `name`: empty for the main database.
  void put(const std::string& name, const Contents::Database& database) {
    MDB_txn* txn = nullptr;
    MDB_dbi dbi = 0;
    require(mdb_txn_begin(env_, nullptr, 0, &txn));
    require(mdb_dbi_open(txn, name.empty() ? nullptr : name.c_str(), database.flags | MDB_CREATE,
                         &dbi));
    for (const auto& [key, value] : database.pairs) {
      MDB_val k = val(key);
      MDB_val v = val(value);
      require(mdb_put(txn, dbi, &k, &v, 0));
    }
    require(mdb_txn_commit(txn));
  }
  void erase(const std::string& name, const std::string& key) {
    MDB_txn* txn = nullptr;
    MDB_dbi dbi = 0;
    require(mdb_txn_begin(env_, nullptr, 0, &txn));
    require(mdb_dbi_open(txn, name.c_str(), 0, &dbi));
    MDB_val k = val(key);
    require(mdb_del(txn, dbi, &k, nullptr));
    require(mdb_txn_commit(txn));
  }
  std::vector<std::pair<std::string, std::string>> pairs(const std::string& name) {
    MDB_txn* txn = nullptr;
    MDB_dbi dbi = 0;
    MDB_cursor* cursor = nullptr;
    require(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn));
    require(mdb_dbi_open(txn, name.empty() ? nullptr : name.c_str(), 0, &dbi));
    require(mdb_cursor_open(txn, dbi, &cursor));
    std::vector<std::pair<std::string, std::string>> found;
    MDB_val key;
    MDB_val value;
    int status = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (; status == MDB_SUCCESS; status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
      found.emplace_back(text(key), text(value));
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    if (status != MDB_NOTFOUND) require(status);
    return found;
  }

 private:
  MDB_env* env_ = nullptr;
};

class LmdbTest : public TransferTest {
 protected:
  /// Records of many sizes, values of up to hundreds of pages.
  static Contents::Database of_many_sizes(std::mt19937& random, int records) {
    Contents::Database database;
    for (int i = 0; i < records; ++i) {
      const std::size_t key = 1 + random() % 400;
      const std::size_t value = i % 50 == 0 ? random() % 300'000 : random() % 3000;
      database.pairs.emplace_back(std::to_string(i) + std::string(key, 'k'),
                                  std::string(value, static_cast<char>('a' + i % 26)));
    }
    std::ranges::sort(database.pairs);
    return database;
  }
  /// Values as blobs, in the order of a store.
  static Records as_blobs(std::vector<std::pair<std::string, std::string>> pairs) {
    for (auto& [key, value] : pairs) value = rkv(ValueView::blob(engine::as_bytes(value)));
    std::ranges::sort(pairs);
    return pairs;
  }
};

TEST_F(LmdbTest, EveryRecordOfWhatLiblmdbWrites) {
  std::mt19937 random(1);
  Contents contents;
  contents.databases["sizes"] = of_many_sizes(random, 1500);
  contents.databases["empty"] = {};
  Contents::Database& few = contents.databases["few values"];
  Contents::Database& many = contents.databases["many values"];
  few.flags = many.flags = MDB_DUPSORT;
  for (int i = 0; i < 300; ++i) {
    for (int j = 0; j < i % 7; ++j) {
      few.pairs.emplace_back("k" + std::to_string(i), "value " + std::to_string(j));
    }
  }
  for (int i = 0; i < 5000; ++i) {
    many.pairs.emplace_back("k" + std::to_string(i % 3), std::to_string(i) + std::string(90, 'v'));
  }
  Contents::Database& fixed = contents.databases["fixed"];
  fixed.flags = MDB_DUPSORT | MDB_DUPFIXED;
  for (std::uint32_t i = 0; i < 4000; ++i) {
    fixed.pairs.emplace_back(i < 5 ? "few" : "many", native(i * 2654435761U));
  }
  Contents::Database& integers = contents.databases["integers"];
  integers.flags = MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP;
  for (std::uint64_t i = 0; i < 1000; ++i) integers.pairs.emplace_back("k", native(i * i));
  contents.databases["reversed"] = {MDB_REVERSEKEY, {{"ab", "1"}, {"ba", "2"}, {"c", "3"}}};

  const std::string path = file("data.mdb");
  {
    Lmdb lmdb(path);
    for (const auto& [name, database] : contents.databases) lmdb.put(name, database);
    lmdb.put("", {0, {{"of the main database", std::string(20'000, 'x')}, {"zzz", ""}}});
    lmdb.erase("sizes", contents.databases["sizes"].pairs[700].first);
    contents.databases["sizes"].pairs.erase(contents.databases["sizes"].pairs.begin() + 700);
  }
  const std::string before = read_file(path);
  const Profile profile = open();
  const ImportOptions plain{.values = ImportValues::kBytes};
  const ImportReport report = must(import_file(profile, path, plain));
  EXPECT_EQ(report.stores, contents.databases.size() + 1);
  std::uint64_t pairs = 2;
  for (const auto& [name, database] : contents.databases) {
    const bool multi = (database.flags & MDB_DUPSORT) != 0;
    EXPECT_EQ(records_of(profile, name, {.multi = multi}), as_blobs(database.pairs)) << name;
    pairs += database.pairs.size();
  }
  EXPECT_EQ(report.added, pairs);
  EXPECT_EQ(records_of(profile, "default"),
            as_blobs({{"of the main database", std::string(20'000, 'x')}, {"zzz", ""}}));
  EXPECT_EQ(must(import_file(profile, path, plain)).unchanged, pairs);
  EXPECT_EQ(read_file(path), before) << "the source is only read";
  must(profile.close());
}

TEST_F(LmdbTest, IntegerKeysBecomeNumbers) {
  const std::string path = file("data.mdb");
  {
    Lmdb lmdb(path);
    Contents::Database narrow{MDB_INTEGERKEY, {}};
    Contents::Database wide{MDB_INTEGERKEY | MDB_DUPSORT, {}};
    for (const std::uint32_t i : {3U, 1U, 70'000U, 4'000'000'000U}) {
      narrow.pairs.emplace_back(native(i), rkv(ValueView::u64(i)));
      wide.pairs.emplace_back(native(std::uint64_t{i} << 30), rkv(ValueView::u64(i)));
    }
    lmdb.put("narrow", narrow);
    lmdb.put("wide", wide);
  }
  const Profile profile = open();
  must(import_file(profile, path));
  const Store narrow = must(profile.open_store("narrow", {.create = false, .keys = KeyType::kU32}));
  const Store wide =
      must(profile.open_store("wide", {.create = false, .multi = true, .keys = KeyType::kU64}));
  for (const std::uint32_t i : {3U, 1U, 70'000U, 4'000'000'000U}) {
    EXPECT_EQ(must(narrow.get<std::uint64_t>(i)), i);
    EXPECT_EQ(must(wide.get<std::uint64_t>(std::uint64_t{i} << 30)), i);
  }
  must(profile.close());
}

TEST_F(LmdbTest, ValuesOfRkvAndWhatIsNone) {
  const std::string path = file("data.mdb");
  {
    Lmdb lmdb(path);
    lmdb.put("prefs", {0,
                       {{"a", rkv(ValueView::string("text"))},
                        {"b", rkv(ValueView::json("[1]")) + "behind"}}});
  }
  const Profile profile = open();
  must(import_file(profile, path));
  EXPECT_EQ(records_of(profile, "prefs"),
            (Records{{"a", rkv(ValueView::string("text"))}, {"b", rkv(ValueView::json("[1]"))}}));
  {
    Lmdb lmdb(path);
    lmdb.put("plain", {0, {{"a", "\x30 is no type"}}});
  }
  EXPECT_TRUE(failed_with(import_file(profile, path), ErrorCode::kBadValue, "data.mdb"));
  EXPECT_EQ(must(profile.stores()).size(), 1U);
  must(profile.close());
}

LmdbBuilder::Values values_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  LmdbBuilder::Values values;
  for (const auto& [key, value] : pairs) values[key].push_back(value);
  for (auto& [key, all] : values) std::ranges::sort(all);
  return values;
}

TEST_F(LmdbTest, OfEveryWordSizeByteOrderAndPageSize) {
  std::mt19937 random(2);
  const Contents::Database sizes = of_many_sizes(random, 400);
  std::vector<std::pair<std::string, std::string>> several;
  for (int i = 0; i < 400; ++i) {
    several.emplace_back("k" + std::to_string(i % 60 == 0 ? 0 : i % 120),
                         "value " + std::to_string(i));
  }
  for (const std::size_t word : {4U, 8U}) {
    for (const bool big : {false, true}) {
      for (const std::size_t page_size : {4096U, 16'384U}) {
        SCOPED_TRACE(testing::Message() << word << " " << big << " " << page_size);
        LmdbBuilder builder(word, big, page_size);
        builder.add("sizes", 0, values_of(sizes.pairs));
        builder.add("several", LmdbBuilder::kDuplicates, values_of(several));
        builder.add("empty", 0, {});
        builder.add("key of the main database", "value");
        const std::string path = write_file("built.mdb", builder.finish());
        if (word == 8 && !big && page_size == 4096) {
          Lmdb lmdb(path, MDB_RDONLY);
          EXPECT_EQ(lmdb.pairs("sizes"), sizes.pairs) << "what the builder makes is LMDB's";
          auto sorted = several;
          std::ranges::sort(sorted);
          EXPECT_EQ(lmdb.pairs("several"), sorted);
        }
        TempDirectory directory_of_profile;
        const Profile profile = must(Manager::instance().open(directory_of_profile.path()));
        const ImportReport report =
            must(import_file(profile, path, {.values = ImportValues::kBytes}));
        EXPECT_EQ(report.records, sizes.pairs.size() + several.size() + 1);
        EXPECT_EQ(records_of(profile, "sizes"), as_blobs(sizes.pairs));
        EXPECT_EQ(records_of(profile, "several", {.multi = true}), as_blobs(several));
        EXPECT_EQ(records_of(profile, "default"),
                  as_blobs({{"key of the main database", "value"}}));
        EXPECT_TRUE(records_of(profile, "empty").empty());
        EXPECT_TRUE(must(profile.check()).clean());
        must(profile.close());
      }
    }
  }
}

// Whatever bytes change, an import ends: with an error and no change, or with records.
TEST_F(LmdbTest, DamageNeverHarms) {
  std::vector<std::pair<std::string, std::string>> several;
  for (int i = 0; i < 200; ++i)
    several.emplace_back("k" + std::to_string(i % 30), std::to_string(i));
  LmdbBuilder builder(8, false, 4096);
  builder.add("several", LmdbBuilder::kDuplicates, values_of(several));
  builder.add("large", 0, {{"k", {std::string(20'000, 'v')}}});
  const std::string whole = builder.finish();
  std::mt19937 random(3);
  int errors = 0;
  for (int round = 0; round < 150; ++round) {
    std::string damaged = whole;
    for (int i = 0; i < 3; ++i) {
      // The heads of pages say most.
      const std::size_t at = random() % 2 == 0
                                 ? random() % damaged.size()
                                 : random() % (damaged.size() / 4096) * 4096 + random() % 64;
      damaged[at] = static_cast<char>(random());
    }
    if (round % 10 == 0) damaged.resize(random() % damaged.size());
    const std::string path = write_file("data.mdb", damaged);
    TempDirectory directory_of_profile;
    const Profile profile = must(Manager::instance().open(directory_of_profile.path(),
                                                          {.durability = Durability::kRelaxed}));
    const auto imported = import_file(profile, path, {.values = ImportValues::kBytes});
    if (!imported) {
      ++errors;
      EXPECT_TRUE(must(profile.stores()).empty());
    }
    must(profile.close());
  }
  EXPECT_GT(errors, 20);
  EXPECT_LT(errors, 150);
}

TEST_F(LmdbTest, CyclesEnd) {
  LmdbBuilder builder(8, false, 4096);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (int i = 0; i < 1000; ++i) pairs.emplace_back(std::to_string(i), std::string(50, 'v'));
  builder.add("d", 0, values_of(pairs));
  std::string file = builder.finish();
  // The branch that was written last but one refers to itself.
  for (std::size_t page = 2; page * 4096 < file.size(); ++page) {
    if (file[page * 4096 + 10] != 0x01) continue;
    const auto at = static_cast<std::uint8_t>(file[page * 4096 + 16]) |
                    static_cast<std::size_t>(static_cast<std::uint8_t>(file[page * 4096 + 17]))
                        << 8;
    file[page * 4096 + at] = static_cast<char>(page);
    file[page * 4096 + at + 1] = 0;
  }
  const Profile profile = open();
  EXPECT_TRUE(failed_with(import_file(profile, write_file("data.mdb", file)), ErrorCode::kDamaged,
                          "two ways"));
  must(profile.close());
}

TEST_F(LmdbTest, OtherVersionsAndOtherFiles) {
  const Profile profile = open();
  LmdbBuilder builder(8, false, 4096);
  std::string newer = builder.finish();
  newer[20] = newer[4096 + 20] = 2;
  EXPECT_TRUE(failed_with(import_file(profile, write_file("data.mdb", newer)),
                          ErrorCode::kNewerFormat, "version 2"));
  EXPECT_TRUE(failed_with(import_file(profile, write_file("data.mdb", std::string(9000, 'x'))),
                          ErrorCode::kNotAStore, "data.mdb"));
  EXPECT_EQ(code_of(import_file(profile, data_file().string(), {.format = ImportFormat::kLmdb})),
            ErrorCode::kNotAStore);
  must(profile.close());
}

TEST_F(LmdbTest, TheSecondMetaPageWillDo) {
  LmdbBuilder builder(8, false, 4096);
  builder.add("d", 0, {{"k", {"v"}}});
  std::string file = builder.finish();
  std::fill_n(file.begin(), 4096, '\0');
  const Profile profile = open();
  must(import_file(profile, write_file("data.mdb", file), {.values = ImportValues::kBytes}));
  EXPECT_EQ(records_of(profile, "d"), as_blobs({{"k", "v"}}));
  must(profile.close());
}

}  // namespace
}  // namespace kist::test
