#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/os/call_observer.h"
#include "tests/crash/disk.h"

namespace kist::test {

/// Records what an environment does to its files. The lock file is left out: it is no part of what
/// must survive.
class Recorder : public engine::os::CallObserver {
 public:
  int before(const engine::os::Call& call) override;
  void after(const engine::os::Call& call) override;

  /// Notes that content number `content` may be found from now on.
  void begun(std::uint64_t content) { mark(Event::Kind::kBegun, content); }
  /// Notes that nothing older than content number `content` may be found from now on.
  void acknowledged(std::uint64_t content) { mark(Event::Kind::kAcknowledged, content); }

  /// Called before each flush of the data file, on the thread that flushes.
  void set_flush_hook(std::function<void()> hook) { flush_hook_ = std::move(hook); }

  const std::vector<Event>& events() const { return events_; }

 private:
  void mark(Event::Kind kind, std::uint64_t content) {
    events_.push_back({kind, {}, {}, 0, content, {}});
  }

  std::vector<Event> events_;
  std::function<void()> flush_hook_;
};

}  // namespace kist::test
