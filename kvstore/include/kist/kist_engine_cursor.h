/* Cursors of Kist's engine, and the difference of two snapshots. A part of kist_engine.h, whose
 * head says what holds for all functions, and how long bytes live.
 *
 * A position is a record, or the place before the first or behind the last. In a write transaction
 * it stays what it is whatever is written, by whomever: when its record is removed, the cursor
 * stands on no record, and the next and previous ones are its neighbours. */
#pragma once

#include "kist_engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Opening and closing --------------------------------------------------------------- */

/* Opens a cursor over a table, standing before its first record. Close it with kist_cursor_close,
 * before or after the end of the transaction. */
KIST_API kist_code kist_cursor_open(kist_txn txn, kist_table table, kist_cursor* cursor,
                                    kist_error* error) KIST_NOEXCEPT;

/* Opens another cursor at the same position. */
KIST_API kist_code kist_cursor_copy(kist_cursor cursor, kist_cursor* copy,
                                    kist_error* error) KIST_NOEXCEPT;

/* Takes the cursor to another transaction of the same database, standing before the first record of
 * the same table; also when the old transaction has ended. Errors: MISUSE (another database). */
KIST_API kist_code kist_cursor_rebind(kist_cursor cursor, kist_txn txn,
                                      kist_error* error) KIST_NOEXCEPT;

/* Gives the cursor back. */
KIST_API kist_code kist_cursor_close(kist_cursor cursor, kist_error* error) KIST_NOEXCEPT;

/* ---- Moving ---------------------------------------------------------------------------- */

/* Every move gives the record that the cursor then stands on, borrowed: `key`, `value` and `found`
 * may each be NULL; a large value is read, and verified, only where `value` is not. When there is
 * no such record, `found` is false and nothing is given, and, where nothing else is said, the
 * cursor stands where the record would have come: behind the last after a move forward, before the
 * first after one backward. There KIST_CURSOR_NEXT or KIST_CURSOR_PREV stays, and the other comes
 * back. */

/* Moves. A group is the values of one key of a multimap, in order. */
enum {
  KIST_CURSOR_FIRST = 1,
  KIST_CURSOR_LAST = 2,
  KIST_CURSOR_NEXT = 3,
  KIST_CURSOR_PREV = 4,
  KIST_CURSOR_NEXT_KEY = 5, /* The first value of the next key. */
  KIST_CURSOR_PREV_KEY = 6, /* The last value of the key before. */
  /* Within the group; when there is no such value, the cursor stays where it is. CURSOR_INVALID on
     no record. */
  KIST_CURSOR_FIRST_VALUE = 7,
  KIST_CURSOR_LAST_VALUE = 8,
  KIST_CURSOR_NEXT_VALUE = 9,
  KIST_CURSOR_PREV_VALUE = 10,
};

/* Moves as `move` (KIST_CURSOR_...) says. */
KIST_API kist_code kist_cursor_move(kist_cursor cursor, uint32_t move, kist_bytes* key,
                                    kist_bytes* value, bool* found,
                                    kist_error* error) KIST_NOEXCEPT;

/* Which record is sought, in comparison with what is given. */
enum {
  KIST_SEEK_EQ = 1, /* The same, in a multimap its first value; when there is none: the place where
                       it would be. */
  KIST_SEEK_GE = 2, /* The first that is not less. */
  KIST_SEEK_GT = 3, /* The first that is greater. */
  KIST_SEEK_LE = 4, /* The last that is not greater. */
  KIST_SEEK_LT = 5, /* The last that is less. */
};

/* Moves to the record whose key stands to `key` as `how` (KIST_SEEK_...) says. */
KIST_API kist_code kist_cursor_seek(kist_cursor cursor, uint32_t how, const void* key,
                                    size_t key_size, kist_bytes* found_key, kist_bytes* found_value,
                                    bool* found, kist_error* error) KIST_NOEXCEPT;

/* Moves to the record that stands so to (key, value), compared by key, then by value. */
KIST_API kist_code kist_cursor_seek_pair(kist_cursor cursor, uint32_t how, const void* key,
                                         size_t key_size, const void* value, size_t value_size,
                                         kist_bytes* found_key, kist_bytes* found_value,
                                         bool* found, kist_error* error) KIST_NOEXCEPT;

/* Moves within the group to the first value that is not less than `value`; when there is none, the
 * cursor stays where it is. Errors: CURSOR_INVALID (on no record). */
KIST_API kist_code kist_cursor_seek_value(kist_cursor cursor, const void* value, size_t value_size,
                                          kist_bytes* found_value, bool* found,
                                          kist_error* error) KIST_NOEXCEPT;

/* Moves to record number `n` from 0, counting pairs, in O(log n); behind the last when there are
 * fewer. */
KIST_API kist_code kist_cursor_seek_nth(kist_cursor cursor, uint64_t n, kist_bytes* key,
                                        kist_bytes* value, bool* found,
                                        kist_error* error) KIST_NOEXCEPT;

/* Moves by `n` records forward, or -n backward, in O(log n). */
KIST_API kist_code kist_cursor_scroll(kist_cursor cursor, int64_t n, kist_bytes* key,
                                      kist_bytes* value, bool* found,
                                      kist_error* error) KIST_NOEXCEPT;

/* ---- Reading --------------------------------------------------------------------------- */

/* Gives the record that the cursor stands on, without a move. */
KIST_API kist_code kist_cursor_get(kist_cursor cursor, kist_bytes* key, kist_bytes* value,
                                   bool* found, kist_error* error) KIST_NOEXCEPT;

/* Gives the next records, at most `count`, and stands on the last of them. `read` says how many; 0
 * at the end. */
KIST_API kist_code kist_cursor_read(kist_cursor cursor, kist_pair* records, size_t count,
                                    size_t* read, kist_error* error) KIST_NOEXCEPT;

/* Some records, owned by the caller. */
typedef struct kist_pairs {
  const kist_pair* items; /* `count` of them, in the order of the table. */
  size_t count;
  void* memory; /* For kist_pairs_free. */
} kist_pairs;

/* The same as copies: at most `max_count` (at least 1), and no further ones once their keys and
 * values exceed `max_bytes`. Free with kist_pairs_free. Errors: records before a failing one are
 * given first, by a call that succeeds. */
KIST_API kist_code kist_cursor_read_copies(kist_cursor cursor, size_t max_count, size_t max_bytes,
                                           kist_pairs* records, kist_error* error) KIST_NOEXCEPT;

/* Frees the records and sets the list to an empty one. NULL is allowed; so is freeing twice. */
KIST_API void kist_pairs_free(kist_pairs* records) KIST_NOEXCEPT;

/* Gives the value that the cursor stands on and those after it in its group, at most `count`, and
 * stands on the last of them. `read` says how many. Errors: CURSOR_INVALID (on no record). */
KIST_API kist_code kist_cursor_read_values(kist_cursor cursor, kist_bytes* values, size_t count,
                                           size_t* read, kist_error* error) KIST_NOEXCEPT;

/* Of a multimap with values of one size: gives the value that the cursor stands on, and as many
 * after it as lie behind each other in memory, as one run of bytes; stands on the last of them.
 * Errors: CURSOR_INVALID (on no record), MISUSE (another kind of table). */
KIST_API kist_code kist_cursor_read_value_block(kist_cursor cursor, kist_bytes* values,
                                                kist_error* error) KIST_NOEXCEPT;

/* Calls `visit` with `context` and each record after the position, until it returns false or the
 * table ends. It may call Kist; when it ends the transaction or closes the cursor, the walk ends
 * with the error that its next move meets. `visited` (may be NULL) says how often it was called. */
KIST_API kist_code kist_cursor_scan(kist_cursor cursor,
                                    bool (*visit)(void* context, const kist_pair* record),
                                    void* context, uint64_t* visited,
                                    kist_error* error) KIST_NOEXCEPT;

/* Sets `count` to the number of values in the group, in O(log n). Errors: CURSOR_INVALID (on no
 * record). */
KIST_API kist_code kist_cursor_value_count(kist_cursor cursor, uint64_t* count,
                                           kist_error* error) KIST_NOEXCEPT;

/* ---- Writing: cursors of a write transaction only, else READ_ONLY ------------------------- */

/* Stores a record as kist_txn_put does, and moves to it. */
KIST_API kist_code kist_cursor_put(kist_cursor cursor, const void* key, size_t key_size,
                                   const void* value, size_t value_size, uint32_t mode,
                                   bool* stored, kist_error* error) KIST_NOEXCEPT;

/* Gives the record another value; in a multimap, another value to the pair, and the cursor follows
 * it (should it exist already, the pairs become one). Errors: CURSOR_INVALID (on no record), and
 * those of kist_txn_put. */
KIST_API kist_code kist_cursor_set_value(kist_cursor cursor, const void* value, size_t value_size,
                                         kist_error* error) KIST_NOEXCEPT;

/* Removes the record, in a multimap the pair; the cursor then stands between its neighbours.
 * `erased` (may be NULL) is false when it stood on none. */
KIST_API kist_code kist_cursor_erase(kist_cursor cursor, bool* erased,
                                     kist_error* error) KIST_NOEXCEPT;

/* Removes the key with all its values; likewise. */
KIST_API kist_code kist_cursor_erase_key(kist_cursor cursor, bool* erased,
                                         kist_error* error) KIST_NOEXCEPT;

/* ---- Where it is ----------------------------------------------------------------------- */

/* Bits of a place. */
enum {
  KIST_PLACE_RECORD = 1, /* On a record. */
  KIST_PLACE_FIRST = 2,  /* On the first. */
  KIST_PLACE_LAST = 4,   /* On the last. */
  KIST_PLACE_OFF = 8,    /* Before the first, or behind the last. */
};

/* Sets `place` to the KIST_PLACE_... that hold; to 0 between records. */
KIST_API kist_code kist_cursor_place(kist_cursor cursor, uint32_t* place,
                                     kist_error* error) KIST_NOEXCEPT;

/* Sets `rank` to the number of records before the position (pairs in a multimap), in O(log n). */
KIST_API kist_code kist_cursor_rank(kist_cursor cursor, uint64_t* rank,
                                    kist_error* error) KIST_NOEXCEPT;

/* Sets `order` to a negative number, zero or a positive one, as cursor `a` stands before, at or
 * behind `b`. Errors: MISUSE (of different tables or transactions). */
KIST_API kist_code kist_cursor_compare(kist_cursor a, kist_cursor b, int* order,
                                       kist_error* error) KIST_NOEXCEPT;

/* Sets `distance` to the rank of `b` less that of `a`. Errors: MISUSE likewise. */
KIST_API kist_code kist_cursor_distance(kist_cursor a, kist_cursor b, int64_t* distance,
                                        kist_error* error) KIST_NOEXCEPT;

/* ---- Difference of two snapshots ------------------------------------------------------- */

/* Opens what changed in a table between the snapshots of two transactions of a database: each key
 * whose value differs, in order; in a multimap each pair that came or went. Either may be the newer
 * one, or a write transaction; a table that one does not have counts as empty there. Takes time
 * proportional to the change. Close it with kist_diff_close. Errors: MISUSE (other databases, or
 * the table was created anew with other options between them). */
KIST_API kist_code kist_diff_open(kist_txn before, kist_txn after, kist_table table,
                                  kist_diff* diff, kist_error* error) KIST_NOEXCEPT;

/* A change. Bytes are borrowed from the transactions; data == NULL where the key, or the pair, is
 * not there. */
typedef struct kist_change {
  kist_bytes key;
  kist_bytes before;
  kist_bytes after;
} kist_change;

/* Gives the next change; `found` is false when there are no more. Errors: CURSOR_INVALID (one of
 * the transactions was written to). */
KIST_API kist_code kist_diff_next(kist_diff diff, kist_change* change, bool* found,
                                  kist_error* error) KIST_NOEXCEPT;

/* Sets `pages` to how many pages were looked at so far, in both snapshots. */
KIST_API kist_code kist_diff_pages_visited(kist_diff diff, uint64_t* pages,
                                           kist_error* error) KIST_NOEXCEPT;

/* Gives the handle back. */
KIST_API kist_code kist_diff_close(kist_diff diff, kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
