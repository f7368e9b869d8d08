/* The plainest loops over lmdb.h that one can write, in C, without anything of the harness but its
 * data. The engine lmdb must be as fast as they are; see tests/bench/README.md. */
#pragma once

#include <lmdb.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Keys back to back, and where each begins and the last one ends. */
struct lmdb_loop_keys {
  const char* bytes;
  const uint64_t* starts;
  size_t count;
};

/* Values are cut from a pool of bytes, at places `stride` apart, wrapping around at `places`. */
struct lmdb_loop_values {
  const char* pool;
  size_t size;
  size_t stride;
  size_t at;
  size_t places;
};

/* Each returns LMDB's status; reads add what they consume to *digest. */
int lmdb_loop_put(MDB_env* env, MDB_dbi dbi, struct lmdb_loop_keys keys,
                  struct lmdb_loop_values values, size_t batch);
int lmdb_loop_get(MDB_txn* txn, MDB_dbi dbi, struct lmdb_loop_keys keys, size_t batch,
                  uint64_t* digest);
int lmdb_loop_scan(MDB_txn* txn, MDB_dbi dbi, int forward, uint64_t* digest);
int lmdb_loop_ranges(MDB_txn* txn, MDB_dbi dbi, struct lmdb_loop_keys from, size_t count,
                     uint64_t* digest);

#ifdef __cplusplus
}
#endif
