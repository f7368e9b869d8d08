#include "tests/concurrency/kill_storm.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <signal.h>
#include <unistd.h>

#include <kist/engine/database.h>

#include "tests/concurrency/steps.h"
#include "tests/concurrency/writer.h"
#include "tests/support/child_process.h"
#include "tests/support/must.h"
#include "tests/support/temp_directory.h"

namespace kist::test {
namespace {

using engine::Database;

// Runs `body` and turns an exception into an exit status, having printed it.
template <typename F>
int report_errors(F&& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

class Pipe {
 public:
  Pipe() { require(::pipe(ends_) == 0, "no pipe"); }
  ~Pipe() {
    ::close(ends_[0]);
    close_writer();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int writer() const { return ends_[1]; }
  void close_writer() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  template <typename T>
  void send(const T& value) const {
    require(::write(ends_[1], &value, sizeof value) == sizeof value, "a pipe broke");
  }
  /// False at the end, when every writer is gone.
  template <typename T>
  bool receive(T& value) const {
    return ::read(ends_[0], &value, sizeof value) == sizeof value;
  }

 private:
  int ends_[2];
};

// Another process that has the environment open, with a snapshot that it looks at again and again.
class Holder {
 public:
  explicit Holder(const std::string& path)
      : child_([&] { return report_errors([&] { return hold(path); }); }) {
    commands_sent('l');
  }
  // Whether the snapshot held so far still is what it was; a new one is taken.
  bool look() { return commands_sent('l'); }
  // Its exit status after closing in good order.
  int end() {
    commands_.send('q');
    return child_.wait();
  }
  void kill() { child_.kill(); }

 private:
  bool commands_sent(char command) {
    commands_.send(command);
    char answer = 0;
    answers_.receive(answer);
    return answer == '+';
  }

  int hold(const std::string& path) const {
    const Database database = must(Database::open(path));
    std::optional<engine::ReadTxn> txn = must(database.read());
    Tables content = read_all(database, *txn);
    for (char command = 0; commands_.receive(command) && command == 'l';) {
      const std::string what = difference(content, read_all(database, *txn));
      if (!what.empty()) std::fprintf(stderr, "a snapshot changed while held: %s\n", what.c_str());
      txn = must(database.read());
      content = read_all(database, *txn);
      answers_.send(what.empty() ? '+' : '-');
    }
    return 0;
  }

  Pipe commands_;
  Pipe answers_;
  ChildProcess child_;
};

// The latest words of a dead writer.
struct LastWords {
  std::uint64_t begun = 0;
  std::uint64_t acknowledged = 0;
};

class Storm {
 public:
  Storm(int rounds, std::uint64_t seed) : rounds_(rounds), seed_(seed), random_(seed) {}

  int run() {
    learn_failpoints();
    int failures = 0;
    std::unique_ptr<Holder> holder;
    for (int round = 0; round < rounds_; ++round) {
      // The second half without anybody else: then every opening is a recovery.
      if (round == rounds_ / 2 && holder != nullptr) {
        failures += holder->end() == 0 ? 0 : 1;
        holder.reset();
      }
      if (round < rounds_ / 2 && holder == nullptr) holder = std::make_unique<Holder>(path());
      const Death death = choose_death(round);
      const int failed = one_round(death);
      if (failed != 0) {
        std::fprintf(stderr, "round %d, %s, %s %s %llu: failed\n", round,
                     holder ? "held open" : "alone",
                     death.kind == Death::Kind::kAtFailpoint ? death.name.c_str() : "kind",
                     death.kind == Death::Kind::kAroundCall ? "call" : "",
                     static_cast<unsigned long long>(death.count));
      }
      failures += failed;
      if (holder != nullptr && !holder->look()) ++failures;
      if (holder != nullptr && round % 23 == 22) holder = nullptr;  // killed with its reader
    }
    std::printf(
        "kill storm: %d rounds, %d of them at %zu failpoints, %d around calls; %llu commits, "
        "%d times the one in flight was there; %d failures\n",
        rounds_, at_failpoints_, failpoints_.size(), around_calls_,
        static_cast<unsigned long long>(step_of(model_)), in_flight_found_, failures);
    return failures;
  }

 private:
  std::string path() const { return directory_.file("store"); }

  void learn_failpoints() {
    Pipe pipe;
    ChildProcess child([&] {
      return report_errors([&] {
        for (const std::string& name : failpoints_passed(directory_.file("trial"), seed_, 90)) {
          std::array<char, 64> text{};
          name.copy(text.data(), text.size() - 1);
          pipe.send(text);
        }
        return 0;
      });
    });
    require(child.wait() == 0, "the trial run failed");
    pipe.close_writer();
    for (std::array<char, 64> text; pipe.receive(text);) failpoints_.emplace_back(text.data());
    require(failpoints_.size() >= 4, "there are fewer failpoints than steps of a commit");
  }

  Death choose_death(int round) {
    switch (round % 4) {
      case 0:
        return {};
      case 1:
        ++around_calls_;
        return {Death::Kind::kAroundCall, {}, random_.below(240)};
      default: {
        const std::string& name =
            failpoints_[static_cast<std::size_t>(at_failpoints_++) % failpoints_.size()];
        return {Death::Kind::kAtFailpoint, name, random_.between(1, random_.one_in(2) ? 2 : 30)};
      }
    }
  }

  int one_round(const Death& death) {
    Pipe pipe;
    ChildProcess writer([&] {
      return report_errors([&] { return write_until_death(path(), seed_, death, pipe.writer()); });
    });
    int status = -SIGKILL;
    if (death.kind == Death::Kind::kFromOutside) {
      std::this_thread::sleep_for(std::chrono::microseconds(random_.between(1000, 60'000)));
      writer.kill();
    } else {
      status = writer.wait();
    }
    pipe.close_writer();
    LastWords last{step_of(model_), step_of(model_)};
    for (Word word; pipe.receive(word);) {
      last.begun = word.step;
      if (word.acknowledged != 0) last.acknowledged = word.step;
    }
    if (status != -SIGKILL) {
      std::fprintf(stderr, "the writer ended with %d instead of being killed\n", status);
      return 1;
    }
    return verify(last);
  }

  // In a process of its own, so that this one never has the environment open.
  int verify(LastWords last) {
    Pipe pipe;
    ChildProcess child([&] {
      return report_errors([&] {
        const Database database = must(Database::open(path()));
        const std::uint64_t read =
            hold_against_model(read_all(database, must(database.read())), last);
        // Zero wait: whoever died, the lock is free.
        engine::WriteTxn txn = must(database.write(std::chrono::milliseconds(0)));
        const std::uint64_t written = hold_against_model(read_all(database, txn), last);
        require(written >= read, "a writer starts before what readers see");
        // Whoever died may have left a commit that no flush has vouched for: then this one does.
        must(txn.commit());
        const std::string what = difference(model_, read_all(database, must(database.read())));
        require(what.empty(), "readers do not see what the writer built on: " + what);
        require_clean(database);
        pipe.send(written);
        return 0;
      });
    });
    const int status = child.wait();
    pipe.close_writer();
    std::uint64_t found = 0;
    if (status != 0 || !pipe.receive(found)) return 1;
    if (found > last.acknowledged) ++in_flight_found_;
    advance_model(found);
    return 0;
  }

  // The step that the content comes from, when it is one of the two allowed and whole.
  std::uint64_t hold_against_model(const Tables& content, LastWords last) {
    const std::uint64_t step = step_of(content);
    require(step >= last.acknowledged && step <= last.begun,
            "step " + std::to_string(step) + " is there, acknowledged was " +
                std::to_string(last.acknowledged) + ", begun " + std::to_string(last.begun));
    advance_model(step);
    const std::string what = difference(model_, content);
    require(what.empty(), "step " + std::to_string(step) + " is not whole: " + what);
    return step;
  }

  void advance_model(std::uint64_t step) {
    ModelWriter writer(model_);
    for (std::uint64_t next = step_of(model_) + 1; next <= step; ++next) {
      do_step(writer, seed_, next);
    }
  }

  const int rounds_;
  const std::uint64_t seed_;
  Random random_;
  TempDirectory directory_;
  Tables model_{{"", {}}};
  std::vector<std::string> failpoints_;
  int at_failpoints_ = 0;
  int around_calls_ = 0;
  int in_flight_found_ = 0;
};

}  // namespace

int run_kill_storm(int rounds, std::uint64_t seed) {
  return Storm(rounds, seed).run();
}

}  // namespace kist::test
