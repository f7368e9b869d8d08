#include "tests/concurrency/churn.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <kist/engine/database.h>

#include "tests/concurrency/churn_content.h"
#include "tests/concurrency/churn_process.h"
#include "tests/support/child_process.h"
#include "tests/support/must.h"
#include "tests/support/temp_directory.h"

namespace kist::test {
namespace {

using engine::Database;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Churn {
 public:
  Churn(int seconds, std::uint64_t seed) : seconds_(seconds), seed_(seed), random_(seed) {
    require(::pipe(pipe_) == 0, "no pipe");
    ::fcntl(pipe_[0], F_SETFL, O_NONBLOCK);
  }
  ~Churn() {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }
  Churn(const Churn&) = delete;
  Churn& operator=(const Churn&) = delete;

  int run() {
    const auto end = steady_clock::now() + std::chrono::seconds(seconds_);
    auto next_deletion = steady_clock::now() + std::chrono::seconds(3);
    require(ChildProcess([&] {
              must(Database::open(path()));
              return 0;
            }).wait() == 0,
            "the store was not created");
    for (int i = 0; i < kProcesses; ++i) start(i);
    while (steady_clock::now() < end && failures_ == 0) {
      std::this_thread::sleep_for(milliseconds(random_.between(2, 40)));
      listen();
      const int victim = static_cast<int>(random_.below(kProcesses));
      if (random_.one_in(4)) suspend_for_a_while();
      stop(victim);
      start(victim);
      if (steady_clock::now() >= next_deletion) {
        std::filesystem::remove(path() + "-lock");
        ++deletions_;
        next_deletion = steady_clock::now() + std::chrono::seconds(6);
      }
    }
    for (int i = 0; i < kProcesses; ++i) stop(i);
    if (failures_ == 0) judge();
    std::uint64_t commits = 0;
    for (const ChurnState& state : states_) commits += state.step;
    std::printf(
        "churn: %d seconds, %llu commits, %d processes killed (%d were to die at a failpoint, %d "
        "lived in namespaces of their own), %d suspensions, the lock file deleted %d times; %d "
        "failures\n",
        seconds_, static_cast<unsigned long long>(commits), kills_, at_failpoints_, apart_,
        suspended_, deletions_, failures_);
    return failures_;
  }

 private:
  static constexpr int kProcesses = kChurnWriters + kChurnReaders;

  std::string path() const { return directory_.file("store"); }

  void start(int i) {
    const bool apart = random_.one_in(4);
    // Process 1 of a namespace does not die by its own hand.
    const std::uint64_t last =
        apart || !random_.one_in(3) ? 0 : random_.between(1, 1ULL << random_.between(2, 12));
    const std::uint64_t seed = random_.next();
    const auto live = [&] {
      die_at_failpoint(last);
      return i < kChurnWriters ? churn_writer(path(), seed_, i, states_[i], pipe_[1])
                               : churn_reader(path(), seed);
    };
    if (apart) {
      processes_[i] = std::make_unique<ChildProcess>(ChildProcess::OwnNamespace(), live);
    } else {
      processes_[i] = std::make_unique<ChildProcess>(live);
    }
    apart_ += apart ? 1 : 0;
    at_failpoints_ += last != 0 ? 1 : 0;
  }

  // Stops a process wherever it is; the others go on, unless it has what they wait for.
  void suspend_for_a_while() {
    const auto one = random_.below(kProcesses);
    processes_[one]->suspend();
    std::this_thread::sleep_for(milliseconds(random_.between(1, 30)));
    processes_[one]->resume();
    ++suspended_;
  }

  // Kills it, which it must not have been before.
  void stop(int i) {
    const int status = processes_[i]->kill_and_wait();
    if (status != -SIGKILL) {
      std::fprintf(stderr, "%s %d ended by itself with %d\n",
                   i < kChurnWriters ? "writer" : "reader", i, status);
      ++failures_;
    }
    processes_[i].reset();
    ++kills_;
    listen();
  }

  // Takes in what the writers said. All that a dead one said is in the pipe.
  void listen() {
    for (ChurnWord word; ::read(pipe_[0], &word, sizeof word) == sizeof word;) {
      ChurnState& state = states_[static_cast<std::size_t>(word.writer)];
      // A begun step proves those before it: its writer went on from them.
      const std::uint64_t proven = word.acknowledged != 0 ? word.step : word.step - 1;
      while (state.step < proven) advance(state, word.writer);
    }
  }

  void advance(ChurnState& state, int writer) const {
    ++state.step;
    churn_step(
        seed_, writer, state.step,
        [&](const std::string& key, const std::string& value) { state.records[key] = value; },
        [&](const std::string& key) { state.records.erase(key); });
  }

  // What is left when all are dead.
  void judge() {
    ChildProcess child([&] {
      try {
        for (int round = 0; round < 2; ++round) verify();
        return 0;
      } catch (const std::exception& error) {
        std::fprintf(stderr, "at the end: %s\n", error.what());
        return 1;
      }
    });
    if (child.wait() != 0) ++failures_;
  }

  void verify() const {
    Database database = must(Database::open(path()));
    Tables found = read_all(database, must(database.read()));
    Records expected;
    std::uint64_t total = 0;
    for (int i = 0; i < kChurnWriters; ++i) {
      ChurnState state = states_[static_cast<std::size_t>(i)];
      const std::string number = found[""]["n/" + std::to_string(i)];
      if (number == std::to_string(state.step + 1))
        advance(state, i);  // begun and not acknowledged
      expected.insert(state.records.begin(), state.records.end());
      if (state.step > 0) {
        expected["n/" + std::to_string(i)] = std::to_string(state.step);
        expected["digest/" + std::to_string(i)] = digest_of(state.records);
      } else {
        found[""].erase("n/" + std::to_string(i));
      }
      total += state.step;
    }
    expected["total"] = std::to_string(total);
    const std::string what = difference({{"", expected}}, found);
    require(what.empty(), "the store differs from what was acknowledged: " + what);
    require_clean(database);
    const engine::EnvironmentStats stats = must(database.stats());
    require(stats.oldest_pinned == stats.transaction_id, "a dead reader still pins a snapshot");
    // Sixteen processes with a few readers each need no more than the first slots.
    require(std::filesystem::file_size(path() + "-lock") == 16'384, "reader slots were leaked");
    must(database.close());
  }

  const int seconds_;
  const std::uint64_t seed_;
  Random random_;
  TempDirectory directory_;
  int pipe_[2] = {-1, -1};
  std::array<ChurnState, kChurnWriters> states_;
  std::array<std::unique_ptr<ChildProcess>, kProcesses> processes_;
  int kills_ = 0;
  int at_failpoints_ = 0;
  int apart_ = 0;
  int suspended_ = 0;
  int deletions_ = 0;
  int failures_ = 0;
};

}  // namespace

int run_churn(int seconds, std::uint64_t seed) {
  return Churn(seconds, seed).run();
}

}  // namespace kist::test
