/*
 * Kist's engine from C (C11): ordered maps from bytes to bytes in one crash-safe file that many
 * processes share, with everything that one knows from LMDB, and more. The typed stores of kist.h
 * lie above it. Part of the same library, with the same conventions for errors, handles, threads
 * and memory: read the head of kist.h first.
 *
 * Objects. A database is an open data file. A table is an ordered map in it, or a multimap, which
 * holds any number of distinct values a key, in order; a record is a key and a value, in a multimap
 * a pair. A transaction reads one snapshot of all tables; a write transaction also changes them, as
 * a whole or not at all. A cursor is a position in a table as a transaction sees it.
 *
 * Ends. A transaction ends by kist_txn_abort or kist_txn_commit, or with its database; its handle
 * is then closed (KIST_ERROR_CLOSED). Nested and uncommitted transactions end with the one that
 * they were begun in. Cursors, streams and differences belong to the database and not to their
 * transaction: after its end their calls fail with KIST_ERROR_TRANSACTION_ENDED, and their handles
 * wait to be closed (or, cursors, to be taken to another transaction by kist_cursor_rebind).
 * Everything may be closed in any order and from any thread.
 *
 * Borrowed bytes. Keys and values are given as they lie in the map, without a copy. Those that came
 * from a read transaction live until its end (kist_txn_abort, _reset, _renew, _upgrade, the close
 * of the database); those from a write transaction until the next change that is made in it,
 * through whatever handle, or its end; those from an uncommitted reader until its end or that of
 * the write transaction around it. After that the pointers are dead, and C cannot be kept from
 * reading them; where another thread may end the transaction, the functions that copy
 * (kist_txn_get_copy, kist_cursor_read_copies) are the safe way. Bytes that a caller passes in are
 * copied, and may be borrowed ones.
 *
 * "Nothing". Bytes that are given back have a data pointer that is not NULL, also when their size
 * is 0; data == NULL means that there are none: no such key, no value before. Where a parameter is
 * a `const kist_bytes*`, NULL means "nothing", an object with size 0 the empty string.
 *
 * Errors of every function that takes a handle: INVALID_ARGUMENT (no such handle, an out-parameter
 * that is NULL and may not be, a number that is none of its enumeration), CLOSED, FORKED,
 * OUT_OF_MEMORY. Of every function that takes a transaction or what was made from one:
 * TRANSACTION_ENDED, DAMAGED, IO, MISUSE (a transaction while one that is nested in it is open);
 * with a table also TABLE_NOT_FOUND, MISUSE (a table of another database) and NO_COMPARATOR. Named
 * below are those beside.
 */
#pragma once

#include "kist_engine_options.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Handles and plain types ----------------------------------------------------------- */

/* clang-format off */
typedef struct kist_db { uint64_t id; } kist_db;
typedef struct kist_txn { uint64_t id; } kist_txn;
typedef struct kist_cursor { uint64_t id; } kist_cursor;
typedef struct kist_value_reader { uint64_t id; } kist_value_reader;
typedef struct kist_value_writer { uint64_t id; } kist_value_writer;
typedef struct kist_diff { uint64_t id; } kist_diff;
/* clang-format on */

/* A table: a number that stands for a name, whether or not such a table exists; got from
 * kist_db_table, good in every transaction of the database (through whatever handle of it, and
 * after aborted ones) until the database is closed, and never to be closed itself. All zero it is
 * the default table, which has no name and always exists: bytewise order, one value a key. */
typedef struct kist_table {
  uint64_t id;
} kist_table;

/* A point in a write transaction that can be returned to. A number, not to be closed. */
typedef struct kist_savepoint {
  uint64_t id;
} kist_savepoint;

/* A key and a value. */
typedef struct kist_pair {
  kist_bytes key;
  kist_bytes value;
} kist_pair;

/* Bytes owned by the caller; data is NULL when there are none. */
typedef struct kist_buffer {
  uint8_t* data;
  size_t size;
} kist_buffer;

/* Frees the bytes and sets the buffer to nothing. NULL is allowed; so is freeing twice. */
KIST_API void kist_buffer_free(kist_buffer* buffer) KIST_NOEXCEPT;

/* ---- Databases ------------------------------------------------------------------------- */

/* Opens the data file named by `path_size` bytes at `path`; a second file, its name with "-lock"
 * behind it, appears beside it. `options` may be NULL for the defaults. A file is one environment
 * in a process: opening it again gives a further handle to the same, and the environment closes
 * with the last of them. Close the handle with kist_db_close. Errors: INVALID_ARGUMENT, NOT_FOUND
 * (missing, and not to be created), PERMISSION, NOT_A_STORE, NEWER_FORMAT, DAMAGED, OPTION_CONFLICT
 * (open or created with other options), UNSUPPORTED, IO, NO_SPACE; BUSY and SNAPSHOT_GONE as
 * kist_engine_options.h has them. */
KIST_API kist_code kist_db_open(const char* path, size_t path_size, const kist_db_options* options,
                                kist_db* db, kist_error* error) KIST_NOEXCEPT;

/* Makes a new, empty database in memory, which nobody else can open and which is gone with its
 * handle. Of `options` (may be NULL) those of creation, transactions and callbacks count. Nothing
 * is flushed anywhere. Errors: INVALID_ARGUMENT, UNSUPPORTED. */
KIST_API kist_code kist_db_open_in_memory(const kist_db_options* options, kist_db* db,
                                          kist_error* error) KIST_NOEXCEPT;

/* Closes this handle and everything opened through it; write transactions are aborted. The last
 * handle of the environment flushes it and marks it as cleanly closed. Calls that other threads
 * have begun finish first or find the handle closed; when there are any, the environment may close
 * with the last of them, after this call has returned. Errors: CLOSED (closed before), IO, NO_SPACE
 * and LATCHED (of the flush; the handle is closed all the same). */
KIST_API kist_code kist_db_close(kist_db db, kist_error* error) KIST_NOEXCEPT;

/* Reads the whole file and reports every broken invariant. Damage is a part of the report, not an
 * error of the call. Holds up nobody. Free the report with kist_check_report_free. */
KIST_API kist_code kist_db_check(kist_db db, kist_check_report* report,
                                 kist_error* error) KIST_NOEXCEPT;

/* Sizes and counters of an environment. Set struct_size to sizeof(kist_engine_stats) before the
 * call; fields may be added at the end. */
typedef struct kist_engine_stats {
  uint32_t struct_size;
  uint32_t page_size;       /* Bytes. */
  uint64_t file_pages;      /* Length of the data file, in pages. */
  uint64_t free_pages;      /* Pages that the next commit may take; 0 while somebody writes. */
  uint64_t pending_pages;   /* Freed pages that a snapshot may still need; likewise. */
  uint64_t transaction_id;  /* Newest committed transaction. */
  uint64_t durable_id;      /* Newest transaction known to be on the device. */
  uint64_t oldest_pinned;   /* Oldest snapshot that a reader holds, or transaction_id. */
  uint64_t tables;          /* Named tables. */
  uint64_t flushes;         /* Flushes by this process since it opened the file. */
  uint64_t bytes_written;   /* Bytes written by this process since then. */
  uint64_t pages_reused;    /* Pages that this process took from reclaimed space. */
  uint64_t unflushed_bytes; /* Written by commits of all processes since the last flush. */
  uint64_t pages_verified;  /* Tree pages that this process verified at first touch. */
  uint64_t pages_copied;    /* By this process's transactions that have ended since it opened the
                               file, as kist_page_operations counts them. */
  uint64_t pages_created;
  uint64_t pages_split;
  uint64_t pages_merged;
  uint64_t pages_spilled;
} kist_engine_stats;

/* Fills `stats`. Errors: INVALID_ARGUMENT (struct_size), IO, DAMAGED. */
KIST_API kist_code kist_db_stats(kist_db db, kist_engine_stats* stats,
                                 kist_error* error) KIST_NOEXCEPT;

/* What fits into a database. Set struct_size to sizeof(kist_engine_limits) before the call; fields
 * may be added at the end. */
typedef struct kist_engine_limits {
  uint32_t struct_size;
  uint32_t page_size;           /* Bytes. */
  uint64_t max_key_size;        /* Bytes: half a page less 26. */
  uint64_t max_table_name_size; /* Bytes. */
} kist_engine_limits;

/* Fills `limits`. */
KIST_API kist_code kist_db_limits(kist_db db, kist_engine_limits* limits,
                                  kist_error* error) KIST_NOEXCEPT;

/* The absolute path of the data file, with a NUL behind it that is not counted. Free with
 * kist_buffer_free. */
KIST_API kist_code kist_db_path(kist_db db, kist_buffer* path, kist_error* error) KIST_NOEXCEPT;

/* The table of that name: any bytes, at least one. Neither creates the table nor looks whether it
 * exists. Errors: INVALID_ARGUMENT (name empty or too long). */
KIST_API kist_code kist_db_table(kist_db db, const void* name, size_t name_size, kist_table* table,
                                 kist_error* error) KIST_NOEXCEPT;

/* Orders two keys, or two values of one key: negative, zero or positive, as memcmp does. A total
 * order that never changes. Called from many threads at once, and must not call Kist. An order that
 * contradicts itself loses records, but harms nothing else. */
typedef int (*kist_comparator)(void* context, const uint8_t* a, size_t a_size, const uint8_t* b,
                               size_t b_size);

/* Makes `compare` known, in this process, as the comparator of that name (1 to 32 bytes), for
 * tables that were created with the name. It is called with `context`, until the environment is
 * closed and no call uses it any more; then `release` (may be NULL) is called once with `context`,
 * from whatever thread. When this call fails, `release` is not called. Tables whose comparator is
 * not registered can be checked, dropped and listed, not read. Errors: INVALID_ARGUMENT; MISUSE
 * (the name is registered). */
KIST_API kist_code kist_db_register_comparator(kist_db db, const void* name, size_t name_size,
                                               kist_comparator compare, void* context,
                                               void (*release)(void* context),
                                               kist_error* error) KIST_NOEXCEPT;

/* ---- Transactions ---------------------------------------------------------------------- */

/* Begins a read transaction on the newest commit. Never waits, and holds up no writer; but space
 * that later commits free is not reused while the transaction may see it, so end it. Errors: IO,
 * LATCHED. */
KIST_API kist_code kist_txn_begin_read(kist_db db, kist_txn* txn, kist_error* error) KIST_NOEXCEPT;

/* Begins the write transaction. One at a time exists, in all processes; waits for its turn at most
 * `timeout_ms` milliseconds (KIST_WAIT_FOREVER; 0: not at all). It sees its own changes, nobody
 * else does before they are committed. Errors: BUSY (timeout 0), TIMED_OUT, READ_ONLY, LATCHED, IO;
 * MISUSE instead of waiting for ever for a transaction that the same thread began. */
KIST_API kist_code kist_txn_begin_write(kist_db db, int64_t timeout_ms, kist_txn* txn,
                                        kist_error* error) KIST_NOEXCEPT;

/* Begins a transaction within the write transaction `parent`, to any depth. While it is open,
 * `parent` and its cursors give MISUSE. Its commit leaves its changes to `parent`, its abort undoes
 * them. Errors: READ_ONLY. */
KIST_API kist_code kist_txn_begin_nested(kist_txn parent, kist_txn* txn,
                                         kist_error* error) KIST_NOEXCEPT;

/* Begins a read transaction over the present, uncommitted state of the write transaction `writer`,
 * for another thread say, which reads while `writer` goes on. It does not see later changes, and
 * ends with `writer`. Errors: READ_ONLY. */
KIST_API kist_code kist_txn_begin_uncommitted(kist_txn writer, kist_txn* txn,
                                              kist_error* error) KIST_NOEXCEPT;

/* Begins another read transaction on the snapshot of the read transaction `txn`, for another thread
 * say. Errors: MISUSE (of a write transaction). */
KIST_API kist_code kist_txn_clone(kist_txn txn, kist_txn* clone, kist_error* error) KIST_NOEXCEPT;

/* Makes all changes visible at once and, with KIST_DURABILITY_DURABLE, lasting before it returns.
 * Ends the transaction, also when it fails: then nothing has changed. `id` (may be NULL) is the
 * snapshot that readers see from now on; without changes nothing is committed, and it is the old
 * one. Of a nested transaction: leaves its changes to the one around it. A read transaction just
 * ends. Errors: NO_SPACE; IO and LATCHED (close every handle and open again); the error of a change
 * that failed half-way; and, without ending it, MISUSE (a nested transaction is open). */
KIST_API kist_code kist_txn_commit(kist_txn txn, uint32_t durability, uint64_t* id,
                                   kist_error* error) KIST_NOEXCEPT;

/* Commits, and goes on as a write transaction on the result, without giving up the writer's place
 * in between. Cursors stay, savepoints end. Errors: as kist_txn_commit; MISUSE in a nested one. */
KIST_API kist_code kist_txn_commit_and_continue(kist_txn txn, uint32_t durability, uint64_t* id,
                                                kist_error* error) KIST_NOEXCEPT;

/* Commits, and goes on under the same handle as a read transaction on the result. Cursors have to
 * be rebound. Errors: as kist_txn_commit; MISUSE in a nested one. */
KIST_API kist_code kist_txn_commit_and_read(kist_txn txn, uint32_t durability, uint64_t* id,
                                            kist_error* error) KIST_NOEXCEPT;

/* Ends a transaction of any kind, and those that were begun in it; forgets its changes. */
KIST_API kist_code kist_txn_abort(kist_txn txn, kist_error* error) KIST_NOEXCEPT;

/* Gives up the snapshot of a read transaction, but keeps what kist_txn_renew needs: until then
 * calls fail with TRANSACTION_ENDED. Errors: MISUSE (of a write transaction). */
KIST_API kist_code kist_txn_reset(kist_txn txn, kist_error* error) KIST_NOEXCEPT;

/* Puts a read transaction on the newest commit, after kist_txn_reset or in place of the present
 * snapshot. Cursors stay, stand nowhere, and can be placed again. `changed` (may be NULL) tells
 * whether the snapshot is another than before. Errors: MISUSE (of a write transaction). */
KIST_API kist_code kist_txn_renew(kist_txn txn, bool* changed, kist_error* error) KIST_NOEXCEPT;

/* Makes a read transaction the write transaction on its own snapshot, when that is still the
 * newest, so that nothing can have changed since it was read; cursors have to be rebound. When this
 * fails it stays what it is. Errors: CONFLICT (a newer commit exists) and those of
 * kist_txn_begin_write; MISUSE (of a write transaction). */
KIST_API kist_code kist_txn_upgrade(kist_txn txn, int64_t timeout_ms,
                                    kist_error* error) KIST_NOEXCEPT;

/* Sets `id` to the commit whose state the transaction reads, or started from. Later ones are
 * greater. */
KIST_API kist_code kist_txn_id(kist_txn txn, uint64_t* id, kist_error* error) KIST_NOEXCEPT;

/* Sets `lag` to the number of transactions that were committed since, in all processes: an upper
 * bound, because ids of aborted ones count. */
KIST_API kist_code kist_txn_lag(kist_txn txn, uint64_t* lag, kist_error* error) KIST_NOEXCEPT;

/* Sets `bytes` to what a write transaction holds in memory now. Errors: READ_ONLY. */
KIST_API kist_code kist_txn_memory_used(kist_txn txn, uint64_t* bytes,
                                        kist_error* error) KIST_NOEXCEPT;

/* Sets `outlives` to whether the bytes, which the transaction has given, stay as they are across
 * the next change in it. Always true of read transactions. */
KIST_API kist_code kist_txn_outlives_writes(kist_txn txn, const void* data, size_t size,
                                            bool* outlives, kist_error* error) KIST_NOEXCEPT;

/* Marks the present state of a write transaction; any number at a time. Errors: READ_ONLY. */
KIST_API kist_code kist_txn_savepoint(kist_txn txn, kist_savepoint* savepoint,
                                      kist_error* error) KIST_NOEXCEPT;

/* Undoes everything since `savepoint`, which stays, and forgets later ones. Cursors stay where they
 * are in the order of keys. Mends a transaction in which a change has failed half-way since.
 * Errors: READ_ONLY, MISUSE (the savepoint was forgotten). */
KIST_API kist_code kist_txn_rollback_to(kist_txn txn, kist_savepoint savepoint,
                                        kist_error* error) KIST_NOEXCEPT;

/* Forgets `savepoint` and later ones; keeps the changes. Errors: READ_ONLY, MISUSE likewise. */
KIST_API kist_code kist_txn_release(kist_txn txn, kist_savepoint savepoint,
                                    kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif

#include "kist_engine_backup.h"
#include "kist_engine_commit.h"
#include "kist_engine_cursor.h"
#include "kist_engine_file.h"
#include "kist_engine_keys.h"
#include "kist_engine_readers.h"
#include "kist_engine_records.h"
#include "kist_engine_tables.h"
#include "kist_engine_working_copy.h"
