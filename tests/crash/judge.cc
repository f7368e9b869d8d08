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

namespace {

/// A prepared transaction is what can be had, so it is asked for.
void commit_prepared(const Database& database) {
  if (const auto waiting = must(database.prepared())) {
    must(database.commit_prepared(waiting->id));
  }
}

}  // namespace

void Judge::materialize(const CrashState& state) const {
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    std::filesystem::remove(entry.path());
  }
  for (const auto& [name, content] : state.files) {
    std::ofstream file(directory_.file(name), std::ios::binary);
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

std::int64_t Judge::open_and_use(const CrashState& state) {
  materialize(state);
  const std::string path = store_path();
  std::int64_t content = -1;
  Tables expected;
  {
    Database database = must(Database::open(path));
    commit_prepared(database);
    expected = read_all(database, must(database.read()));
    content = identify(expected, state);
    require_clean(database);
    engine::WriteTxn txn = must(database.write(std::chrono::milliseconds(0)));
    DualWriter writer(database, txn, expected);
    writer.put("", "written after the crash", std::string(300, 'w'));
    must(txn.commit());
    require_clean(database);
    must(database.close());
  }
  Database database = must(Database::open(path));
  const std::string what = difference(expected, read_all(database, must(database.read())));
  require(what.empty(), "after a write and a reopening: " + what);
  require_clean(database);
  return content;
}

bool Judge::accept(const CrashState& state) {
  // A store without a name is as good as one without a file: what lies beside it may not matter.
  const bool exists = state.files.contains("store");
  if (!exists && state.oldest >= 0) {
    violation_ = state.story + ": the store is gone";
    return false;
  }
  const std::uint64_t hash = hash_files(state.files);
  const auto seen = found_.find(hash);
  std::int64_t content = 0;
  if (seen != found_.end()) {
    content = seen->second;
  } else {
    try {
      content = open_and_use(state);
    } catch (const std::exception& error) {
      violation_ = state.story + " (content " + std::to_string(state.oldest) + " to " +
                   std::to_string(state.newest) + " allowed): " + error.what();
      return false;
    }
    found_.emplace(hash, content);
  }
  const std::int64_t oldest = std::max<std::int64_t>(state.oldest, 0);
  const std::int64_t newest = std::max<std::int64_t>(state.newest, 0);
  if (content >= oldest && content <= newest) return true;
  // The same bytes may have been met where another of several equal contents was the right one.
  for (std::int64_t i = oldest; i <= newest; ++i) {
    if (contents_[static_cast<std::size_t>(i)] == contents_[static_cast<std::size_t>(content)]) {
      return true;
    }
  }
  violation_ = state.story + ": content " + std::to_string(content) + " was found, allowed are " +
               std::to_string(oldest) + " to " + std::to_string(newest);
  return false;
}

std::int64_t Judge::open_observed(const CrashState& state, engine::os::CallObserver& observer) {
  materialize(state);
  Database database = must(Database::open(store_path(), {.page_size = {}, .observer = &observer}));
  commit_prepared(database);
  const std::int64_t content = identify(read_all(database, must(database.read())), state);
  must(database.close());
  return content;
}

}  // namespace kist::test
