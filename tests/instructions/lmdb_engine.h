#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <lmdb.h>

#include "tests/instructions/kist_engine.h"

namespace kist::bench {

/// LMDB, with or without its writable map.
template <bool kWriteMap>
class LmdbEngineOf {
 public:
  static constexpr std::string_view kName = kWriteMap ? "lmdb-writemap" : "lmdb";

  LmdbEngineOf(const std::string& directory, bool durable) {
    check(mdb_env_create(&env_));
    check(mdb_env_set_mapsize(env_, std::size_t{8} << 30));
    const unsigned flags = MDB_NOSUBDIR | (durable ? 0U : unsigned{MDB_NOSYNC}) |
                           (kWriteMap ? unsigned{MDB_WRITEMAP} : 0U);
    check(mdb_env_open(env_, (directory + "/bench.mdb").c_str(), flags, 0600));
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env_, nullptr, 0, &txn));
    check(mdb_dbi_open(txn, nullptr, 0, &dbi_));
    check(mdb_txn_commit(txn));
  }
  ~LmdbEngineOf() { mdb_env_close(env_); }
  LmdbEngineOf(const LmdbEngineOf&) = delete;
  LmdbEngineOf& operator=(const LmdbEngineOf&) = delete;

  void begin_write() { check(mdb_txn_begin(env_, nullptr, 0, &write_)); }
  void put(std::string_view key, std::string_view value) {
    MDB_val k = as_val(key);
    MDB_val v = as_val(value);
    check(mdb_put(write_, dbi_, &k, &v, 0));
  }
  void commit() { check(mdb_txn_commit(write_)); }

  void begin_read() { check(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &read_)); }
  void end_read() { mdb_txn_abort(read_); }
  void pause_read() { mdb_txn_reset(read_); }
  void renew_read() { check(mdb_txn_renew(read_)); }
  std::uint64_t get(std::string_view key) {
    MDB_val k = as_val(key);
    MDB_val v;
    if (mdb_get(read_, dbi_, &k, &v) != MDB_SUCCESS) give_up("a key is missing");
    return consume(v);
  }
  std::uint64_t scan(bool forward) {
    MDB_cursor* cursor = nullptr;
    check(mdb_cursor_open(read_, dbi_, &cursor));
    MDB_val k;
    MDB_val v;
    std::uint64_t sum = 0;
    int status = mdb_cursor_get(cursor, &k, &v, forward ? MDB_FIRST : MDB_LAST);
    while (status == MDB_SUCCESS) {
      sum += consume(v);
      status = mdb_cursor_get(cursor, &k, &v, forward ? MDB_NEXT : MDB_PREV);
    }
    mdb_cursor_close(cursor);
    return sum;
  }

 private:
  static void check(int status) {
    if (status != MDB_SUCCESS) give_up(mdb_strerror(status));
  }
  static MDB_val as_val(std::string_view bytes) {
    return {bytes.size(), const_cast<char*>(bytes.data())};
  }
  static std::uint64_t consume(const MDB_val& v) {
    return v.mv_size + *static_cast<const std::uint8_t*>(v.mv_data);
  }

  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
  MDB_txn* write_ = nullptr;
  MDB_txn* read_ = nullptr;
};

using LmdbEngine = LmdbEngineOf<false>;
using LmdbWritemapEngine = LmdbEngineOf<true>;

}  // namespace kist::bench
