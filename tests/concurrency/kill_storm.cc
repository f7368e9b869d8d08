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

#include "tests/concurrency/witness.h"
#include "tests/concurrency/writer.h"
#include "tests/support/child_process.h"
#include "tests/support/must.h"
#include "tests/support/random.h"
#include "tests/support/temp_directory.h"

namespace kist::test {
namespace {

using engine::Database;

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

class Storm {
 public:
  Storm(int rounds, std::uint64_t seed)
      : rounds_(rounds), seed_(seed), random_(seed), witness_(seed) {}

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
        static_cast<unsigned long long>(witness_.step()), witness_.in_flight_found(), failures);
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
    LastWords last{witness_.step(), witness_.step()};
    for (Word word; pipe.receive(word);) {
      last.begun = word.step;
      if (word.acknowledged != 0) last.acknowledged = word.step;
    }
    if (status != -SIGKILL) {
      std::fprintf(stderr, "the writer ended with %d instead of being killed\n", status);
      return 1;
    }
    return witness_.verify(path(), last);
  }

  const int rounds_;
  const std::uint64_t seed_;
  Random random_;
  Witness witness_;
  TempDirectory directory_;
  std::vector<std::string> failpoints_;
  int at_failpoints_ = 0;
  int around_calls_ = 0;
};

}  // namespace

int run_kill_storm(int rounds, std::uint64_t seed) {
  return Storm(rounds, seed).run();
}

}  // namespace kist::test
