// Writers and observers in processes of their own.

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <latch>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <kist/observer.h>

#include "tests/support/checked_profile.h"
#include "tests/support/child_process.h"
#include "tests/support/deliveries.h"
#include "tests/support/random.h"

namespace kist {
namespace {

using Kind = Delivery::Kind;
using test::ChildProcess;
using test::Deliveries;
using test::Mirror;
using test::must;
using test::require;
using test::Signal;

constexpr int kWriters = 3;
constexpr ProfileOptions kRelaxed{.durability = Durability::kRelaxed};

class ObserverProcessTest : public test::ProfileTest {
 protected:
  void SetUp() override {
    // Makes the file; nothing stays open, so that children inherit nothing.
    must(open(kRelaxed).open_store("s"));
  }
};

/// Changes of all writers together; KIST_OBSERVED_CHANGES for a long run.
std::uint64_t changes_wanted() {
  const char* given = std::getenv("KIST_OBSERVED_CHANGES");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 6000;
}

std::map<std::string, Value> records_of(const Reader& reader, const Store& store) {
  std::map<std::string, Value> records;
  Iterator iterator = must(reader.iterate(store));
  while (must(iterator.next())) {
    records.emplace(std::string(iterator.key()), must(iterator.value()).to_value());
  }
  return records;
}

/// One change a commit, then a record that says that this was all.
void write_changes(const Store& store, int writer, std::uint64_t count, std::uint64_t seed) {
  test::Random random(seed + static_cast<std::uint64_t>(writer));
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string key = std::to_string(random.below(5000));
    if (random.one_in(4)) {
      must(store.erase(key));
    } else {
      must(store.put(key, ValueView::u64(i)));
    }
  }
  must(store.put("done/" + std::to_string(writer), ValueView::boolean(true)));
}

/// Follows the store until all writers are done. Returns the exit status: 0 when what was followed
/// is what there is.
int follow(const Profile& profile, std::chrono::milliseconds pause, int& deliveries) {
  const Store store = must(profile.open_store("s"));
  std::mutex mutex;
  std::condition_variable came;
  int done = 0;
  const Reader start = must(profile.read());
  Mirror mirror(records_of(start, store));
  for (const auto& [key, value] : mirror.records()) done += key.starts_with("done/") ? 1 : 0;
  std::optional<Observer> observer =
      must(store.observe({},
                         [&](const Delivery& delivery) {
                           const std::lock_guard lock(mutex);
                           mirror.apply(delivery);
                           ++deliveries;
                           for (const Change& change : delivery.changes)
                             done += change.key.starts_with("done/");
                           came.notify_all();
                           std::this_thread::sleep_for(pause);
                         },
                         {.from = &start}));
  {
    std::unique_lock lock(mutex);
    came.wait(lock, [&] { return done == kWriters || !observer->active(); });
  }
  if (!observer->active()) return 1;
  observer.reset();
  return mirror.records() == records_of(must(profile.read()), store) ? 0 : 2;
}

TEST_F(ObserverProcessTest, EveryWatchersStateEqualsTheStore) {
  const std::uint64_t seed = test::test_seed("EveryWatchersStateEqualsTheStore");
  const std::uint64_t changes = changes_wanted();
  std::vector<std::unique_ptr<ChildProcess>> watchers;
  std::vector<std::unique_ptr<ChildProcess>> writers;
  for (int i = 0; i < 3; ++i) {
    watchers.push_back(std::make_unique<ChildProcess>([&, i] {
      const Profile profile = open(kRelaxed);
      int deliveries = 0;
      const int status = follow(profile, std::chrono::milliseconds(i == 2 ? 20 : 0), deliveries);
      std::printf("watcher %d: %d deliveries\n", i, deliveries);
      std::fflush(stdout);
      must(profile.close());
      return status;
    }));
  }
  for (int i = 0; i < kWriters; ++i) {
    writers.push_back(std::make_unique<ChildProcess>([&, i] {
      const Profile profile = open(kRelaxed);
      const Store store = must(profile.open_store("s"));
      write_changes(store, i, changes / kWriters, seed);
      must(profile.close());
      return 0;
    }));
  }
  for (const auto& writer : writers) EXPECT_EQ(writer->wait(), 0);
  for (const auto& watcher : watchers) EXPECT_EQ(watcher->wait(), 0);
}

/// An observer that stops its whole process in its first delivery. Tells `expected` of the next.
void stop_and_go_on(const Profile& profile, Signal& ready, Kind expected) {
  const Store store = must(profile.open_store("s"));
  Deliveries deliveries;
  const Observer observer = must(store.observe({}, [&](const Delivery& delivery) {
    deliveries.callback()(delivery);
    if (deliveries.all().size() == 1) ::raise(SIGSTOP);
  }));
  ready.send();
  const Delivery next = deliveries.wait_for(2).at(1);
  require(next.kind == expected, "another kind of delivery");
  require(next.from == deliveries.all().at(0).to, "something lies between the deliveries");
  if (next.kind == Kind::kChanges) {
    require(next.changes.size() == 1 && next.changes[0].before == Value::u64(0) &&
                next.changes[0].after == Value::u64(100),
            "not what happened meanwhile");
  }
}

/// A process with such an observer.

class Stopped {
 public:
  Stopped(const std::filesystem::path& directory, Kind expected)
      : child_([this, directory, expected] {
          const Profile profile = must(Manager::instance().open(directory, kRelaxed));
          pid_told_ = ::getpid();
          if (::write(pipe_[1], &pid_told_, sizeof(pid_told_)) != sizeof(pid_told_)) return 1;
          stop_and_go_on(profile, ready, expected);
          must(profile.close());
          return 0;
        }) {
    if (::read(pipe_[0], &pid_told_, sizeof(pid_told_)) != sizeof(pid_told_)) std::abort();
    ready.wait();
  }
  ~Stopped() {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }
  void wait_until_stopped() const {
    int status = 0;
    require(::waitpid(pid_told_, &status, WUNTRACED) == pid_told_ && WIFSTOPPED(status),
            "the process did not stop");
  }
  int go_on() {
    ::kill(pid_told_, SIGCONT);
    return child_.wait();
  }

 private:
  struct Pipe {
    Pipe() {
      if (::pipe(ends) != 0) std::abort();
    }
    int& operator[](int i) { return ends[i]; }
    int ends[2];
  };
  Pipe pipe_;
  pid_t pid_told_ = 0;
  Signal ready;
  ChildProcess child_;
};

TEST_F(ObserverProcessTest, ASuspendedProcessLosesNothing) {
  Stopped stopped(directory(), Kind::kChanges);
  const Profile profile = open(kRelaxed);
  const Store store = must(profile.open_store("s"));
  must(store.put("k", ValueView::u64(0)));
  stopped.wait_until_stopped();
  for (std::uint64_t i = 1; i <= 100; ++i) must(store.put("k", ValueView::u64(i)));
  EXPECT_EQ(stopped.go_on(), 0);
}

TEST_F(ObserverProcessTest, ASuspendedProcessHoldsBackNoMoreThanItMay) {
  ProfileOptions options = kRelaxed;
  options.flush_bytes = 1 << 20;
  options.observer_bytes = 1 << 20;
  const auto overwrite = [](const Profile& profile, std::uint64_t round) {
    const Store store = must(profile.open_store("s"));
    for (std::uint64_t part = 0; part < 8; ++part) {
      Batch batch;
      for (std::uint64_t i = 0; i < 250; ++i) {
        const std::string text = std::to_string(round) + std::string(2000, 'x');
        must(batch.put(store, std::to_string(part * 250 + i), ValueView::string(text)));
      }
      must(profile.apply(batch));
    }
  };
  {
    const Profile profile = open(options);
    overwrite(profile, 0);
  }
  Stopped stopped(directory(), Kind::kReload);
  const Profile profile = open(options);
  must(must(profile.open_store("s")).put("k", ValueView::u64(0)));
  stopped.wait_until_stopped();
  const std::uint64_t newest = must(profile.read()).id();
  for (std::uint64_t round = 1; round < 20; ++round) overwrite(profile, round);
  EXPECT_GT(must(profile.stats()).oldest_pinned, newest);
  EXPECT_EQ(stopped.go_on(), 0);
}

}  // namespace
}  // namespace kist
