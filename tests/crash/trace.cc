#include "tests/crash/trace.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

#include <kist/engine/backup.h>

#include "engine/base/failpoints.h"
#include "tests/crash/judge.h"
#include "tests/support/must.h"

namespace kist::test {

using engine::Database;
using engine::Durability;

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

Trace::~Trace() {
  // The environment's last calls are no part of the trace, and the hook looks at a trace that goes.
  recorder_.set_flush_hook({});
  database_.reset();
}

void Trace::open_database() {
  recorder_.watch(directory_.file("store-lock"));
  database_ = std::make_unique<Database>(
      must(Database::open(directory_.file("store"), {.page_size = page_size_,
                                                     .transaction_memory = transaction_memory,
                                                     .observer = &recorder_})));
}

void Trace::open() {
  recorder_.begun(static_cast<std::uint64_t>(newest()));
  open_database();
  recorder_.acknowledged(static_cast<std::uint64_t>(newest()));
  recorder_.set_flush_hook([this] { flush_begins(); });
}

void Trace::close() {
  recorder_.set_flush_hook({});
  must(database_->close());
  database_.reset();
  recorder_.acknowledged(static_cast<std::uint64_t>(newest()));
}

// Whoever can see a durable commit may act on it: what readers see before the flush counts as
// acknowledged.
void Trace::notice_publication() {
  if (!committing_) return;
  const std::uint64_t id = must(database_->read()).id();
  if (id > id_before_) recorder_.acknowledged(static_cast<std::uint64_t>(newest()));
}

void Trace::flush_begins() {
  notice_publication();
  // Some flushes happen while the writer still is one.
  if (!beside_flush_ || !database_->write(std::chrono::milliseconds(0))) return;
  if (const auto beside = std::exchange(beside_flush_, {})) {
    committing_ = false;  // others will be published from now on
    beside();
  }
}

void Trace::commit(const std::function<void(DualWriter&)>& change, Durability durability) {
  const std::uint64_t number = contents.size();
  recorder_.begun(number);
  {
    engine::WriteTxn txn = must(database_->write());
    Tables next = model();
    id_before_ = txn.id();
    DualWriter writer(*database_, txn, next);
    change(writer);
    contents.push_back(std::move(next));
    committing_ = durability == Durability::kDurable;
    must(txn.commit(durability));
    committing_ = false;
  }
  if (durability == Durability::kDurable) recorder_.acknowledged(number);
}

namespace {

// How many commits other threads have made the tip. Failpoint hooks are plain functions.
std::atomic<int> tips_stored{0};
void note_tip(const char* name) {
  if (std::string_view(name) == "commit.after_publish") ++tips_stored;
}

// Where the process is to die, and whether it flushed its pages before their slot.
const char* last_step = "";
bool pages_flushed = false;
constexpr int kPagesFlushed = 3;
void die(const char* name) {
  pages_flushed = pages_flushed || std::string_view(name) == "flush.after_pages";
  if (std::string_view(name) == last_step) ::_exit(pages_flushed ? kPagesFlushed : 0);
}

}  // namespace

void Trace::commit_beside(const std::function<void(DualWriter&)>& first,
                          const std::function<void(DualWriter&)>& second, int relaxed,
                          Durability durability) {
  std::jthread other;
  std::exception_ptr failure;
  const std::uint64_t number = contents.size() + 1 + static_cast<std::uint64_t>(relaxed);
  beside_flush_ = [&] {
    recorder_.begun(number);
    tips_stored = 0;
    engine::set_failpoint_hook(note_tip);
    other = std::jthread([&, next = model()]() mutable {
      try {
        for (int i = 0; i <= relaxed; ++i) {
          engine::WriteTxn txn = must(database_->write());
          DualWriter writer(*database_, txn, next);
          second(writer);
          contents.push_back(next);
          must(txn.commit(i < relaxed ? Durability::kRelaxed : durability));
        }
      } catch (...) {
        failure = std::current_exception();
        tips_stored = relaxed + 1;
      }
    });
    while (tips_stored <= relaxed) std::this_thread::yield();
  };
  commit(first);
  other.join();
  engine::set_failpoint_hook(nullptr);
  if (failure) std::rethrow_exception(failure);
  if (durability == Durability::kDurable) recorder_.acknowledged(number);
}

void Trace::commit_in_two_phases(const std::function<void(DualWriter&)>& change, TwoPhases how) {
  const Tables before = model();
  Tables next = before;
  recorder_.begun(contents.size());
  std::uint64_t id = 0;
  {
    engine::WriteTxn txn = must(database_->write());
    DualWriter writer(*database_, txn, next);
    change(writer);
    id = must(txn.prepare());
  }
  contents.push_back(std::move(next));
  recorder_.acknowledged(static_cast<std::uint64_t>(newest()));
  if (how.reopens) {
    close();
    open();
  }
  if (how.keeps) {
    must(database_->commit_prepared(id));
    return;
  }
  recorder_.begun(contents.size());
  contents.push_back(before);
  must(database_->roll_back_prepared(id));
  recorder_.acknowledged(static_cast<std::uint64_t>(newest()));
}

void Trace::die_writing(const std::function<void(DualWriter&)>& change, const char* failpoint,
                        bool commits) {
  if (commits) recorder_.begun(contents.size());
  const std::string before = read_file(directory_.file("store"));
  last_step = failpoint;
  const pid_t child = ::fork();
  require(child >= 0, "fork");
  if (child == 0) {
    engine::set_failpoint_hook(die);
    try {
      const Database database = must(Database::open(
          directory_.file("store"), {.page_size = {}, .transaction_memory = transaction_memory}));
      engine::WriteTxn txn = must(database.write());
      Tables next = model();
      DualWriter writer(database, txn, next);
      change(writer);
      must(txn.commit(Durability::kDurable));
    } catch (const std::exception& error) {
      std::fprintf(stderr, "the other writer: %s\n", error.what());
    }
    ::_exit(1);
  }
  int status = 0;
  require(::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) != 1,
          "the other writer did not die where it should");
  note_changes(before, WEXITSTATUS(status) == kPagesFlushed);
  if (!commits) return;
  engine::WriteTxn txn = must(database_->write());
  contents.push_back(read_all(*database_, txn));
}

// Tells the recorder in what the store's file differs from what it was: the slots last, behind a
// flush if there was one.
void Trace::note_changes(const std::string& before, bool flushed) {
  const std::string path = directory_.file("store");
  const std::string now = read_file(path);
  if (now.size() != before.size()) {
    recorder_.note({Event::Kind::kResize, path, {}, 0, now.size(), {}});
  }
  const auto note_sector = [&](std::size_t at) {
    const std::string sector = now.substr(at, kSector);
    const bool same = at < before.size() ? before.compare(at, kSector, sector) == 0
                                         : sector.find_first_not_of('\0') == std::string::npos;
    if (!same) recorder_.note({Event::Kind::kWrite, path, {}, at, sector.size(), sector});
  };
  for (std::size_t at = kSlotArea; at < now.size(); at += kSector) note_sector(at);
  if (flushed) {
    recorder_.note({Event::Kind::kFlushBegun, path, {}, 0, 0, {}});
    recorder_.note({Event::Kind::kFlush, path, {}, 0, 0, {}});
  }
  for (std::size_t at = 0; at < kSlotArea; at += kSector) note_sector(at);
}

void Trace::restore(const std::function<void(DualWriter&)>& change, int increments) {
  const TempDirectory elsewhere;
  const std::string full = elsewhere.file("full");
  std::vector<std::string> parts;
  Tables content = model();
  {
    const Database original =
        must(Database::open(elsewhere.file("original"), {.page_size = page_size_}));
    engine::BackupPoint point;
    for (int i = 0; i <= increments; ++i) {
      engine::WriteTxn txn = must(original.write());
      DualWriter writer(original, txn, content);
      change(writer);
      must(txn.commit());
      if (i == 0) {
        point = must(engine::backup(original, full)).point;
        continue;
      }
      parts.push_back(elsewhere.file("increment " + std::to_string(i)));
      point = must(engine::backup_since(original, point, parts.back())).point;
    }
  }
  recorder_.begun(contents.size());
  contents.push_back(std::move(content));
  must(engine::restore(full, parts, directory_.file("store"), {.observer = &recorder_}));
  recorder_.acknowledged(static_cast<std::uint64_t>(newest()));
}

void Trace::open_left(const CrashState& state, const std::vector<Tables>& before) {
  materialize(state.files, directory_);
  const std::int64_t newest_allowed = std::max<std::int64_t>(state.newest, 0);
  contents.assign(before.begin(), before.begin() + newest_allowed + 1);
  open_database();
  commit_prepared(*database_);
  Tables found = read_all(*database_, must(database_->read()));
  const auto first = contents.begin() + std::max<std::int64_t>(state.oldest, 0);
  require(std::find(first, contents.end(), found) != contents.end(),
          "what was left does not open as it should: " + difference(contents.back(), found));
  contents.push_back(std::move(found));
  recorder_.begun(static_cast<std::uint64_t>(newest()));
  // What is read of a store that was closed in good order is surely there after that only.
  if (random.one_in(2)) sync();
  recorder_.set_flush_hook([this] { flush_begins(); });
}

void Trace::abort(const std::function<void(DualWriter&)>& change) {
  Tables forgotten = model();
  engine::WriteTxn txn = must(database_->write());
  DualWriter writer(*database_, txn, forgotten);
  change(writer);
}

void Trace::compact(std::uint64_t pages, int steps) {
  for (int i = 0; i < steps && !must(database_->compact({.pages = pages})).done; ++i) {
  }
}

void Trace::sync() {
  must(database_->sync());
  recorder_.acknowledged(static_cast<std::uint64_t>(newest()));
}

}  // namespace kist::test
