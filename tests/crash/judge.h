#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/os/call_observer.h"
#include "tests/crash/states.h"
#include "tests/support/model.h"
#include "tests/support/temp_directory.h"

namespace kist::test {

/// Opens crash states and holds what is found in them against what may be found.
class Judge {
 public:
  /// `contents`: what the store held after each commit, by number; borrowed.
  explicit Judge(const std::vector<Tables>& contents) : contents_(contents) {}

  /// Whether the state opens, holds one of the contents allowed, whole, is clean, accepts a write,
  /// and is clean again. False: violation() tells. A state seen before is only looked up.
  bool accept(const CrashState& state);

  /// Writes a state to a directory of its own and opens it once with `observer`, without writing.
  /// Returns the number of the content found. For crashes in the middle of a recovery.
  std::int64_t open_observed(const CrashState& state, engine::os::CallObserver& observer);

  const std::string& violation() const { return violation_; }
  /// States that were opened, all different.
  std::uint64_t distinct() const { return found_.size(); }
  std::string store_path() const { return directory_.file("store"); }

 private:
  void materialize(const CrashState& state) const;
  std::int64_t open_and_use(const CrashState& state);
  std::int64_t identify(const Tables& found, const CrashState& state) const;

  const std::vector<Tables>& contents_;
  TempDirectory directory_;
  std::unordered_map<std::uint64_t, std::int64_t> found_;  // content found, by hash of the files
  std::string violation_;
};

/// A hash of all files of a state.
std::uint64_t hash_files(const FileSet& files);

}  // namespace kist::test
