#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/os/call_observer.h"
#include "tests/crash/disk.h"

namespace kist::test {

/// Records what an environment does to its files, on any threads. Of the lock file, which is
/// changed through a map, it takes what is there at each of the other calls.
class Recorder : public engine::os::CallObserver {
 public:
  int before(const engine::os::Call& call) override;
  void after(const engine::os::Call& call) override;

  /// The lock file to look at; before anything is recorded. Without it, none is recorded.
  void watch(std::string lock_path) { lock_path_ = std::move(lock_path); }

  /// Notes that content number `content` may be found from now on.
  void begun(std::uint64_t content) { mark(Event::Kind::kBegun, content); }
  /// Notes that nothing older than content number `content` may be found from now on.
  void acknowledged(std::uint64_t content) { mark(Event::Kind::kAcknowledged, content); }

  /// Notes something that was done to the files unseen.
  void note(Event event) { add(std::move(event)); }

  /// Called before each flush of the data file, on the thread that flushes. What it makes others
  /// write, this flush does not vouch for.
  void set_flush_hook(std::function<void()> hook) { flush_hook_ = std::move(hook); }

  const std::vector<Event>& events() const { return events_; }

 private:
  void mark(Event::Kind kind, std::uint64_t content) { add({kind, {}, {}, 0, content, {}}); }
  void add(Event event);
  void look_at_lock_file();

  std::mutex mutex_;  // protects the three below
  std::vector<Event> events_;
  std::string lock_path_;
  std::string lock_file_;
  std::function<void()> flush_hook_;
};

}  // namespace kist::test
