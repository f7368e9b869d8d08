// How soon an observer in another process is told of a commit.

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

#include <kist/manager.h>
#include <kist/observer.h>

#include "tests/bench/process.h"
#include "tests/bench/workload.h"

namespace kist::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kBetweenCommits{1};
constexpr std::string_view kKey = "watched";
constexpr std::string_view kStore = "s";

template <typename T>
T must(Result<T> result) {
  if (!result) throw Failure(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// The same clock in all processes.
std::uint64_t nanoseconds() {
  const auto now = Clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

Profile open(const Round& round) {
  ProfileOptions options;
  options.durability = engine::Durability::kRelaxed;
  return must(Manager::instance().open(round.directory(), options));
}

/// Commits when it is time to, each time the moment just before.
void write(const kist::Store& store, std::size_t commits) {
  Clock::time_point next = Clock::now();
  for (std::size_t i = 0; i < commits; ++i) {
    std::this_thread::sleep_until(next += kBetweenCommits);
    must(store.put(kKey, ValueView::u64(nanoseconds())));
  }
  must(store.erase(kKey));
}

/// Latencies are those from before the commit to the callback.
Measurement watch(Round& round) {
  if (round.engine().name != "kist-store") throw Skipped("it tells nobody of changes");
  const std::size_t commits = round.scaled(5000, 50);
  Gate gate;
  Child writer([&] {
    const Profile profile = open(round);
    const kist::Store store = must(profile.open_store(kStore));
    gate.pass();
    write(store, commits);
    return nlohmann::json();
  });
  const Profile profile = open(round);
  const kist::Store store = must(profile.open_store(kStore));
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  Latencies latencies;
  Observer observer = must(store.observe({.key = kKey}, [&](const Delivery& delivery) {
    const std::uint64_t now = nanoseconds();
    const std::scoped_lock lock(mutex);
    if (delivery.kind != Delivery::Kind::kChanges) return;
    const std::optional<Value>& value = delivery.changes.front().after;
    done = !value;
    if (value) latencies.push_back(now - std::get<std::uint64_t>(value->data()));
    changed.notify_all();
  }));
  Measurement result = round.measure(
      commits,
      [&] {
        gate.open();
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return done; });
        return 0;
      },
      &latencies);
  observer.stop();
  static_cast<void>(writer.result());
  result.metrics["deliveries"] = {static_cast<double>(latencies.size()), ""};
  return result;
}

const WorkloadEntry kWatch({
    .place = 26,
    .name = "watch",
    .what = "1,000 commits a second in one process, told to an observer in another",
    .start = Start::kLoadedCopy,
    .run = &watch,
});

}  // namespace
}  // namespace kist::bench
