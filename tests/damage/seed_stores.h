#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <kist/engine/database.h>

#include "tests/damage/store_seals.h"

namespace kist::test {

/// The pairs of one table in its order.
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// All pairs of one snapshot, by table; "" is the default table.
using Content = std::map<std::string, Pairs>;

/// A small store with every kind of page, from which damaged ones are made.
struct SeedStore {
  std::uint32_t page_size = 0;
  std::string bytes;                          ///< Its file, closed cleanly.
  std::string older;                          ///< Its file before the last commit, likewise.
  std::string stranger;                       ///< The file of another store made in the same way.
  StoreSeals seals;                           ///< Of `bytes`.
  std::map<std::uint64_t, Content> contents;  ///< After each commit, by its id.
};

/// One store for each of several page sizes; made at the first call. Multimaps among its tables
/// have the keys "many", "some" and "long"; see value_of() for the default table.
const std::vector<SeedStore>& seed_stores();

/// The value of "key `i`" in the default table.
std::string value_of(int i);

/// A directory of this process's own, in memory where possible, removed when it exits.
const std::string& scratch_directory();

/// The whole file.
std::string read_file(const std::string& path);
/// Replaces the file's content.
void write_file(const std::string& path, const std::string& bytes);

}  // namespace kist::test
