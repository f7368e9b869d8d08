#pragma once

#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

#include <unistd.h>

#include "tests/support/model.h"
#include "tests/support/must.h"

namespace kist::test {

/// Runs `body` and turns an exception into an exit status, having printed it.
template <typename F>
int report_errors(F&& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

/// A pipe between processes.
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

/// The latest words of a dead writer: steps.
struct LastWords {
  std::uint64_t begun = 0;
  std::uint64_t acknowledged = 0;
};

/// Knows what the writers of write_until_death() with one seed have committed.
class Witness {
 public:
  explicit Witness(std::uint64_t seed) : seed_(seed) {}

  /// Opens the store `path` in a process of its own and holds it against what may be there after
  /// those words; then commits, and checks. Returns the number of failures, having said what they
  /// are.
  int verify(const std::string& path, LastWords last);

  /// The newest step that is known to be there.
  std::uint64_t step() const;
  /// How often the commit in flight was there.
  int in_flight_found() const { return in_flight_found_; }

 private:
  std::uint64_t hold_against_model(const Tables& content, LastWords last);
  void advance_model(std::uint64_t step);

  const std::uint64_t seed_;
  Tables model_{{"", {}}};
  int in_flight_found_ = 0;
};

}  // namespace kist::test
