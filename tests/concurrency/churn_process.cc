#include "tests/concurrency/churn_process.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <thread>

#include <signal.h>
#include <unistd.h>

#include <kist/engine/cursor.h>
#include <kist/engine/database.h>

#include "engine/base/failpoints.h"
#include "tests/concurrency/churn_content.h"
#include "tests/support/must.h"

namespace kist::test {
namespace {

using engine::as_bytes;
using engine::as_text;
using engine::Database;
using engine::Durability;

std::atomic<std::uint64_t> failpoints_left{0};  // the hook is a plain function

/// Opens the store. Where its lock file was deleted, that takes until all have gone who use it.
Database open_patiently(const std::string& path, const engine::Options& options) {
  for (;;) {
    Result<Database> opened = Database::open(path, options);
    if (opened || opened.error().code != ErrorCode::kBusy) return must(std::move(opened));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::string text_of(const engine::Txn& txn, const std::string& key) {
  const auto value = must(txn.get({}, as_bytes(key)));
  return value ? std::string(as_text(*value)) : std::string();
}

std::uint64_t number_of(const engine::Txn& txn, const std::string& key) {
  const std::string text = text_of(txn, key);
  return text.empty() ? 0 : std::stoull(text);
}

Records records_of(const engine::Txn& txn, int writer) {
  Records records;
  const std::string prefix = prefix_of(writer);
  engine::Cursor cursor = must(txn.cursor({}));
  for (bool on = must(cursor.seek(as_bytes(prefix)));
       on && as_text(cursor.key()).starts_with(prefix); on = must(cursor.next())) {
    records.emplace(as_text(cursor.key()), as_text(must(cursor.value())));
  }
  return records;
}

void say(int pipe, ChurnWord word) {
  if (::write(pipe, &word, sizeof word) != sizeof word) ::_exit(3);
}

void apply(ChurnState& state, std::uint64_t seed, int writer, std::uint64_t step) {
  churn_step(
      seed, writer, step,
      [&](const std::string& key, const std::string& value) { state.records[key] = value; },
      [&](const std::string& key) { state.records.erase(key); });
  state.step = step;
}

void commit_one(const Database& database, std::uint64_t seed, int writer, ChurnState& state,
                int pipe) {
  engine::WriteTxn txn = must(database.write());
  const std::uint64_t step = state.step + 1;
  require(number_of(txn, "n/" + std::to_string(writer)) == state.step,
          "a commit of this writer is gone, or another writes in its name");
  churn_step(
      seed, writer, step,
      [&](const std::string& key, const std::string& value) {
        must(txn.put({}, as_bytes(key), as_bytes(value)));
      },
      [&](const std::string& key) { must(txn.erase({}, as_bytes(key))); });
  apply(state, seed, writer, step);
  const auto store = [&](const std::string& key, const std::string& value) {
    must(txn.put({}, as_bytes(key), as_bytes(value)));
  };
  store("n/" + std::to_string(writer), std::to_string(step));
  store("digest/" + std::to_string(writer), digest_of(state.records));
  store("total", std::to_string(number_of(txn, "total") + 1));
  say(pipe, {writer, 0, step});
  must(txn.commit(step % 4 == 0 ? Durability::kDurable : Durability::kRelaxed));
  say(pipe, {writer, 1, step});
}

// Everything that a snapshot says of itself must agree.
void look_at(const engine::Txn& txn, int writer) {
  std::uint64_t sum = 0;
  for (int i = 0; i < kChurnWriters; ++i) sum += number_of(txn, "n/" + std::to_string(i));
  require(sum == number_of(txn, "total"), "two writers wrote at a time: an update was lost");
  const std::string digest = text_of(txn, "digest/" + std::to_string(writer));
  const Records records = records_of(txn, writer);
  require(digest.empty() ? records.empty() : digest == digest_of(records),
          "a snapshot does not hold what it says: writer " + std::to_string(writer) + " in " +
              std::to_string(txn.id()));
}

template <typename F>
int report_errors(const char* who, F&& body) {
  try {
    body();
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", who, error.what());
    return 1;
  }
}

}  // namespace

void die_at_failpoint(std::uint64_t number) {
  if (number == 0) return;
  failpoints_left = number;
  engine::set_failpoint_hook([](const char*) {
    if (--failpoints_left == 0) ::kill(::getpid(), SIGKILL);
  });
}

int churn_writer(const std::string& path, std::uint64_t seed, int writer, ChurnState state,
                 int pipe) {
  return report_errors("writer", [&] {
    const Database database = open_patiently(path, {});
    {
      // What the one before had begun may be there.
      const engine::WriteTxn txn = must(database.write());
      const std::uint64_t found = number_of(txn, "n/" + std::to_string(writer));
      require(found == state.step || found == state.step + 1,
              "found commit " + std::to_string(found) + " of writer " + std::to_string(writer) +
                  ", acknowledged was " + std::to_string(state.step));
      if (found > state.step) apply(state, seed, writer, found);
      require(records_of(txn, writer) == state.records, "the records differ from the model");
    }
    for (;;) commit_one(database, seed, writer, state, pipe);
  });
}

int churn_reader(const std::string& path, std::uint64_t seed) {
  return report_errors("reader", [&] {
    Random random(seed);
    engine::Options options;
    options.read_only = random.one_in(2);
    const Database database = open_patiently(path, options);
    std::deque<std::pair<engine::ReadTxn, std::string>> held;
    for (;;) {
      engine::ReadTxn txn = must(database.read());
      const int writer = static_cast<int>(random.below(kChurnWriters));
      look_at(txn, writer);
      if (random.one_in(20)) {
        std::string total = text_of(txn, "total");
        held.emplace_back(std::move(txn), std::move(total));
      }
      if (held.size() > 5 || (!held.empty() && random.one_in(200))) {
        look_at(held.front().first, static_cast<int>(random.below(kChurnWriters)));
        require(text_of(held.front().first, "total") == held.front().second,
                "a snapshot changed while it was held");
        held.pop_front();
      }
    }
  });
}

}  // namespace kist::test
