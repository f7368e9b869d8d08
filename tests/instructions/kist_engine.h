#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <kist/engine/database.h>

namespace kist::bench {

/// What a failed call does to a benchmark: it ends it, with the reason.
[[noreturn]] inline void give_up(const std::string& why) {
  fmt::print(stderr, "kist_bench: {}\n", why);
  std::exit(1);
}

template <typename T>
T must(Result<T> result) {
  if (!result) give_up(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// Kist's engine as the workloads use it. All engines have the same functions.
class KistEngine {
 public:
  static constexpr std::string_view kName = "kist";

  /// Opens (creates) a store in `directory`; durable commits flush, others do not.
  KistEngine(const std::string& directory, bool durable)
      : database_(must(engine::Database::open(directory + "/bench.kist", options(durable)))) {}

  /// One write transaction; put() adds to it.
  void begin_write() { write_.emplace(must(database_.write())); }
  void put(std::string_view key, std::string_view value) {
    must(write_->put({}, engine::as_bytes(key), engine::as_bytes(value)));
  }
  void commit() {
    must(write_->commit());
    write_.reset();
  }

  /// One read transaction; get() and the scans use it.
  void begin_read() { read_.emplace(must(database_.read())); }
  void end_read() { read_.reset(); }
  /// The same with one that is kept, after begin_read().
  void pause_read() { read_->reset(); }
  void renew_read() { must(read_->renew()); }
  /// First byte and length of the value: every engine's value is consumed alike.
  std::uint64_t get(std::string_view key) {
    auto value = read_->get({}, engine::as_bytes(key));
    if (!value || !*value) give_up("a key is missing");
    return (*value)->size() + (*value)->front();
  }
  std::uint64_t scan(bool forward) {
    auto cursor = must(read_->cursor({}));
    std::uint64_t sum = 0;
    bool more = must(forward ? cursor.first() : cursor.last());
    while (more) {
      auto value = cursor.value();
      if (!value) give_up(value.error().message);
      sum += value->size() + value->front();
      auto moved = forward ? cursor.next() : cursor.prev();
      if (!moved) give_up(moved.error().message);
      more = *moved;
    }
    return sum;
  }

 private:
  static engine::Options options(bool durable) {
    engine::Options options;
    options.durability = durable ? engine::Durability::kDurable : engine::Durability::kRelaxed;
    return options;
  }

  engine::Database database_;
  std::optional<engine::WriteTxn> write_;
  std::optional<engine::ReadTxn> read_;
};

}  // namespace kist::bench
