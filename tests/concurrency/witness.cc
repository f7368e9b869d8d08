#include "tests/concurrency/witness.h"

#include <chrono>

#include <kist/engine/database.h>

#include "tests/concurrency/steps.h"
#include "tests/support/child_process.h"

namespace kist::test {

using engine::Database;

std::uint64_t Witness::step() const {
  return step_of(model_);
}

// In a process of its own, so that this one never has the environment open.
int Witness::verify(const std::string& path, LastWords last) {
  Pipe pipe;
  ChildProcess child([&] {
    return report_errors([&] {
      const Database database = must(Database::open(path));
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

// The step that the content comes from, when it is one of those allowed and whole.
std::uint64_t Witness::hold_against_model(const Tables& content, LastWords last) {
  const std::uint64_t step = step_of(content);
  require(step >= last.acknowledged && step <= last.begun,
          "step " + std::to_string(step) + " is there, acknowledged was " +
              std::to_string(last.acknowledged) + ", begun " + std::to_string(last.begun));
  advance_model(step);
  const std::string what = difference(model_, content);
  require(what.empty(), "step " + std::to_string(step) + " is not whole: " + what);
  return step;
}

void Witness::advance_model(std::uint64_t step) {
  ModelWriter writer(model_);
  for (std::uint64_t next = step_of(model_) + 1; next <= step; ++next) {
    do_step(writer, seed_, next);
  }
}

}  // namespace kist::test
