// LMDB, with and without its writable map.

#include <lmdb.h>

#include "tests/bench/session_of.h"

namespace kist::bench {
namespace {

void check(int status) {
  if (status != MDB_SUCCESS) [[unlikely]]
    throw Failure(mdb_strerror(status));
}

MDB_val as_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view as_text(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

template <bool kWriteMap>
class LmdbStore {
 public:
  explicit LmdbStore(const OpenOptions& options) {
    check(mdb_env_create(&env_));
    // Address space that is set aside; LMDB cannot grow beyond it, and touches none of it before.
    check(mdb_env_set_mapsize(env_, options.map_bytes));
    const unsigned flags =
        MDB_NOSUBDIR | (options.durability == Durability::kDurable ? 0U : unsigned{MDB_NOSYNC}) |
        (kWriteMap ? unsigned{MDB_WRITEMAP} : 0U) |
        (options.larger_than_memory ? unsigned{MDB_NORDAHEAD} : 0U);
    check(mdb_env_open(env_, (options.directory + "/data.mdb").c_str(), flags, 0600));
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn));
    check(mdb_dbi_open(txn, nullptr, 0, &dbi_));
    check(mdb_txn_commit(txn));
  }
  ~LmdbStore() { mdb_env_close(env_); }
  LmdbStore(const LmdbStore&) = delete;
  LmdbStore& operator=(const LmdbStore&) = delete;

  class Session {
   public:
    explicit Session(LmdbStore& store) : env_(store.env_), dbi_(store.dbi_) {
      // Read transactions and their cursor are renewed, as those who want speed do.
      check(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &read_));
      check(mdb_cursor_open(read_, dbi_, &cursor_));
      mdb_txn_reset(read_);
    }
    ~Session() {
      mdb_cursor_close(cursor_);
      mdb_txn_abort(read_);
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void begin_read() { check(mdb_txn_renew(read_)); }
    void end_read() { mdb_txn_reset(read_); }
    template <typename Visit>
    void get(std::string_view key, Visit&& visit) {
      get_from(read_, key, visit);
    }
    template <typename Visit>
    void walk(std::string_view from, Visit&& visit) {
      check(mdb_cursor_renew(read_, cursor_));
      MDB_val k = as_val(from);
      MDB_val v;
      int status = mdb_cursor_get(cursor_, &k, &v, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
      while (status == MDB_SUCCESS && visit(as_text(k), as_text(v))) {
        status = mdb_cursor_get(cursor_, &k, &v, MDB_NEXT);
      }
      check_end(status);
    }
    template <typename Visit>
    void walk_back(Visit&& visit) {
      check(mdb_cursor_renew(read_, cursor_));
      MDB_val k;
      MDB_val v;
      int status = mdb_cursor_get(cursor_, &k, &v, MDB_LAST);
      while (status == MDB_SUCCESS && visit(as_text(k), as_text(v))) {
        status = mdb_cursor_get(cursor_, &k, &v, MDB_PREV);
      }
      check_end(status);
    }

    void begin_write() { check(mdb_txn_begin(env_, nullptr, 0, &write_)); }
    void put(std::string_view key, std::string_view value) { put(key, value, 0); }
    void erase(std::string_view key) {
      MDB_val k = as_val(key);
      check(mdb_del(write_, dbi_, &k, nullptr));
    }
    template <typename Visit>
    void get_own(std::string_view key, Visit&& visit) {
      get_from(write_, key, visit);
    }
    void commit() { check(mdb_txn_commit(write_)); }

    void bulk_load(KeySpan sorted, ValuePool::Stream values) {
      begin_write();
      for (std::size_t i = 0; i < sorted.size(); ++i) put(sorted[i], values.next(), MDB_APPEND);
      commit();
    }
    void erase_range(std::string_view from, std::string_view to) {
      begin_write();
      MDB_cursor* cursor = nullptr;
      check(mdb_cursor_open(write_, dbi_, &cursor));
      MDB_val k = as_val(from);
      MDB_val v;
      int status = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
      while (status == MDB_SUCCESS && as_text(k) < to) {
        check(mdb_cursor_del(cursor, 0));
        status = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);  // to the one after the removed one
      }
      check_end(status);
      mdb_cursor_close(cursor);
      commit();
    }
    void compact(const std::string& copy) {
      check(mdb_env_copy2(env_, (copy + "/data.mdb").c_str(), MDB_CP_COMPACT));
    }

   private:
    template <typename Visit>
    void get_from(MDB_txn* txn, std::string_view key, Visit&& visit) {
      MDB_val k = as_val(key);
      MDB_val v;
      check(mdb_get(txn, dbi_, &k, &v));
      visit(as_text(v));
    }
    void put(std::string_view key, std::string_view value, unsigned flags) {
      MDB_val k = as_val(key);
      MDB_val v = as_val(value);
      check(mdb_put(write_, dbi_, &k, &v, flags));
    }
    static void check_end(int status) {
      if (status != MDB_NOTFOUND) check(status);
    }

    MDB_env* env_;
    MDB_dbi dbi_;
    MDB_txn* read_ = nullptr;
    MDB_cursor* cursor_ = nullptr;
    MDB_txn* write_ = nullptr;
  };

 private:
  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
};

const EngineEntry kLmdb({
    .place = 10,
    .name = "lmdb",
    .version = mdb_version(nullptr, nullptr, nullptr),
    .durable = "two flushes a commit",
    .relaxed = "MDB_NOSYNC: no flush; a crash of the machine may damage the file",
    .open = &open_store<LmdbStore<false>>,
});

const EngineEntry kLmdbWriteMap({
    .place = 11,
    .name = "lmdb-writemap",
    .version = mdb_version(nullptr, nullptr, nullptr),
    .durable = "MDB_WRITEMAP: msync of the map, then of the meta page",
    .relaxed = "MDB_WRITEMAP and MDB_NOSYNC: no call at all; a crash of the machine may damage the "
               "file, a stray pointer, too",
    .writes_counted = false,
    .open = &open_store<LmdbStore<true>>,
});

}  // namespace
}  // namespace kist::bench
