#include "tests/concurrency/writer.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>

#include <signal.h>
#include <unistd.h>

#include <kist/engine/database.h>

#include "engine/base/failpoints.h"
#include "engine/os/call_observer.h"
#include "tests/concurrency/steps.h"
#include "tests/support/must.h"

namespace kist::test {
namespace {

using engine::Database;
using engine::Durability;
using engine::os::Call;

constexpr std::uint64_t kMostSteps = 200;

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

// The hook is a plain function, so what it needs is global to the writer's process.
const char* fatal_name = nullptr;
std::uint64_t fatal_count = 0;
std::set<std::string>* names_passed = nullptr;

void kill_at_failpoint(const char* name) {
  if (std::strcmp(name, fatal_name) == 0 && --fatal_count == 0) die();
}

void note_failpoint(const char* name) {
  names_passed->insert(name);
}

class KillingObserver : public engine::os::CallObserver {
 public:
  explicit KillingObserver(std::uint64_t count) : before_(count % 2 == 0), left_(count / 2 + 1) {}
  int before(const Call& call) override {
    if (counts(call) && before_ && --left_ == 0) die();
    return 0;
  }
  void after(const Call& call) override {
    if (counts(call) && !before_ && --left_ == 0) die();
  }

 private:
  static bool counts(const Call& call) {
    return call.kind == Call::Kind::kWrite || call.kind == Call::Kind::kFlush ||
           call.kind == Call::Kind::kAllocate || call.kind == Call::Kind::kResize;
  }
  bool before_;
  std::uint64_t left_;
};

void commit_step(const Database& database, Tables& model, std::uint64_t seed, std::uint64_t step) {
  engine::WriteTxn txn = must(database.write());
  DualWriter writer(database, txn, model);
  do_step(writer, seed, step);
  // A killed process loses nothing that was visible, flushed or not.
  must(txn.commit(durable_step(step) ? Durability::kDurable : Durability::kRelaxed));
  if (step % 3 == 0) {
    // Readers at the same time take slots of their own.
    const engine::ReadTxn first = must(database.read());
    const engine::ReadTxn second = must(database.read());
    require(first.id() == second.id(), "two snapshots though nobody writes");
  }
}

void say(int pipe, Word word) {
  if (::write(pipe, &word, sizeof word) != sizeof word) ::_exit(3);
}

}  // namespace

int write_until_death(const std::string& path, std::uint64_t seed, const Death& death, int pipe) {
  KillingObserver killer(death.count);
  engine::Options options;
  if (death.kind == Death::Kind::kAroundCall) options.observer = &killer;
  if (death.kind == Death::Kind::kAtFailpoint) {
    fatal_name = death.name.c_str();
    fatal_count = death.count;
    engine::set_failpoint_hook(kill_at_failpoint);
  }
  const Database database = must(Database::open(path, options));
  Tables model;
  {
    // The head as a writer sees it: recovered where a writer died.
    const engine::WriteTxn txn = must(database.write());
    model = read_all(database, txn);
  }
  const std::uint64_t first = step_of(model) + 1;
  for (std::uint64_t step = first; step < first + kMostSteps; ++step) {
    say(pipe, {step, 0});
    commit_step(database, model, seed, step);
    say(pipe, {step, 1});
  }
  die();  // what was to kill it did not come by
}

std::vector<std::string> failpoints_passed(const std::string& path, std::uint64_t seed,
                                           std::uint64_t steps) {
  std::set<std::string> names;
  names_passed = &names;
  engine::set_failpoint_hook(note_failpoint);
  {
    const Database database = must(Database::open(path));
    Tables model{{"", {}}};
    for (std::uint64_t step = 1; step <= steps; ++step) commit_step(database, model, seed, step);
  }
  engine::set_failpoint_hook(nullptr);
  return {names.begin(), names.end()};
}

}  // namespace kist::test
