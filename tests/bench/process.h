#pragma once

#include <functional>

#include <nlohmann/json.hpp>
#include <sys/types.h>

namespace kist::bench {

/// From now on SIGINT, SIGTERM and SIGHUP end what is being waited for with a Failure, so that what
/// was made is removed.
void take_signals();

/// A child process that does one thing and reports it.
class Child {
 public:
  /// Starts it. What `work` throws, Failure and Skipped alike, is thrown again by result().
  explicit Child(const std::function<nlohmann::json()>& work);
  /// Ends it when nobody waited for it.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Waits for its end. To be called once.
  nlohmann::json result();

 private:
  pid_t pid_ = -1;
  int report_ = -1;
};

/// Does `work` in a process of its own, which begins with none of the memory that others used.
nlohmann::json in_child(const std::function<nlohmann::json()>& work);

/// Lets several children begin at the same moment, or one when another says so. Survives the death
/// of any of them.
class Gate {
 public:
  Gate();
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// In the parent, after its children were started: waits until every one of them has called
  /// pass() or died, then lets them go.
  void open();
  /// In a child: says that it is ready, and waits to be let go.
  void pass();

 private:
  int ready_[2];
  int go_[2];
};

}  // namespace kist::bench
