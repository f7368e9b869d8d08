#include "kvstore/observe/watcher.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <kist/engine/fork.h>

namespace kist::observe {

namespace {

/// A process that died between its commit and the wake-up has woken nobody.
constexpr std::chrono::seconds kLongestSleep{1};

thread_local bool watching = false;

}  // namespace

bool on_watching_thread() {
  return watching;
}

Watcher::Watcher() : forks_(engine::fork_count()) {}

Result<void> Watcher::add(const engine::Database& database,
                          const std::shared_ptr<Observed>& observed) {
  KIST_ASSIGN(engine::CommitSignal signal, engine::CommitSignal::of(database));
  const std::lock_guard lock(mutex_);
  if (stopping_) return fail(ErrorCode::kClosed, "the profile was closed");
  if (ended_) {
    source_ = std::make_shared<const Source>(database, std::move(signal));
    try {
      std::thread thread([self = shared_from_this()] {
        watching = true;
        self->run(*self->source_);
        self->finish();
      });
      thread_ = thread.get_id();
      thread.detach();
      ended_ = false;
    } catch (const std::system_error&) {
      source_.reset();
      return fail(ErrorCode::kOutOfMemory, "no thread to watch for changes could be started");
    }
  }
  observers_.push_back(observed);
  change();
  return {};
}

/// Lets the thread look at what has changed here.
void Watcher::change() {
  ++version_;
  work_.notify_all();
  // The lock keeps the thread, and so the environment, from ending meanwhile.
  if (source_) source_->signal.wake();
}

void Watcher::remove(Observed& observed) {
  if (forks_ != engine::fork_count()) return;
  // Both go after the lock was given up.
  ObserverCallback callback;
  std::shared_ptr<Base> base;
  std::unique_lock lock(mutex_);
  observed.gone = true;
  base = std::move(observed.base);
  drop(observed);
  changed_.notify_all();
  if (on_thread()) return;
  changed_.wait(lock, [&] { return running_ != &observed; });
  callback = std::exchange(observed.callback, nullptr);
}

void Watcher::drop(const Observed& observed) {
  std::erase_if(observers_, [&](const auto& present) { return present.get() == &observed; });
}

bool Watcher::active(const Observed& observed) const {
  if (forks_ != engine::fork_count()) return false;
  const std::lock_guard lock(mutex_);
  return !observed.gone;
}

engine::SnapshotMark Watcher::seen(const Observed& observed) const {
  if (forks_ != engine::fork_count()) return {};
  const std::lock_guard lock(mutex_);
  return observed.seen;
}

void Watcher::end_user(const void* user, const Error& why) {
  if (forks_ != engine::fork_count()) return;
  const auto is_users = [user](const auto& observed) { return observed->user == user; };
  std::unique_lock lock(mutex_);
  Observers ending;
  std::ranges::copy_if(observers_, std::back_inserter(ending), is_users);
  if (ending.empty()) return;
  for (const auto& observed : ending) observed->ending = why;
  change();
  if (on_thread()) return;
  changed_.wait(lock, [&] {
    const bool all_gone = std::ranges::all_of(ending, [](const auto& each) { return each->gone; });
    const bool running =
        std::ranges::any_of(ending, [this](const auto& each) { return each.get() == running_; });
    return (all_gone && !running) || given_up_;
  });
  lock.unlock();  // before `ending`, which may hold the last of a callback
}

bool Watcher::stop(std::optional<std::chrono::steady_clock::time_point> deadline) {
  if (forks_ != engine::fork_count()) return true;
  std::unique_lock lock(mutex_);
  stopping_ = true;
  change();
  const auto ended = [this] { return ended_ || given_up_; };
  if (on_thread()) return true;
  if (!deadline) return changed_.wait(lock, ended), true;
  if (changed_.wait_until(lock, *deadline, ended)) return !given_up_;
  given_up_ = true;
  changed_.notify_all();
  return false;
}

void Watcher::run(const Source& source) {
  const engine::CommitSignal& signal = source.signal;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (observers_.empty()) {
      work_.wait(lock);
      continue;
    }
    // In this order: what happens after these two lines ends the wait below.
    const std::uint64_t count = signal.count();
    const std::uint64_t version = version_;
    lock.unlock();
    tell_ends();
    for (const Told& told : find_changes(source.database)) tell(told);
    lock.lock();
    if (version != version_) continue;
    lock.unlock();
    signal.wait(count, kLongestSleep);
    lock.lock();
  }
  for (const auto& observed : observers_) {
    if (!observed->ending) observed->ending = Error{ErrorCode::kClosed, "the profile was closed"};
  }
  lock.unlock();
  tell_ends();
}

/// Ends the thread. Who waits for that closes the environment next, so nothing here holds it still.
void Watcher::finish() {
  std::unique_lock lock(mutex_);
  std::shared_ptr<const Source> source = std::exchange(source_, nullptr);
  thread_ = {};
  lock.unlock();
  source.reset();
  lock.lock();
  ended_ = true;
  changed_.notify_all();
}

/// Compares what each observer was told of last with the newest snapshot, which they have
/// afterwards, parked.
std::vector<Watcher::Told> Watcher::find_changes(const engine::Database& database) {
  std::vector<Told> found;
  Observers observers;
  std::vector<std::shared_ptr<Base>> bases;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& observed : observers_) {
      if (observed->gone || observed->ending) continue;
      observers.push_back(observed);
      bases.push_back(observed->base);
    }
  }
  const auto newest = std::make_shared<Base>();
  Result<engine::ReadTxn> txn = database.read();
  Result<engine::SnapshotMark> mark{engine::SnapshotMark{}};
  if (txn) mark = engine::mark_of(*txn);
  if (!txn || !mark) {
    const Error& why = txn ? mark.error() : txn.error();
    for (const auto& observed : observers) {
      found.push_back({observed, {.kind = Delivery::Kind::kEnded, .error = why}});
    }
    return found;
  }
  newest->mark = *mark;
  newest->txn.emplace(*std::move(txn));
  for (std::size_t i = 0; i < observers.size(); ++i) {
    Base& base = *bases[i];
    const bool same = base.mark == newest->mark;
    if (same && base.parked) continue;
    Delivery delivery{.from = base.mark, .to = newest->mark};
    if (!same) {
      base.unpark();
      delivery = compare(*observers[i], base, *newest);
    }
    const bool silent = delivery.kind == Delivery::Kind::kChanges && delivery.changes.empty();
    bases[i] = newest;
    const std::lock_guard lock(mutex_);
    if (observers[i]->gone) continue;
    observers[i]->base = newest;
    if (silent) observers[i]->seen = newest->mark;
    if (!silent) found.push_back({observers[i], std::move(delivery)});
  }
  newest->park();
  return found;
}

/// Tells those who are to be told that they have ended.
void Watcher::tell_ends() {
  for (;;) {
    Told told;
    {
      const std::lock_guard lock(mutex_);
      const auto ending = std::ranges::find_if(
          observers_, [](const auto& each) { return each->ending.has_value(); });
      if (ending == observers_.end()) return;
      told.observed = *ending;
      told.delivery.kind = Delivery::Kind::kEnded;
      told.delivery.error = *(*ending)->ending;
      told.delivery.from = told.delivery.to = (*ending)->seen;
    }
    tell(told);
  }
}

void Watcher::tell(const Told& told) {
  Observed& observed = *told.observed;
  const bool last = told.delivery.kind == Delivery::Kind::kEnded;
  {
    const std::lock_guard lock(mutex_);
    if (observed.gone) return;
    running_ = &observed;
  }
  bool threw = false;
  try {
    observed.callback(told.delivery);
  } catch (...) {
    threw = true;
  }
  ObserverCallback callback;
  std::shared_ptr<Base> base;
  {
    const std::lock_guard lock(mutex_);
    if (!last) observed.seen = told.delivery.to;
    if (last || threw || observed.gone) {
      observed.gone = true;
      base = std::move(observed.base);
      callback = std::exchange(observed.callback, nullptr);
      drop(observed);
    }
  }
  // Without the lock, and before anybody who stops it can go on.
  callback = nullptr;
  base.reset();
  const std::lock_guard lock(mutex_);
  running_ = nullptr;
  changed_.notify_all();
}

}  // namespace kist::observe
