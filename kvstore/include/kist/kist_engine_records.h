/* Records of Kist's engine: reading, counting and writing them by key, and values as streams. A
 * part of kist_engine.h, whose head says what holds for all functions, and how long bytes live. */
#pragma once

#include "kist_engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Reading --------------------------------------------------------------------------- */

/* Gives the value of a key, in a multimap the first; borrowed, data == NULL when there is none.
 * `found` (may be NULL) says so, too. */
KIST_API kist_code kist_txn_get(kist_txn txn, kist_table table, const void* key, size_t key_size,
                                kist_bytes* value, bool* found, kist_error* error) KIST_NOEXCEPT;

/* The same as a copy, for kist_buffer_free. */
KIST_API kist_code kist_txn_get_copy(kist_txn txn, kist_table table, const void* key,
                                     size_t key_size, kist_buffer* value, bool* found,
                                     kist_error* error) KIST_NOEXCEPT;

/* Looks up `count` keys, in any order, faster than one by one: values[i] becomes the value of
 * keys[i], data == NULL when it has none. */
KIST_API kist_code kist_txn_get_many(kist_txn txn, kist_table table, const kist_bytes* keys,
                                     size_t count, kist_bytes* values,
                                     kist_error* error) KIST_NOEXCEPT;

/* Sets `found` to whether the key has a value. */
KIST_API kist_code kist_txn_has(kist_txn txn, kist_table table, const void* key, size_t key_size,
                                bool* found, kist_error* error) KIST_NOEXCEPT;

/* Sets `found` to whether a multimap has this very pair; in other tables, whether the value of the
 * key is `value`. */
KIST_API kist_code kist_txn_has_pair(kist_txn txn, kist_table table, const void* key,
                                     size_t key_size, const void* value, size_t value_size,
                                     bool* found, kist_error* error) KIST_NOEXCEPT;

/* Sets `count` to the number of values of the key, in O(log n). */
KIST_API kist_code kist_txn_count_values(kist_txn txn, kist_table table, const void* key,
                                         size_t key_size, uint64_t* count,
                                         kist_error* error) KIST_NOEXCEPT;

/* ---- Order statistics ------------------------------------------------------------------ */

/* Exact, in O(log n), and right also of uncommitted changes. Ranges are half open: keys >= *from
 * and < *to, where NULL means no bound. */

/* What is counted in a multimap; elsewhere both are the same. */
enum {
  KIST_COUNT_PAIRS = 0,
  KIST_COUNT_KEYS = 1,
};

/* Sets `count` to the number of records. */
KIST_API kist_code kist_txn_count(kist_txn txn, kist_table table, uint32_t what, uint64_t* count,
                                  kist_error* error) KIST_NOEXCEPT;

/* Sets `rank` to the number of records whose keys are less than `key`. */
KIST_API kist_code kist_txn_rank(kist_txn txn, kist_table table, const void* key, size_t key_size,
                                 uint32_t what, uint64_t* rank, kist_error* error) KIST_NOEXCEPT;

/* Sets `count` to the number of records in the range. */
KIST_API kist_code kist_txn_count_range(kist_txn txn, kist_table table, const kist_bytes* from,
                                        const kist_bytes* to, uint32_t what, uint64_t* count,
                                        kist_error* error) KIST_NOEXCEPT;

/* Sets `count` to the number of records whose keys begin with `prefix`. Errors: MISUSE (the table
 * is not in byte order). */
KIST_API kist_code kist_txn_count_prefix(kist_txn txn, kist_table table, const void* prefix,
                                         size_t prefix_size, uint32_t what, uint64_t* count,
                                         kist_error* error) KIST_NOEXCEPT;

/* Gives record number `n` from 0 in order, borrowed, nothing behind the last; with KIST_COUNT_KEYS
 * key number `n` with its first value. `found` may be NULL. */
KIST_API kist_code kist_txn_nth(kist_txn txn, kist_table table, uint64_t n, uint32_t what,
                                kist_pair* record, bool* found, kist_error* error) KIST_NOEXCEPT;

/* Lists keys that cut the range into at most `parts` ranges of as equal numbers of records as whole
 * keys allow: the first key of each part but the first. Free with kist_names_free. */
KIST_API kist_code kist_txn_split(kist_txn txn, kist_table table, size_t parts,
                                  const kist_bytes* from, const kist_bytes* to, kist_names* keys,
                                  kist_error* error) KIST_NOEXCEPT;

/* Draws `count` records at random, each record of the table with equal chance each time (so one may
 * come twice), into `records`, borrowed; the same for the same seed and content. `drawn` becomes
 * `count`, or 0 when the table is empty. */
KIST_API kist_code kist_txn_sample(kist_txn txn, kist_table table, size_t count, uint64_t seed,
                                   kist_pair* records, size_t* drawn,
                                   kist_error* error) KIST_NOEXCEPT;

/* ---- Writing --------------------------------------------------------------------------- */

/* Errors of all: READ_ONLY, KEY_TOO_LONG, VALUE_TOO_LONG, INVALID_ARGUMENT (a key or value of
 * another size than the table's), NO_SPACE. After one that leaves the transaction half changed,
 * only abort and rollback to a savepoint are possible; every other call repeats it. */

/* Whether kist_txn_put writes. */
enum {
  KIST_PUT_UPSERT = 0,     /* Always. In a multimap: adds the pair, unless it is there already. */
  KIST_PUT_IF_ABSENT = 1,  /* Only when the key has no value yet. */
  KIST_PUT_IF_PRESENT = 2, /* Only when it has one. AMBIGUOUS when it has several. */
  KIST_PUT_APPEND = 3,     /* Always; the key must be greater than every key of the table (in a
                              multimap the pair than every pair), else OUT_OF_ORDER. For loads of
                              sorted records: pages are filled completely. */
};

/* Stores a value under a key. `stored` (may be NULL): false when `mode` held it back, or the pair
 * of a multimap was there. Storing what is there already copies no page. Errors: OUT_OF_ORDER,
 * AMBIGUOUS. */
KIST_API kist_code kist_txn_put(kist_txn txn, kist_table table, const void* key, size_t key_size,
                                const void* value, size_t value_size, uint32_t mode, bool* stored,
                                kist_error* error) KIST_NOEXCEPT;

/* Stores `count` records; fastest when they are sorted. `stored` (may be NULL): how many of them
 * kist_txn_put would have stored. Errors: OUT_OF_ORDER, AMBIGUOUS. */
KIST_API kist_code kist_txn_put_many(kist_txn txn, kist_table table, const kist_pair* records,
                                     size_t count, uint32_t mode, uint64_t* stored,
                                     kist_error* error) KIST_NOEXCEPT;

/* Makes room for a value of `size` zero bytes under a key. They may be written to, at `data`, until
 * the next call with this transaction or anything of it. Errors: MISUSE (multimap). */
KIST_API kist_code kist_txn_reserve(kist_txn txn, kist_table table, const void* key,
                                    size_t key_size, size_t size, uint8_t** data,
                                    kist_error* error) KIST_NOEXCEPT;

/* Removes a key, in a multimap with all its values. `existed` may be NULL. */
KIST_API kist_code kist_txn_erase(kist_txn txn, kist_table table, const void* key, size_t key_size,
                                  bool* existed, kist_error* error) KIST_NOEXCEPT;

/* Removes one pair of a multimap; in other tables the key, if its value equals `value`. `existed`
 * may be NULL. */
KIST_API kist_code kist_txn_erase_pair(kist_txn txn, kist_table table, const void* key,
                                       size_t key_size, const void* value, size_t value_size,
                                       bool* existed, kist_error* error) KIST_NOEXCEPT;

/* Stores *value (NULL: removes the key) only when the present value equals *expected (NULL: only
 * when there is none). `done` says whether it was so. Errors: AMBIGUOUS (the key of a multimap has
 * several values). */
KIST_API kist_code kist_txn_compare_and_set(kist_txn txn, kist_table table, const void* key,
                                            size_t key_size, const kist_bytes* expected,
                                            const kist_bytes* value, bool* done,
                                            kist_error* error) KIST_NOEXCEPT;

/* Stores a value, and gives a copy of the one it replaced, if any, for kist_buffer_free. Errors:
 * AMBIGUOUS likewise. */
KIST_API kist_code kist_txn_replace(kist_txn txn, kist_table table, const void* key,
                                    size_t key_size, const void* value, size_t value_size,
                                    kist_buffer* old_value, kist_error* error) KIST_NOEXCEPT;

/* Removes a key, and gives a copy of the value it had, if any, for kist_buffer_free. Errors:
 * AMBIGUOUS likewise. */
KIST_API kist_code kist_txn_take(kist_txn txn, kist_table table, const void* key, size_t key_size,
                                 kist_buffer* old_value, kist_error* error) KIST_NOEXCEPT;

/* Removes the records of a range (see order statistics), visiting only the pages at its borders and
 * the branches between. `removed` (may be NULL) says how many there were. */
KIST_API kist_code kist_txn_erase_range(kist_txn txn, kist_table table, const kist_bytes* from,
                                        const kist_bytes* to, uint64_t* removed,
                                        kist_error* error) KIST_NOEXCEPT;

/* Removes the records whose keys begin with `prefix`. Errors: MISUSE (not in byte order). */
KIST_API kist_code kist_txn_erase_prefix(kist_txn txn, kist_table table, const void* prefix,
                                         size_t prefix_size, uint64_t* removed,
                                         kist_error* error) KIST_NOEXCEPT;

/* ---- Values as streams ----------------------------------------------------------------- */

/* Opens the value of a key to be read piece by piece, for values larger than memory should hold.
 * `found` (may be NULL) says whether there is one; without, the handle is 0. Close it with
 * kist_value_reader_close. */
KIST_API kist_code kist_value_reader_open(kist_txn txn, kist_table table, const void* key,
                                          size_t key_size, kist_value_reader* reader, bool* found,
                                          kist_error* error) KIST_NOEXCEPT;

/* Sets `size` to the bytes of the value. */
KIST_API kist_code kist_value_reader_size(kist_value_reader reader, uint64_t* size,
                                          kist_error* error) KIST_NOEXCEPT;

/* Copies bytes from `offset` on to `out`, as many as there are, at most `size`; verified. `read`
 * says how many; 0 from the end on. Errors: CURSOR_INVALID (the transaction was written to, and the
 * bytes of the value did not outlive that). */
KIST_API kist_code kist_value_reader_read(kist_value_reader reader, uint64_t offset, void* out,
                                          size_t size, size_t* read,
                                          kist_error* error) KIST_NOEXCEPT;

/* Gives the handle back. */
KIST_API kist_code kist_value_reader_close(kist_value_reader reader,
                                           kist_error* error) KIST_NOEXCEPT;

/* Begins a value of exactly `size` bytes, to be written piece by piece, straight to its place in
 * the file; it becomes the value of the key with kist_value_writer_finish. Other writes of the
 * transaction may come between. Close it with kist_value_writer_close. Errors: those of writing;
 * MISUSE (multimap). */
KIST_API kist_code kist_value_writer_open(kist_txn txn, kist_table table, const void* key,
                                          size_t key_size, uint64_t size, kist_value_writer* writer,
                                          kist_error* error) KIST_NOEXCEPT;

/* Appends bytes. Errors: VALUE_TOO_LONG (more than was promised), NO_SPACE. */
KIST_API kist_code kist_value_writer_write(kist_value_writer writer, const void* data, size_t size,
                                           kist_error* error) KIST_NOEXCEPT;

/* Makes what was written the value. Errors: MISUSE (not as long as promised; a second time). */
KIST_API kist_code kist_value_writer_finish(kist_value_writer writer,
                                            kist_error* error) KIST_NOEXCEPT;

/* Gives the handle back; without kist_value_writer_finish, also the room that the value took. */
KIST_API kist_code kist_value_writer_close(kist_value_writer writer,
                                           kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
