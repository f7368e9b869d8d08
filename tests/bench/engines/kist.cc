// Kist's engine.

#include <array>
#include <optional>
#include <span>

#include <kist/engine/database.h>

#include "tests/bench/session_of.h"

namespace kist::bench {
namespace {

template <typename T>
T must(Result<T> result) {
  if (!result) throw Failure(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

template <bool kVerify>
class KistStore {
 public:
  explicit KistStore(const OpenOptions& options)
      : database_(must(engine::Database::open(options.directory + "/data.kist", of(options)))) {}
  ~KistStore() { static_cast<void>(database_.close()); }
  KistStore(const KistStore&) = delete;
  KistStore& operator=(const KistStore&) = delete;

  class Session {
   public:
    explicit Session(KistStore& store) : database_(store.database_) {}

    // The transaction and its cursor are kept and renewed, as those who want speed do.
    void begin_read() {
      if (read_) {
        must(read_->renew());
      } else {
        read_.emplace(must(database_.read()));
        cursor_.emplace(must(read_->cursor({})));
      }
    }
    void end_read() { read_->reset(); }
    template <typename Visit>
    void get(std::string_view key, Visit&& visit) {
      get_from(*read_, key, visit);
    }
    template <typename Visit>
    void get_many(KeySpan keys, Visit&& visit) {
      for (std::size_t i = 0; i < keys.size();) {
        std::size_t count = 0;
        while (count < kMany && i < keys.size()) keys_[count++] = engine::as_bytes(keys[i++]);
        must(read_->get_many({}, std::span(keys_).first(count), std::span(values_).first(count)));
        for (std::size_t j = 0; j < count; ++j) {
          if (!values_[j]) [[unlikely]]
            throw Failure("a key is missing");
          visit(engine::as_text(*values_[j]));
        }
      }
    }
    std::uint64_t count_range(std::string_view from, std::string_view to) {
      return must(read_->count_range({}, engine::as_bytes(from), engine::as_bytes(to)));
    }
    template <typename Visit>
    void walk(std::string_view from, Visit&& visit) {
      engine::Cursor& cursor = *cursor_;
      if (!must(cursor.seek(engine::as_bytes(from)))) return;
      do {
        if (!visit(engine::as_text(cursor.key()), value_of(cursor))) return;
      } while (moved(cursor.next()));
    }
    template <typename Visit>
    void walk_back(Visit&& visit) {
      engine::Cursor& cursor = *cursor_;
      if (!must(cursor.last())) return;
      do {
        if (!visit(engine::as_text(cursor.key()), value_of(cursor))) return;
      } while (moved(cursor.prev()));
    }

    void begin_write() { write_.emplace(must(database_.write())); }
    void put(std::string_view key, std::string_view value) {
      const auto stored = write_->put({}, engine::as_bytes(key), engine::as_bytes(value));
      if (!stored) [[unlikely]]
        throw Failure(stored.error().message);
    }
    void erase(std::string_view key) {
      if (!must(write_->erase({}, engine::as_bytes(key)))) throw Failure("a key is missing");
    }
    template <typename Visit>
    void get_own(std::string_view key, Visit&& visit) {
      get_from(*write_, key, visit);
    }
    void commit() {
      must(write_->commit());
      write_.reset();
    }

    void bulk_load(KeySpan sorted, ValuePool::Stream values) {
      begin_write();
      for (std::size_t i = 0; i < sorted.size(); ++i) {
        must(write_->put({}, engine::as_bytes(sorted[i]), engine::as_bytes(values.next()),
                         engine::PutMode::kAppend));
      }
      commit();
    }
    void compact(const std::string& /*copy*/) {
      while (!must(database_.compact()).done) {
      }
    }
    void erase_range(std::string_view from, std::string_view to) {
      begin_write();
      must(write_->erase_range({}, engine::as_bytes(from), engine::as_bytes(to)));
      commit();
    }

   private:
    template <typename Visit>
    static void get_from(const engine::Txn& txn, std::string_view key, Visit&& visit) {
      const auto value = txn.get({}, engine::as_bytes(key));
      if (!value) [[unlikely]]
        throw Failure(value.error().message);
      if (!*value) [[unlikely]]
        throw Failure("a key is missing");
      visit(engine::as_text(**value));
    }
    static std::string_view value_of(const engine::Cursor& cursor) {
      const auto value = cursor.value();
      if (!value) [[unlikely]]
        throw Failure(value.error().message);
      return engine::as_text(*value);
    }
    static bool moved(const Result<bool>& result) {
      if (!result) [[unlikely]]
        throw Failure(result.error().message);
      return *result;
    }

    static constexpr std::size_t kMany = 64;
    engine::Database database_;
    std::optional<engine::ReadTxn> read_;
    std::optional<engine::Cursor> cursor_;
    std::optional<engine::WriteTxn> write_;
    std::array<engine::Bytes, kMany> keys_;
    std::array<std::optional<engine::Bytes>, kMany> values_;
  };

 private:
  static engine::Options of(const OpenOptions& options) {
    engine::Options result;
    result.durability = options.durability == Durability::kDurable ? engine::Durability::kDurable
                                                                   : engine::Durability::kRelaxed;
    result.verify = kVerify;
    return result;
  }

  engine::Database database_;
};

const EngineEntry kKist({
    .place = 0,
    .name = "kist",
    .version = "of this tree",
    .durable = "one flush a commit",
    .relaxed = "no flush until sync or close; a crash of the machine goes back to the last flush",
    .open = &open_store<KistStore<true>>,
});

const EngineEntry kKistUnverified({
    .place = 1,
    .name = "kist-unverified",
    .version = "of this tree",
    .durable = "as kist",
    .relaxed = "as kist",
    .settings = "Options::verify off: what verification at first touch costs",
    .by_default = false,
    .open = &open_store<KistStore<false>>,
});

}  // namespace
}  // namespace kist::bench
