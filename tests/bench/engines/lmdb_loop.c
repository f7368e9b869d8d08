#include "tests/bench/engines/lmdb_loop.h"

#include "tests/bench/consume.h"

static MDB_val key_at(struct lmdb_loop_keys keys, size_t i) {
  MDB_val key = {keys.starts[i + 1] - keys.starts[i], (void*)(keys.bytes + keys.starts[i])};
  return key;
}

int lmdb_loop_put(MDB_env* env, MDB_dbi dbi, struct lmdb_loop_keys keys,
                  struct lmdb_loop_values values, size_t batch) {
  for (size_t i = 0; i < keys.count;) {
    MDB_txn* txn;
    int status = mdb_txn_begin(env, NULL, 0, &txn);
    if (status != MDB_SUCCESS) return status;
    for (size_t j = 0; j < batch && i < keys.count; ++i, ++j) {
      values.at += values.stride;
      if (values.at >= values.places) values.at -= values.places;
      MDB_val key = key_at(keys, i);
      MDB_val value = {values.size, (void*)(values.pool + values.at)};
      status = mdb_put(txn, dbi, &key, &value, 0);
      if (status != MDB_SUCCESS) {
        mdb_txn_abort(txn);
        return status;
      }
    }
    status = mdb_txn_commit(txn);
    if (status != MDB_SUCCESS) return status;
  }
  return MDB_SUCCESS;
}

int lmdb_loop_get(MDB_txn* txn, MDB_dbi dbi, struct lmdb_loop_keys keys, size_t batch,
                  uint64_t* digest) {
  for (size_t i = 0; i < keys.count;) {
    int status = mdb_txn_renew(txn);
    if (status != MDB_SUCCESS) return status;
    for (size_t j = 0; j < batch && i < keys.count; ++i, ++j) {
      MDB_val key = key_at(keys, i);
      MDB_val value;
      status = mdb_get(txn, dbi, &key, &value);
      if (status != MDB_SUCCESS) return status;
      *digest = bench_consume(*digest, value.mv_data, value.mv_size);
    }
    mdb_txn_reset(txn);
  }
  return MDB_SUCCESS;
}

int lmdb_loop_scan(MDB_txn* txn, MDB_dbi dbi, int forward, uint64_t* digest) {
  int status = mdb_txn_renew(txn);
  if (status != MDB_SUCCESS) return status;
  MDB_cursor* cursor;
  status = mdb_cursor_open(txn, dbi, &cursor);
  if (status != MDB_SUCCESS) return status;
  MDB_val key;
  MDB_val value;
  status = mdb_cursor_get(cursor, &key, &value, forward ? MDB_FIRST : MDB_LAST);
  while (status == MDB_SUCCESS) {
    *digest += key.mv_size;
    *digest = bench_consume(*digest, value.mv_data, value.mv_size);
    status = mdb_cursor_get(cursor, &key, &value, forward ? MDB_NEXT : MDB_PREV);
  }
  mdb_cursor_close(cursor);
  mdb_txn_reset(txn);
  return status == MDB_NOTFOUND ? MDB_SUCCESS : status;
}

int lmdb_loop_ranges(MDB_txn* txn, MDB_dbi dbi, struct lmdb_loop_keys from, size_t count,
                     uint64_t* digest) {
  int status = mdb_txn_renew(txn);
  if (status != MDB_SUCCESS) return status;
  MDB_cursor* cursor;
  status = mdb_cursor_open(txn, dbi, &cursor);
  if (status != MDB_SUCCESS) return status;
  for (size_t i = 0; i < from.count; ++i) {
    MDB_val key = key_at(from, i);
    MDB_val value;
    status = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    for (size_t left = count; status == MDB_SUCCESS;) {
      *digest = bench_consume(*digest, value.mv_data, value.mv_size);
      if (--left == 0) break;
      status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
  }
  mdb_cursor_close(cursor);
  mdb_txn_reset(txn);
  return status == MDB_NOTFOUND ? MDB_SUCCESS : status;
}
