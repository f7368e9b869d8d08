// Damages small valid stores at the places that mean something, makes the checksums right again
// half of the time, and does with the result whatever a program could: open, read, walk, check,
// write. The input is a list of edits. Nothing may crash; without new checksums and with
// verification, the values that are read are moreover right.

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <unistd.h>

#include <kist/engine/database.h>
#include <kist/engine/keys.h>

#include "engine/base/byte_order.h"
#include "tests/fuzz/store_seals.h"
#include "tests/support/must.h"

namespace kist::test {
namespace {

using engine::as_bytes;
using engine::Database;

std::string random_directory() {
  std::string path =
      ::access("/dev/shm", W_OK) == 0 ? "/dev/shm/kist-fuzz-XXXXXX" : "/tmp/kist-fuzz-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) std::abort();
  return path;
}

const std::string& directory() {
  static const std::string path = [] {
    std::string made = random_directory();
    static std::string to_remove = made;
    std::atexit([] { std::filesystem::remove_all(to_remove); });
    return made;
  }();
  return path;
}

std::string value_of(int i) {
  return "value " + std::to_string(i * 37);
}

/// Values of any size under few keys, so that some have trees of their own, and numbers likewise.
void make_multimaps(const Database& database, std::uint32_t page_size) {
  const engine::Table text = must(database.table("text"));
  const engine::Table numbers = must(database.table("numbers"));
  engine::WriteTxn txn = must(database.write());
  must(txn.create_table(text, {.key_order = engine::Order::kReversed, .multi = true}));
  must(txn.create_table(numbers, {.multi = true, .value_order = engine::Order::kUint64}));
  for (std::uint64_t i = 0; i < page_size / 4; ++i) {
    must(txn.put(text, as_bytes("key " + std::to_string(i)), as_bytes("one value")));
    must(txn.put(text, as_bytes("many"), as_bytes(value_of(static_cast<int>(i)))));
    must(txn.put(numbers, as_bytes(i % 3 == 0 ? "some" : "many"), engine::key_of(i)));
  }
  for (const char* end : {"a", "b", "c"}) {
    must(txn.put(text, as_bytes("long"), as_bytes(std::string(page_size, 'l') + end)));
  }
  must(txn.commit());
}

// Trees of several levels and shapes, named tables, overflow runs, and free space, in few pages.
std::string make_store(std::uint32_t page_size) {
  const std::string path = directory() + "/seed";
  std::filesystem::remove(path);
  {
    const Database database = must(Database::open(path, {.page_size = page_size}));
    const engine::Table table = must(database.table("table"));
    engine::WriteTxn txn = must(database.write());
    must(txn.create_table(table));
    for (int i = 0; i < 60; ++i) {
      must(txn.put({}, as_bytes("key " + std::to_string(i)), as_bytes(value_of(i))));
      must(txn.put(table, as_bytes(std::to_string(i % 7)), as_bytes(value_of(i))));
    }
    must(txn.put({}, as_bytes("large"), as_bytes(std::string(3 * page_size, 'l'))));
    must(txn.commit());
    make_multimaps(database, page_size);
    txn = must(database.write());
    for (int i = 0; i < 60; i += 4) must(txn.erase({}, as_bytes("key " + std::to_string(i))));
    must(txn.commit());
  }
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

struct Base {
  std::string bytes;
  StoreSeals seals;
};

const std::array<Base, 3>& bases() {
  static const std::array<Base, 3> all = [] {
    std::array<Base, 3> made;
    const std::array<std::uint32_t, 3> sizes{256, 512, 4096};
    for (std::size_t i = 0; i < made.size(); ++i) {
      made[i].bytes = make_store(sizes[i]);
      made[i].seals = StoreSeals(made[i].bytes);
    }
    return made;
  }();
  return all;
}

// One edit: eight bytes that say what is done where.
void edit(std::string& bytes, const Base& base, const std::uint8_t* p) {
  const std::vector<Place>& places = base.seals.places();
  const Place place = places[p[0] % places.size()];
  const Place other = places[p[4] % places.size()];
  // Headers and arrays lie at the start; every place can be reached.
  const std::uint64_t offset = engine::load16(p + 1) % place.length;
  char* at = bytes.data() + place.offset + offset;
  const std::uint64_t room = bytes.size() - place.offset - offset;
  auto* raw = reinterpret_cast<std::uint8_t*>(at);
  switch (p[3] % 8) {
    case 0:
      *at = static_cast<char>(p[4]);
      break;
    case 1:
      *at = static_cast<char>(*at ^ (1 << (p[4] % 8)));
      break;
    case 2:
      if (room >= 2) engine::store16(raw, engine::load16(p + 4));
      break;
    case 3:
      if (room >= 4) engine::store32(raw, engine::load32(p + 4));
      break;
    case 4:
      if (room >= 6) engine::store48(raw, p[4] % 200);
      break;
    case 5:
      *at = static_cast<char>(*at + static_cast<char>(p[4] % 5) - 2);
      break;
    case 6:
      if (place.length == other.length) {
        base.bytes.copy(bytes.data() + place.offset, place.length, other.offset);
      }
      break;
    case 7:
      if (room >= 8) engine::store64(raw, engine::load64(p));
      break;
  }
}

bool read_everything(const Database& database, bool must_be_right) {
  const auto txn = database.read();
  if (!txn) return false;
  bool whole = true;
  std::vector<engine::Table> tables{engine::Table()};
  if (const auto names = txn->table_names()) {
    for (const std::string& name : *names) {
      if (const auto table = database.table(name)) tables.push_back(*table);
    }
  }
  for (const engine::Table table : tables) {
    static_cast<void>(txn->count(table));
    static_cast<void>(txn->table_stats(table));
    for (const char* key : {"many", "some", "long", "key 7"}) {
      static_cast<void>(txn->get(table, as_bytes(key)));
      static_cast<void>(txn->count_values(table, as_bytes(key)));
      static_cast<void>(txn->contains_pair(table, as_bytes(key), as_bytes(value_of(7))));
      static_cast<void>(txn->contains_pair(table, as_bytes(key), engine::key_of(std::uint64_t{7})));
    }
    auto cursor = txn->cursor(table);
    if (!cursor) continue;
    std::uint64_t steps = 0;
    auto on = cursor->first();
    for (; on && *on && steps < 100'000; on = cursor->next(), ++steps) {
      static_cast<void>(cursor->value());
    }
    whole = whole && on.has_value();
    on = cursor->last();
    for (steps = 0; on && *on && steps < 100'000; on = cursor->prev()) ++steps;
    static_cast<void>(cursor->seek(as_bytes("key 3")));
    static_cast<void>(cursor->seek_back(as_bytes("key 3")));
  }
  for (int i = 0; i < 60; ++i) {
    const auto found = txn->get({}, as_bytes("key " + std::to_string(i)));
    if (!must_be_right || !found || !*found) continue;
    // Damage to several meta slots may lead to an older transaction, never to other values.
    if (engine::as_text(**found) != value_of(i)) {
      std::cerr << "a wrong value was read" << std::endl;
      std::abort();
    }
  }
  static_cast<void>(txn->get({}, as_bytes("large")));
  return whole;
}

void write_pairs(engine::WriteTxn& txn, engine::Table table) {
  for (const char* key : {"many", "some", "long", "key 7"}) {
    for (int i = 0; i < 20; ++i) {
      static_cast<void>(txn.put(table, as_bytes(key), as_bytes(value_of(1000 + i))));
      static_cast<void>(txn.put(table, as_bytes(key), engine::key_of(1000 + std::uint64_t(i))));
      static_cast<void>(txn.erase_pair(table, as_bytes(key), as_bytes(value_of(3 * i))));
      static_cast<void>(txn.erase_pair(table, as_bytes(key), engine::key_of(3 * std::uint64_t(i))));
    }
  }
  static_cast<void>(txn.erase(table, as_bytes("many")));
}

void write_something(const Database& database) {
  auto txn = database.write(std::chrono::milliseconds(0));
  if (!txn) return;
  for (int i = 0; i < 20; ++i) {
    static_cast<void>(txn->put({}, as_bytes("key " + std::to_string(3 * i)), as_bytes("new")));
    static_cast<void>(txn->erase({}, as_bytes("key " + std::to_string(5 * i + 1))));
  }
  static_cast<void>(txn->put({}, as_bytes("large"), as_bytes(std::string(5000, 'n'))));
  for (const char* name : {"text", "numbers"}) {
    if (const auto table = database.table(name)) write_pairs(*txn, *table);
  }
  for (const char* name : {"table", "text"}) {
    if (const auto table = database.table(name)) static_cast<void>(txn->drop_table(*table));
  }
  if (!txn->commit()) return;
  if (auto second = database.write(std::chrono::milliseconds(0))) {
    static_cast<void>(second->clear({}));
    static_cast<void>(second->commit());
  }
}

void run(const std::uint8_t* data, std::size_t size) {
  const Base& base = bases()[data[0] % 3];
  const bool reseal = (data[0] & 4) != 0;
  const bool verify = (data[0] & 24) != 0;  // a quarter does without
  std::string bytes = base.bytes;
  for (std::size_t at = 2; at + 8 <= size; at += 8) edit(bytes, base, data + at);
  if (reseal) base.seals.reseal(bytes);
  if ((data[0] & 224) == 224) bytes.resize(bytes.size() * data[1] / 256);

  const std::string path = directory() + "/store";
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  engine::Options options;
  options.create = false;
  options.verify = verify;
  options.read_only = (data[1] & 3) == 3;
  {
    auto database = Database::open(path, options);
    if (!database) return;
    read_everything(*database, verify && !reseal);
    static_cast<void>(database->check());
    if (!options.read_only) write_something(*database);
    read_everything(*database, false);
    static_cast<void>(database->close());
  }
  std::filesystem::remove(path + "-lock");
}

}  // namespace
}  // namespace kist::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size >= 2) kist::test::run(data, size);
  return 0;
}
