#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tests/crash/states.h"
#include "tests/support/model.h"
#include "tests/support/temp_directory.h"

namespace kist::test {

/// Opens crash states and holds what is found in them against what may be found.
class Judge {
 public:
  /// `contents`: what the store held after each commit, by number. `met`: the hashes of all states
  /// that any judge opened. Both borrowed.
  Judge(const std::vector<Tables>& contents, std::unordered_set<std::uint64_t>& met)
      : contents_(contents), met_(met) {}

  /// Whether the state opens, holds one of the contents allowed, whole, is clean, accepts a write,
  /// and is clean again. False: violation() tells. A state seen before is only looked up.
  bool accept(const CrashState& state);

  const std::string& violation() const { return violation_; }
  /// States that were opened here, all different.
  std::uint64_t distinct() const { return found_.size(); }

 private:
  /// What came out of a state.
  struct Found {
    std::int64_t content;
    std::uint64_t next_id;  // of the first transaction written after it
  };
  Found open_and_use(const CrashState& state);
  bool allowed(const Found& found, const CrashState& state);
  std::int64_t identify(const Tables& found, const CrashState& state) const;

  const std::vector<Tables>& contents_;
  TempDirectory directory_;
  std::unordered_set<std::uint64_t>& met_;
  std::unordered_map<std::uint64_t, Found> found_;  // by hash of the files
  std::string violation_;
};

/// Writes the files of a state to a directory, in which there is nothing else then.
void materialize(const FileSet& files, const TempDirectory& directory);

/// Commits the transaction that waits for its decision, if there is one: a prepared transaction is
/// what can be had, so it is asked for.
void commit_prepared(const engine::Database& database);

/// A hash of all files of a state.
std::uint64_t hash_files(const FileSet& files);

}  // namespace kist::test
