/* Readers of Kist's engine: who reads, and read transactions that make way. A part of
 * kist_engine.h, whose head says what holds for all functions; kist_engine_options.h has the
 * callback for slow readers. */
#pragma once

#include "kist_engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sees one reader, which is dead when it returns; false ends the list. May call Kist. */
typedef bool (*kist_reader_visitor)(void* context, const kist_reader_info* reader);

/* Calls `visit` for every read transaction that pins a snapshot, in every process, in no order;
 * clones count as one. Readers that cannot write the lock file are listed once a snapshot, without
 * process and age; a database that is such a reader itself sees none but its own. Does not wait. */
KIST_API kist_code kist_db_readers(kist_db db, kist_reader_visitor visit, void* context,
                                   kist_error* error) KIST_NOEXCEPT;

/* Lets writers end a read transaction while it is not used, if they need the pages that it holds
 * back (options.slow_reader). Until kist_txn_unpark or kist_txn_renew, calls fail with MISUSE; what
 * was borrowed from it is dead, and cursors can be placed again afterwards. Errors: MISUSE (parked
 * already, clones share its snapshot, an uncommitted reader, a write transaction). No system call.
 */
KIST_API kist_code kist_txn_park(kist_txn txn, kist_error* error) KIST_NOEXCEPT;

/* Goes on with a parked read transaction. When it was ended meanwhile: with `restart` it begins
 * anew on the newest snapshot, and `restarted` (may be NULL) says so; else OUSTED, after which
 * kist_txn_renew is possible. Errors: MISUSE (not parked, a write transaction). */
KIST_API kist_code kist_txn_unpark(kist_txn txn, bool restart, bool* restarted,
                                   kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
