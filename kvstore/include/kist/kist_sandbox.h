/* Profiles of Kist for processes that may open nothing: sandboxes. To be included beside kist.h,
 * whose head says what holds for all functions. kvstore/docs/sandbox.md has the whole of it.
 *
 * A process that has a profile open, the broker, grants others snapshots of it: two descriptors, to
 * be passed by SCM_RIGHTS or inheritance. They open them without a path, read without a lock and
 * without writing to anything, and hand their changes to the broker as bytes. */
#pragma once

#include "kist.h"

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
typedef struct kist_grant { uint64_t id; } kist_grant;
/* clang-format on */

/* The broker: grants the newest snapshot, which shows all stores. Sets `data` and `control` to the
 * descriptors to be passed: opened afresh for this, for reading only, without locks, close-on-exec;
 * they are the grant's, and closed with it. Any number of processes may share them. The grant
 * belongs to the profile. In a child process after fork only the descriptors are good. Errors:
 * CLOSED, IO, OUT_OF_MEMORY, UNSUPPORTED. */
KIST_API kist_code kist_grant_make(kist_profile profile, kist_grant* grant, int* data, int* control,
                                   kist_error* error) KIST_NOEXCEPT;

/* Grants the newest snapshot, too, on which readers begin from now on. `snapshot` (may be NULL)
 * becomes its number. What was granted before stays so. Errors: CLOSED (also after everything was
 * taken away). */
KIST_API kist_code kist_grant_advance(kist_grant grant, uint64_t* snapshot,
                                      kist_error* error) KIST_NOEXCEPT;

/* Takes away all snapshots below that number, so that writers may reuse their pages: who still
 * reads one gets SNAPSHOT_GONE. UINT64_MAX: all of them, for ever. Errors: CLOSED. */
KIST_API kist_code kist_grant_release_before(kist_grant grant, uint64_t snapshot,
                                             kist_error* error) KIST_NOEXCEPT;

/* Takes everything away and gives the grant back. Errors: CLOSED. */
KIST_API kist_code kist_grant_close(kist_grant grant, kist_error* error) KIST_NOEXCEPT;

/* The sandbox: opens what it was granted, for reading. Takes over both descriptors, also when it
 * fails. Readers begin on the newest snapshot that is granted at that moment. Every read of one
 * that was taken away fails with SNAPSHOT_GONE; bytes borrowed from it (kist_reader_get) may change
 * from then on, copies do not. Close with kist_profile_close. Errors: INVALID_ARGUMENT (no such
 * descriptors), NOT_A_STORE, SNAPSHOT_GONE (nothing is granted any more), DAMAGED (they do not
 * belong together), NEWER_FORMAT, OUT_OF_MEMORY, IO. */
KIST_API kist_code kist_profile_open_granted(int data, int control, kist_profile* profile,
                                             kist_error* error) KIST_NOEXCEPT;

/* The sandbox: makes `bytes`, a blob that the caller frees with kist_value_free, of a batch, for
 * the broker. Errors: CLOSED, OUT_OF_MEMORY. */
KIST_API kist_code kist_batch_to_bytes(kist_batch batch, kist_value* bytes,
                                       kist_error* error) KIST_NOEXCEPT;

/* The broker: makes a batch of such bytes, whoever sent them. Its stores must exist in the profile
 * and be what the bytes say; keys and values are checked as if they had been put here. Close it
 * with kist_batch_close. Errors: INVALID_ARGUMENT (not of that form), TABLE_NOT_FOUND, WRONG_KIND,
 * BAD_VALUE, INVALID_TEXT, INVALID_JSON, CLOSED. */
KIST_API kist_code kist_batch_from_bytes(kist_profile profile, const void* bytes, size_t size,
                                         kist_batch* batch, kist_error* error) KIST_NOEXCEPT;

/* Names of the stores that a batch changes, each once, in byte order: for a broker that allows
 * some. Free with kist_names_free. Errors: CLOSED. */
KIST_API kist_code kist_batch_stores(kist_batch batch, kist_names* names,
                                     kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
