#include "tests/crash/judge.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <kist/engine/database.h>

#include "engine/base/checksum.h"
#include "tests/support/must.h"

namespace kist::test {

using engine::as_bytes;
using engine::Database;

std::uint64_t hash_files(const FileSet& files) {
  std::uint64_t hash = files.size();
  for (const auto& [name, content] : files) {
    hash = engine::checksum(name.data(), name.size(), hash);
    hash = engine::checksum(content.data(), content.size(), hash);
  }
  return hash;
}

void commit_prepared(const Database& database) {
  if (const auto waiting = must(database.prepared())) {
    must(database.commit_prepared(waiting->id));
  }
}

void materialize(const FileSet& files, const TempDirectory& directory) {
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    std::filesystem::remove(entry.path());
  }
  for (const auto& [name, content] : files) {
    std::ofstream file(directory.file(name), std::ios::binary);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    require(file.good(), "cannot write a crash state");
  }
}

std::int64_t Judge::identify(const Tables& found, const CrashState& state) const {
  const auto equals = [&](std::int64_t i) {
    return contents_[static_cast<std::size_t>(i)] == found;
  };
  // Equal contents may have several numbers: one that is allowed counts.
  for (std::int64_t i = state.newest; i >= 0 && i >= state.oldest; --i) {
    if (equals(i)) return i;
  }
  for (auto i = static_cast<std::int64_t>(contents_.size()) - 1; i >= 0; --i) {
    if (equals(i)) return i;
  }
  const auto expected = static_cast<std::size_t>(std::max<std::int64_t>(state.newest, 0));
  throw std::runtime_error("holds what no commit ever left; beside the newest: " +
                           difference(contents_[expected], found));
}

Judge::Found Judge::open_and_use(const CrashState& state) {
  materialize(state.files, directory_);
  const std::string path = directory_.file("store");
  Found result{};
  Tables expected;
  {
    Database database = must(Database::open(path));
    commit_prepared(database);
    expected = read_all(database, must(database.read()));
    result.content = identify(expected, state);
    require_clean(database);
    engine::WriteTxn txn = must(database.write(std::chrono::milliseconds(0)));
    DualWriter writer(database, txn, expected);
    writer.put("", "written after the crash", std::string(300, 'w'));
    result.next_id = must(txn.commit());
    require_clean(database);
    must(database.close());
  }
  Database database = must(Database::open(path));
  const std::string what = difference(expected, read_all(database, must(database.read())));
  require(what.empty(), "after a write and a reopening: " + what);
  require_clean(database);
  return result;
}

bool Judge::accept(const CrashState& state) {
  // A store without a name is as good as one without a file: what lies beside it may not matter.
  const bool exists = state.files.contains("store");
  if (!exists && state.oldest >= 0) {
    violation_ = state.story + ": the store is gone";
    return false;
  }
  const std::uint64_t hash = hash_files(state.files);
  auto seen = found_.find(hash);
  if (seen == found_.end()) {
    met_.insert(hash);
    try {
      seen = found_.emplace(hash, open_and_use(state)).first;
    } catch (const std::exception& error) {
      violation_ = state.story + " (content " + std::to_string(state.oldest) + " to " +
                   std::to_string(state.newest) + " allowed): " + error.what();
      return false;
    }
  }
  return allowed(seen->second, state);
}

bool Judge::allowed(const Found& found, const CrashState& state) {
  // Under a used id there may be pages on the device that would pass for those of the next one. A
  // store that was not acknowledged may be created anew, and its ids with it.
  if (found.next_id <= state.burned && state.oldest >= 0) {
    violation_ = state.story + ": id " + std::to_string(found.next_id) +
                 " is used again, ids up to " + std::to_string(state.burned) + " were";
    return false;
  }
  const std::int64_t oldest = std::max<std::int64_t>(state.oldest, 0);
  const std::int64_t newest = std::max<std::int64_t>(state.newest, 0);
  // The same bytes may have been met where another of several equal contents was the right one.
  for (std::int64_t i = oldest; i <= newest; ++i) {
    if (i == found.content || contents_[static_cast<std::size_t>(i)] ==
                                  contents_[static_cast<std::size_t>(found.content)]) {
      return true;
    }
  }
  violation_ = state.story + ": content " + std::to_string(found.content) +
               " was found, allowed are " + std::to_string(oldest) + " to " +
               std::to_string(newest);
  return false;
}

}  // namespace kist::test
