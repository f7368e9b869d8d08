#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kist/engine/database.h>
#include <kist/engine/keys.h>

#include "tests/support/must.h"

namespace kist::test {

/// Puts a few records into tables of every kind: all orders that need no comparator, one value a
/// key and multimaps, values inline, in runs, and in trees of their own, sequences, names of any
/// bytes.
inline void fill_every_kind(const engine::Database& database, std::uint32_t page_size) {
  using engine::as_bytes;
  using engine::key_of;
  using engine::Order;
  engine::WriteTxn txn = must(database.write());
  const auto make = [&](std::string_view name, const engine::TableOptions& options) {
    const engine::Table table = must(database.table(name));
    must(txn.create_table(table, options));
    return table;
  };
  const std::string run(page_size * 3 + 17, 'r');
  for (int i = 0; i < 400; ++i) {
    must(txn.put({}, as_bytes("key " + std::to_string(i)), as_bytes("value " + std::to_string(i))));
  }
  must(txn.put({}, as_bytes(""), as_bytes("")));
  must(txn.put({}, as_bytes("run"), as_bytes(run)));
  must(txn.put({}, as_bytes("long run"), as_bytes(std::string(200'000, 'L'))));
  must(txn.advance_sequence({}, 7));
  const engine::Table reversed =
      make(std::string("re\0\\\n\xFF\tversed", 13), {.key_order = Order::kReversed});
  const engine::Table numbers = make("numbers", {.key_order = Order::kUint64});
  const engine::Table doubles = make("doubles", {.key_order = Order::kDouble});
  const engine::Table few = make("few", {.multi = true});
  const engine::Table many = make("many", {.multi = true, .value_order = Order::kInt32});
  const engine::Table dense = make("dense", {.multi = true, .value_size = 5});
  const engine::Table backwards = make(
      "backwards", {.key_order = Order::kInt64, .multi = true, .value_order = Order::kReversed});
  make("empty", {});
  must(txn.advance_sequence(numbers, 1'000'000'007));
  for (int i = 0; i < 300; ++i) {
    const std::string text = std::to_string(i * 7919 % 10'007);
    must(txn.put(reversed, as_bytes(text), as_bytes(i % 50 == 0 ? run : text)));
    must(txn.put(numbers, key_of(static_cast<std::uint64_t>(i) * 1'000'003), as_bytes(text)));
    must(txn.put(doubles, key_of((i - 150) / 3.0), as_bytes(std::string("\0\n\t\\", 4) + text)));
    must(txn.put(few, as_bytes(std::to_string(i / 3)), as_bytes(text)));
    must(txn.put(many, as_bytes(std::to_string(i / 250)), key_of(std::int32_t{i - 100})));
    must(txn.put(dense, as_bytes(std::to_string(i / 100)), as_bytes(std::to_string(10'000 + i))));
    must(txn.put(backwards, key_of(std::int64_t{i / 100 - 1}), as_bytes(text)));
  }
  must(txn.put(few, as_bytes("long"), as_bytes(run)));
  must(txn.put(few, as_bytes("long"), as_bytes(run + "!")));
  must(txn.put(few, as_bytes("long"), as_bytes("")));
  must(txn.commit());
}

/// Every record of a table in its order, or pair.
inline std::vector<std::pair<std::string, std::string>> all_records(const engine::Txn& txn,
                                                                    engine::Table table) {
  std::vector<std::pair<std::string, std::string>> records;
  engine::Cursor cursor = must(txn.cursor(table));
  while (must(cursor.next())) {
    records.emplace_back(engine::to_string(cursor.key()), engine::to_string(must(cursor.value())));
  }
  return records;
}

/// Expects the same tables with the same options, sequences and records in the same order.
inline void expect_same_content(const engine::Database& a, const engine::Txn& in_a,
                                const engine::Database& b, const engine::Txn& in_b) {
  std::vector<std::string> names = must(in_a.table_names());
  EXPECT_EQ(names, must(in_b.table_names()));
  names.emplace_back();
  for (const std::string& name : names) {
    const engine::Table table_a = name.empty() ? engine::Table() : must(a.table(name));
    const engine::Table table_b = name.empty() ? engine::Table() : must(b.table(name));
    EXPECT_EQ(must(in_a.table_options(table_a)), must(in_b.table_options(table_b))) << name;
    EXPECT_EQ(must(in_a.sequence(table_a)), must(in_b.sequence(table_b))) << name;
    const auto records_a = all_records(in_a, table_a);
    const auto records_b = all_records(in_b, table_b);
    const auto [one, other] = std::ranges::mismatch(records_a, records_b);
    if (one == records_a.end() && other == records_b.end()) continue;
    ADD_FAILURE() << "table '" << name << "' differs: " << records_a.size() << " and "
                  << records_b.size() << " records, from number " << one - records_a.begin();
  }
}

/// The bytes of a file.
inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace kist::test
