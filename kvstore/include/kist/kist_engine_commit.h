/* Commits of Kist's engine: when they last, two phases, what is committed beside records. A part of
 * kist_engine.h, whose head says what holds for all functions. */
#pragma once

#include "kist_engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- When commits last ------------------------------------------------------------------ */

/* Makes every commit so far durable, also relaxed ones of other threads and processes. Does not
 * wait for a write transaction that is under way. Does nothing for a database opened for reading.
 * Errors: LATCHED, IO; MISUSE when the same thread began that transaction, which would not be
 * included. */
KIST_API kist_code kist_db_sync(kist_db db, kist_error* error) KIST_NOEXCEPT;

/* Sets `id` to the newest transaction, of any process, that is known to be on the device. No system
 * call. */
KIST_API kist_code kist_db_durable_id(kist_db db, uint64_t* id, kist_error* error) KIST_NOEXCEPT;

/* Returns when transaction `id`, as a commit gave it, is on the device; flushes for everybody who
 * waits unless somebody else does. After a relaxed commit this is the second of its two moments.
 * `timeout_ms` limits the waiting for others, not a flush of its own. Errors: BUSY (timeout 0),
 * TIMED_OUT; INVALID_ARGUMENT (no such transaction yet); READ_ONLY, LATCHED, IO. */
KIST_API kist_code kist_db_wait_durable(kist_db db, uint64_t id, int64_t timeout_ms,
                                        kist_error* error) KIST_NOEXCEPT;

/* Flushes what relaxed commits left when it is due by options.flush_bytes or flush_age_ms; cheap
 * when it is not. `again_ms` (may be NULL) becomes the time in which to come again, or KIST_NEVER:
 * when there has been another commit. Errors: LATCHED, IO. */
KIST_API kist_code kist_db_poll(kist_db db, int64_t* again_ms, kist_error* error) KIST_NOEXCEPT;

/* How long one step took, each time it was done; nanoseconds. */
typedef struct kist_latency {
  uint64_t count;
  uint64_t total;
  uint64_t longest;
  uint64_t buckets[40]; /* How many of each magnitude: [0] those of 0, [i] those from 2^(i-1) on,
                           below 2^i, the last also what is longer. */
} kist_latency;

/* Where the time of this process's write transactions went since it opened the file. Set
 * struct_size before the call; fields may be added at the end. */
typedef struct kist_commit_profile {
  uint32_t struct_size;
  kist_latency
      lock; /* Waiting for the writer's place. Every write transaction; the rest: commits. */
  kist_latency tree;  /* Catalog, plan of the space, growth of the file. */
  kist_latency hash;  /* Numbering, putting in order and hashing the pages. */
  kist_latency write; /* Writing them. */
  kist_latency flush; /* Durable commits: waiting for the flush, one's own or another's. */
} kist_commit_profile;

/* Fills `profile`. Errors: INVALID_ARGUMENT (struct_size). */
KIST_API kist_code kist_db_commit_profile(kist_db db, kist_commit_profile* profile,
                                          kist_error* error) KIST_NOEXCEPT;

/* ---- Two phases ------------------------------------------------------------------------- */

/* First half of a two-phase commit: makes the changes last, but not visible, and ends the
 * transaction, also when it fails. `id` (may be NULL) is its number. Until it is decided by the
 * functions below, from any process, also after a crash, write transactions fail with PREPARED.
 * Costs two flushes. Errors: as kist_txn_commit; READ_ONLY (of a read transaction) and MISUSE (of a
 * nested one), which go on. */
KIST_API kist_code kist_txn_prepare(kist_txn txn, uint64_t* id, kist_error* error) KIST_NOEXCEPT;

/* A transaction between the two phases of its commit. Set struct_size before the call. */
typedef struct kist_prepared {
  uint32_t struct_size;
  uint64_t id;         /* 0: there is none. */
  uint64_t markers[3]; /* As it would commit them; see kist_txn_set_markers. */
} kist_prepared;

/* Fills `prepared` with the transaction that was prepared and nobody decided yet, if there is one.
 */
KIST_API kist_code kist_db_prepared(kist_db db, kist_prepared* prepared,
                                    kist_error* error) KIST_NOEXCEPT;

/* Makes the prepared transaction visible, durably: it is the newest commit afterwards. Waits for
 * the writer's place at most `timeout_ms`. Errors: NOT_FOUND (none of that id is prepared, any more
 * perhaps); those of kist_txn_begin_write. */
KIST_API kist_code kist_db_commit_prepared(kist_db db, uint64_t id, int64_t timeout_ms,
                                           kist_error* error) KIST_NOEXCEPT;

/* Forgets the prepared transaction for ever. Errors: likewise. */
KIST_API kist_code kist_db_roll_back_prepared(kist_db db, uint64_t id, int64_t timeout_ms,
                                              kist_error* error) KIST_NOEXCEPT;

/* ---- What is committed beside records --------------------------------------------------- */

/* Gives the three numbers that were committed with the snapshot; all 0 in a new store. In a write
 * transaction, those that it has set. `markers`: room for three. */
KIST_API kist_code kist_txn_markers(kist_txn txn, uint64_t* markers,
                                    kist_error* error) KIST_NOEXCEPT;

/* Stores three numbers for the user's own purpose: a position in a log that was applied, say. They
 * are committed, or rolled back, with everything else. Errors: READ_ONLY. */
KIST_API kist_code kist_txn_set_markers(kist_txn txn, const uint64_t* markers,
                                        kist_error* error) KIST_NOEXCEPT;

/* Gives a copy of the user's bytes about the environment, as of the newest commit. Free with
 * kist_buffer_free. */
KIST_API kist_code kist_db_metadata(kist_db db, kist_buffer* metadata,
                                    kist_error* error) KIST_NOEXCEPT;

/* Stores such bytes, at most 128, in the place of those before. Errors: INVALID_ARGUMENT (more),
 * READ_ONLY. */
KIST_API kist_code kist_txn_set_metadata(kist_txn txn, const void* metadata, size_t metadata_size,
                                         kist_error* error) KIST_NOEXCEPT;

/* Sets `version` to that of what the user stores, as of the snapshot; see options.domain_version.
 */
KIST_API kist_code kist_txn_domain_version(kist_txn txn, uint64_t* version,
                                           kist_error* error) KIST_NOEXCEPT;

/* Says that what the user stores has that version from this transaction on; it may not become less
 * (INVALID_ARGUMENT). Every other process that asked for another version gets WRONG_VERSION from
 * its next transaction on. Errors: READ_ONLY. */
KIST_API kist_code kist_txn_set_domain_version(kist_txn txn, uint64_t version,
                                               kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
