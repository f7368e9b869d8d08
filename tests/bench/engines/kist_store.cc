// Kist's typed store, each value a blob: what the types cost over the engine, and the queue.

#include <deque>
#include <optional>

#include <kist/manager.h>
#include <kist/queue.h>

#include "tests/bench/session_of.h"

namespace kist::bench {
namespace {

template <typename T>
T must(Result<T> result) {
  if (!result) throw Failure(result.error().message);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

class KistTypedStore {
 public:
  explicit KistTypedStore(const OpenOptions& options)
      : profile_(must(Manager::instance().open(options.directory, of(options)))),
        store_(must(profile_.open_store("s"))) {}
  ~KistTypedStore() { static_cast<void>(profile_.close()); }
  KistTypedStore(const KistTypedStore&) = delete;
  KistTypedStore& operator=(const KistTypedStore&) = delete;

  class Session {
   public:
    explicit Session(KistTypedStore& store) : profile_(store.profile_), store_(store.store_) {}

    void begin_read() { read_.emplace(must(profile_.read())); }
    void end_read() { read_.reset(); }
    template <typename Visit>
    void get(std::string_view key, Visit&& visit) {
      get_from(*read_, key, visit);
    }
    std::uint64_t count_range(std::string_view from, std::string_view to) {
      return must(read_->count(store_, {.from = from, .to = to}));
    }
    template <typename Visit>
    void walk(std::string_view from, Visit&& visit) {
      walk_range({.from = from}, visit);
    }
    template <typename Visit>
    void walk_back(Visit&& visit) {
      walk_range({.reverse = true}, visit);
    }

    void begin_write() { write_.emplace(must(profile_.write())); }
    void put(std::string_view key, std::string_view value) {
      must(write_->put(store_, key, ValueView::blob(engine::as_bytes(value))));
    }
    void erase(std::string_view key) {
      if (!must(write_->erase(store_, key))) throw Failure("a key is missing");
    }
    template <typename Visit>
    void get_own(std::string_view key, Visit&& visit) {
      get_from(*write_, key, visit);
    }
    void commit() {
      must(write_->commit());
      write_.reset();
    }
    void erase_range(std::string_view from, std::string_view to) {
      must(store_.erase_range({.from = from, .to = to}));
    }
    /// Callers that each wait for their own write to be durable before the next, all in one thread.
    void put_queued(KeySpan keys, ValuePool::Stream values, std::size_t callers) {
      const Queue queue = profile_.queue();
      std::deque<Future<>> waiting;
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (waiting.size() == callers) {
          must(waiting.front().get());
          waiting.pop_front();
        }
        waiting.push_back(
            queue.put(store_, keys[i], ValueView::blob(engine::as_bytes(values.next()))).durable);
      }
      for (const Future<>& future : waiting) must(future.get());
    }

   private:
    template <typename Transaction, typename Visit>
    void get_from(const Transaction& transaction, std::string_view key, Visit&& visit) {
      const auto value = transaction.template get<BlobView>(store_, key);
      if (!value) [[unlikely]]
        throw Failure(value.error().message);
      if (!*value) [[unlikely]]
        throw Failure("a key is missing");
      visit(engine::as_text((**value).bytes));
    }
    template <typename Visit>
    void walk_range(const Range& range, Visit&& visit) {
      Iterator iterator = must(read_->iterate(store_, range));
      while (must(iterator.next())) {
        const auto value = must(must(iterator.value()).as<BlobView>());
        if (!visit(iterator.key(), engine::as_text(value.bytes))) return;
      }
    }

    Profile profile_;
    kist::Store store_;
    std::optional<Reader> read_;
    std::optional<Writer> write_;
  };

 private:
  static ProfileOptions of(const OpenOptions& options) {
    ProfileOptions result;
    result.durability = options.durability == Durability::kDurable ? engine::Durability::kDurable
                                                                   : engine::Durability::kRelaxed;
    return result;
  }

  Profile profile_;
  kist::Store store_;
};

const EngineEntry kKistStore({
    .place = 2,
    .name = "kist-store",
    .version = "of this tree",
    .durable = "as kist",
    .relaxed = "as kist",
    .settings = "the typed store, values as blobs",
    .by_default = false,
    .open = &open_store<KistTypedStore>,
});

}  // namespace
}  // namespace kist::bench
