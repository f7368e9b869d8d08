#include "tests/damage/seed_stores.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

#include <kist/engine/keys.h>

#include "tests/support/must.h"

namespace kist::test {
namespace {

using engine::as_bytes;
using engine::Database;

std::string make_directory() {
  std::string path =
      ::access("/dev/shm", W_OK) == 0 ? "/dev/shm/kist-damage-XXXXXX" : "/tmp/kist-damage-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) std::abort();
  return path;
}

Pairs pairs_of(const engine::Txn& txn, engine::Table table) {
  Pairs pairs;
  engine::Cursor cursor = must(txn.cursor(table));
  for (bool on = must(cursor.first()); on; on = must(cursor.next())) {
    pairs.emplace_back(engine::to_string(cursor.key()), engine::to_string(must(cursor.value())));
  }
  return pairs;
}

void commit(const Database& database, engine::WriteTxn txn, SeedStore& seed) {
  const std::uint64_t id = must(txn.commit());
  const engine::ReadTxn now = must(database.read());
  Content& content = seed.contents[id];
  content[""] = pairs_of(now, {});
  for (const std::string& name : must(now.table_names())) {
    content[name] = pairs_of(now, must(database.table(name)));
  }
}

// Values of any size under few keys, so that some have trees of their own, and numbers likewise.
void make_multimaps(const Database& database, SeedStore& seed) {
  const engine::Table text = must(database.table("text"));
  const engine::Table numbers = must(database.table("numbers"));
  const std::uint64_t count = std::min<std::uint64_t>(seed.page_size / 4, 1024);
  engine::WriteTxn txn = must(database.write());
  must(txn.create_table(text, {.key_order = engine::Order::kReversed, .multi = true}));
  must(txn.create_table(numbers, {.multi = true, .value_order = engine::Order::kUint64}));
  for (std::uint64_t i = 0; i < count; ++i) {
    must(txn.put(text, as_bytes("key " + std::to_string(i)), as_bytes("one value")));
    must(txn.put(text, as_bytes("many"), as_bytes(value_of(static_cast<int>(i)))));
    must(txn.put(numbers, as_bytes(i % 3 == 0 ? "some" : "many"), engine::key_of(i)));
  }
  for (const char* end : {"a", "b", "c"}) {
    must(txn.put(text, as_bytes("long"), as_bytes(std::string(seed.page_size, 'l') + end)));
  }
  commit(database, std::move(txn), seed);
}

// Trees of several levels and shapes, named tables, overflow runs, and free space, in few pages.
void make_store(SeedStore& seed, int first_key) {
  const std::string path = scratch_directory() + "/seed";
  std::filesystem::remove(path);
  {
    const Database database = must(Database::open(path, {.page_size = seed.page_size}));
    seed.contents[must(database.read()).id()][""];
    const engine::Table table = must(database.table("table"));
    engine::WriteTxn txn = must(database.write());
    must(txn.create_table(table));
    for (int i = first_key; i < first_key + 60; ++i) {
      must(txn.put({}, as_bytes("key " + std::to_string(i)), as_bytes(value_of(i))));
      must(txn.put(table, as_bytes(std::to_string(i % 7)), as_bytes(value_of(i))));
    }
    must(txn.put({}, as_bytes("large"), as_bytes(std::string(3 * seed.page_size, 'l'))));
    commit(database, std::move(txn), seed);
    make_multimaps(database, seed);
  }
  seed.older = read_file(path);
  {
    const Database database = must(Database::open(path));
    engine::WriteTxn txn = must(database.write());
    for (int i = 0; i < 60; i += 4) must(txn.erase({}, as_bytes("key " + std::to_string(i))));
    must(txn.put({}, as_bytes("larger"), as_bytes(std::string(4 * seed.page_size, 'm'))));
    commit(database, std::move(txn), seed);
  }
  seed.bytes = read_file(path);
}

}  // namespace

std::string value_of(int i) {
  return "value " + std::to_string(i * 37);
}

const std::string& scratch_directory() {
  static const std::string path = [] {
    std::string made = make_directory();
    static std::string to_remove = made;
    std::atexit([] { std::filesystem::remove_all(to_remove); });
    return made;
  }();
  return path;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

const std::vector<SeedStore>& seed_stores() {
  static const std::vector<SeedStore> all = [] {
    std::vector<SeedStore> made;
    for (const std::uint32_t page_size : {256U, 512U, 4096U, 65536U}) {
      SeedStore stranger;
      stranger.page_size = page_size;
      make_store(stranger, 30);
      SeedStore seed;
      seed.page_size = page_size;
      make_store(seed, 0);
      seed.stranger = std::move(stranger.bytes);
      seed.seals = StoreSeals(seed.bytes);
      made.push_back(std::move(seed));
    }
    return made;
  }();
  return all;
}

}  // namespace kist::test
