#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "tests/bench/consume.h"
#include "tests/bench/engine.h"

namespace kist::bench {

/// What an engine gives, as the loops below need it; all functions are called inline. An Adapter is
/// an open store, its Session the part that one thread uses:
///
///     class Adapter {
///      public:
///       explicit Adapter(const OpenOptions&);     // opens or creates
///       class Session {
///        public:
///         explicit Session(Adapter&);
///         void begin_read();                      // one snapshot for what follows
///         void end_read();
///         void get(key, visit);                   // visit(value); the key is there
///         void walk(from, visit);                 // visit(key, value) until it returns false
///         void walk_back(visit);                  // the same from the last record backward
///         void begin_write();                     // its parts are seen by get_own()
///         void put(key, value);
///         void erase(key);
///         void get_own(key, visit);
///         void commit();
///         void erase_range(from, to);             // in transactions of its own
///         // Where it has them, else they are made of the above:
///         void bulk_load(sorted, values);
///         void get_many(keys, visit);
///         std::uint64_t count_range(from, to);
///         // Where it has it, else the workload is skipped:
///         void compact(copy);
///         void put_queued(keys, values, callers);
///       };
///     };
template <typename S>
class SessionOf final : public Session {
 public:
  template <typename Adapter>
  explicit SessionOf(Adapter& adapter) : session_(adapter) {}

  void put_each(KeySpan keys, ValuePool::Stream values, std::size_t batch,
                Latencies* latencies) override {
    Stopwatch watch(latencies);
    for (std::size_t i = 0; i < keys.size();) {
      session_.begin_write();
      for (const std::size_t end = std::min(i + batch, keys.size()); i < end; ++i) {
        session_.put(keys[i], values.next());
      }
      session_.commit();
      watch.lap();
    }
  }

  void bulk_load(KeySpan sorted, ValuePool::Stream values) override {
    if constexpr (requires { session_.bulk_load(sorted, values); }) {
      session_.bulk_load(sorted, values);
    } else {
      put_each(sorted, values, sorted.size(), nullptr);
    }
  }

  std::uint64_t get_each(KeySpan keys, std::size_t batch, Latencies* latencies) override {
    if (batch == 0) batch = keys.size();
    Stopwatch watch(latencies);
    Digest digest;
    for (std::size_t i = 0; i < keys.size();) {
      session_.begin_read();
      for (const std::size_t end = std::min(i + batch, keys.size()); i < end; ++i) {
        session_.get(keys[i], digest);
      }
      session_.end_read();
      watch.lap();
    }
    return digest.value;
  }

  std::uint64_t get_many(KeySpan keys, std::size_t batch) override {
    if constexpr (requires(Digest digest) { session_.get_many(keys, digest); }) {
      Digest digest;
      session_.begin_read();
      for (std::size_t i = 0; i < keys.size(); i += batch) {
        session_.get_many(keys.part(i, std::min(batch, keys.size() - i)), digest);
      }
      session_.end_read();
      return digest.value;
    } else {
      return get_each(keys, 0, nullptr);
    }
  }

  std::uint64_t scan(bool forward) override {
    Digest digest;
    const auto visit = [&](std::string_view key, std::string_view value) {
      digest.value += key.size();
      digest(value);
      return true;
    };
    session_.begin_read();
    if (forward) {
      session_.walk({}, visit);
    } else {
      session_.walk_back(visit);
    }
    session_.end_read();
    return digest.value;
  }

  std::uint64_t ranges(KeySpan from, std::size_t count) override {
    Digest digest;
    session_.begin_read();
    for (std::size_t i = 0; i < from.size(); ++i) {
      std::size_t left = count;
      session_.walk(from[i], [&](std::string_view /*key*/, std::string_view value) {
        digest(value);
        return --left > 0;
      });
    }
    session_.end_read();
    return digest.value;
  }

  std::uint64_t count_ranges(KeySpan from, KeySpan to) override {
    std::uint64_t sum = 0;
    session_.begin_read();
    for (std::size_t i = 0; i < from.size(); ++i) {
      if constexpr (requires { session_.count_range(from[i], to[i]); }) {
        sum += session_.count_range(from[i], to[i]);
      } else {
        const std::string_view end = to[i];
        session_.walk(from[i], [&](std::string_view key, std::string_view /*value*/) {
          const bool inside = key < end;
          sum += inside ? 1 : 0;
          return inside;
        });
      }
    }
    session_.end_read();
    return sum;
  }

  void erase_range(std::string_view from, std::string_view to) override {
    session_.erase_range(from, to);
  }

  std::uint64_t perform(std::span<const Step> steps, ValuePool::Stream values,
                        Latencies* latencies) override {
    Stopwatch watch(latencies);
    Digest digest;
    for (const Step& step : steps) {
      switch (step.kind) {
        case Step::Kind::kBeginRead:
          session_.begin_read();
          break;
        case Step::Kind::kGet:
          session_.get(step.key, digest);
          break;
        case Step::Kind::kEndRead:
          session_.end_read();
          break;
        case Step::Kind::kBeginWrite:
          session_.begin_write();
          break;
        case Step::Kind::kGetOwn:
          session_.get_own(step.key, digest);
          break;
        case Step::Kind::kPut:
          session_.put(step.key, values.next());
          break;
        case Step::Kind::kErase:
          session_.erase(step.key);
          break;
        case Step::Kind::kCommit:
          session_.commit();
          watch.lap();
          break;
      }
    }
    return digest.value;
  }

  void put_queued(KeySpan keys, ValuePool::Stream values, std::size_t callers) override {
    if constexpr (requires { session_.put_queued(keys, values, callers); }) {
      session_.put_queued(keys, values, callers);
    } else {
      Session::put_queued(keys, values, callers);
    }
  }

  void compact(const std::string& copy) override {
    if constexpr (requires { session_.compact(copy); }) {
      session_.compact(copy);
    } else {
      Session::compact(copy);
    }
  }

 private:
  /// Consumes every value it is called with.
  struct Digest {
    void operator()(std::string_view bytes) {
      value = bench_consume(value, bytes.data(), bytes.size());
    }
    std::uint64_t value = 0;
  };

  /// Time from one lap to the next; one reading of the clock for each, none when nobody asks.
  class Stopwatch {
   public:
    explicit Stopwatch(Latencies* laps) : laps_(laps) {
      if (laps_ != nullptr) last_ = Clock::now();
    }
    void lap() {
      if (laps_ == nullptr) return;
      const Clock::time_point now = Clock::now();
      laps_->push_back(static_cast<std::uint64_t>(std::chrono::nanoseconds(now - last_).count()));
      last_ = now;
    }

   private:
    using Clock = std::chrono::steady_clock;
    Latencies* laps_;
    Clock::time_point last_;
  };

  S session_;
};

/// An open store of an Adapter.
template <typename Adapter>
class StoreOf final : public Store {
 public:
  explicit StoreOf(const OpenOptions& options) : adapter_(options) {}
  std::unique_ptr<Session> session() override {
    return std::make_unique<SessionOf<typename Adapter::Session>>(adapter_);
  }

 private:
  Adapter adapter_;
};

/// Engine::open of an Adapter.
template <typename Adapter>
std::unique_ptr<Store> open_store(const OpenOptions& options) {
  return std::make_unique<StoreOf<Adapter>>(options);
}

}  // namespace kist::bench
