// libmdbx, from a build of it that KIST_LIBMDBX names; without one this file is left out.

#include <fmt/format.h>
#include <mdbx.h>

#include "tests/bench/session_of.h"

namespace kist::bench {
namespace {

void check(int status) {
  if (status != MDBX_SUCCESS) [[unlikely]]
    throw Failure(mdbx_strerror(status));
}

MDBX_val as_val(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};
}

std::string_view as_text(const MDBX_val& value) {
  return {static_cast<const char*>(value.iov_base), value.iov_len};
}

class MdbxStore {
 public:
  explicit MdbxStore(const OpenOptions& options) {
    check(mdbx_env_create(&env_));
    // Grows by itself up to here; the rest is the library's choice, except pages of 4 KiB.
    check(mdbx_env_set_geometry(env_, -1, -1, static_cast<intptr_t>(options.map_bytes), -1, -1,
                                4096));
    const auto sync =
        options.durability == Durability::kDurable ? MDBX_SYNC_DURABLE : MDBX_SAFE_NOSYNC;
    const auto ahead = options.larger_than_memory ? MDBX_NORDAHEAD : MDBX_ENV_DEFAULTS;
    check(mdbx_env_open(env_, (options.directory + "/data.mdbx").c_str(),
                        MDBX_NOSUBDIR | sync | ahead, 0600));
    MDBX_txn* txn = nullptr;
    check(mdbx_txn_begin(env_, nullptr, MDBX_TXN_RDONLY, &txn));
    check(mdbx_dbi_open(txn, nullptr, MDBX_DB_DEFAULTS, &dbi_));
    check(mdbx_txn_abort(txn));
  }
  ~MdbxStore() { mdbx_env_close(env_); }
  MdbxStore(const MdbxStore&) = delete;
  MdbxStore& operator=(const MdbxStore&) = delete;

  class Session {
   public:
    explicit Session(MdbxStore& store) : env_(store.env_), dbi_(store.dbi_) {
      check(mdbx_txn_begin(env_, nullptr, MDBX_TXN_RDONLY, &read_));
      check(mdbx_cursor_open(read_, dbi_, &cursor_));
      check(mdbx_txn_reset(read_));
    }
    ~Session() {
      mdbx_cursor_close(cursor_);
      mdbx_txn_abort(read_);
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void begin_read() { check(mdbx_txn_renew(read_)); }
    void end_read() { check(mdbx_txn_reset(read_)); }
    template <typename Visit>
    void get(std::string_view key, Visit&& visit) {
      get_from(read_, key, visit);
    }
    template <typename Visit>
    void walk(std::string_view from, Visit&& visit) {
      check(mdbx_cursor_renew(read_, cursor_));
      MDBX_val k = as_val(from);
      MDBX_val v;
      int status = mdbx_cursor_get(cursor_, &k, &v, from.empty() ? MDBX_FIRST : MDBX_SET_RANGE);
      while (status == MDBX_SUCCESS && visit(as_text(k), as_text(v))) {
        status = mdbx_cursor_get(cursor_, &k, &v, MDBX_NEXT);
      }
      check_end(status);
    }
    template <typename Visit>
    void walk_back(Visit&& visit) {
      check(mdbx_cursor_renew(read_, cursor_));
      MDBX_val k;
      MDBX_val v;
      int status = mdbx_cursor_get(cursor_, &k, &v, MDBX_LAST);
      while (status == MDBX_SUCCESS && visit(as_text(k), as_text(v))) {
        status = mdbx_cursor_get(cursor_, &k, &v, MDBX_PREV);
      }
      check_end(status);
    }

    void begin_write() { check(mdbx_txn_begin(env_, nullptr, MDBX_TXN_READWRITE, &write_)); }
    void put(std::string_view key, std::string_view value) { put(key, value, MDBX_UPSERT); }
    void erase(std::string_view key) {
      const MDBX_val k = as_val(key);
      check(mdbx_del(write_, dbi_, &k, nullptr));
    }
    template <typename Visit>
    void get_own(std::string_view key, Visit&& visit) {
      get_from(write_, key, visit);
    }
    void commit() { check(mdbx_txn_commit(write_)); }

    void bulk_load(KeySpan sorted, ValuePool::Stream values) {
      begin_write();
      for (std::size_t i = 0; i < sorted.size(); ++i) put(sorted[i], values.next(), MDBX_APPEND);
      commit();
    }
    void erase_range(std::string_view from, std::string_view to) {
      begin_write();
      MDBX_cursor* cursor = nullptr;
      check(mdbx_cursor_open(write_, dbi_, &cursor));
      MDBX_val k = as_val(from);
      MDBX_val v;
      int status = mdbx_cursor_get(cursor, &k, &v, MDBX_SET_RANGE);
      while (status == MDBX_SUCCESS && as_text(k) < to) {
        check(mdbx_cursor_del(cursor, MDBX_CURRENT));
        status = mdbx_cursor_get(cursor, &k, &v, MDBX_NEXT);
      }
      check_end(status);
      mdbx_cursor_close(cursor);
      commit();
    }
    void compact(const std::string& copy) {
      check(mdbx_env_copy(env_, (copy + "/data.mdbx").c_str(), MDBX_CP_COMPACT));
    }

   private:
    template <typename Visit>
    void get_from(MDBX_txn* txn, std::string_view key, Visit&& visit) {
      const MDBX_val k = as_val(key);
      MDBX_val v;
      check(mdbx_get(txn, dbi_, &k, &v));
      visit(as_text(v));
    }
    void put(std::string_view key, std::string_view value, MDBX_put_flags_t flags) {
      const MDBX_val k = as_val(key);
      MDBX_val v = as_val(value);
      check(mdbx_put(write_, dbi_, &k, &v, flags));
    }
    static void check_end(int status) {
      if (status != MDBX_NOTFOUND) check(status);
    }

    MDBX_env* env_;
    MDBX_dbi dbi_;
    MDBX_txn* read_ = nullptr;
    MDBX_cursor* cursor_ = nullptr;
    MDBX_txn* write_ = nullptr;
  };

 private:
  MDBX_env* env_ = nullptr;
  MDBX_dbi dbi_ = 0;
};

std::string version() {
  // It tells of forks, of opened files and of readers and writers that meet otherwise.
  mdbx_setup_debug(MDBX_LOG_ERROR, MDBX_DBG_DONTCHANGE, MDBX_LOGGER_DONTCHANGE);
  return fmt::format("{}.{}.{}.{}", +mdbx_version.major, +mdbx_version.minor, +mdbx_version.patch,
                     +mdbx_version.tweak);
}

const EngineEntry kMdbx({
    .place = 20,
    .name = "libmdbx",
    .version = version(),
    .durable = "MDBX_SYNC_DURABLE: two flushes a commit",
    .relaxed = "MDBX_SAFE_NOSYNC: no flush; a crash of the machine goes back to the last flush",
    .settings = "pages of 4 KiB",
    .open = &open_store<MdbxStore>,
});

}  // namespace
}  // namespace kist::bench
