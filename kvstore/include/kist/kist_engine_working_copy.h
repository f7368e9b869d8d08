/* Environments on network file systems, through a local copy. A part of kist_engine.h, whose head
 * says what holds for all functions. */
#pragma once

#include "kist_engine_backup.h"

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
typedef struct kist_working_copy { uint64_t id; } kist_working_copy;
/* clang-format on */

/* What to do when the original was changed by somebody else, and the copy, too. */
enum {
  KIST_CONFLICT_REFUSE = 0,       /* Fail with CONFLICT. */
  KIST_CONFLICT_USE_ORIGINAL = 1, /* Take it; the copy is set aside under another name. */
  KIST_CONFLICT_USE_COPY = 2,     /* Keep the copy; it replaces the original when copied back. */
};

/* How a working copy is kept. Set struct_size to sizeof(kist_working_copy_options) and everything
 * else to zero, which means the default. Fields may be added at the end. */
typedef struct kist_working_copy_options {
  uint32_t struct_size;
  uint32_t conflict;     /* KIST_CONFLICT_... */
  const char* directory; /* On a local file system; exists. The copy lies there. */
  size_t directory_size; /* Bytes. */
  bool always;           /* Wherever the original lies; else only on network file systems. */
  const kist_db_options* options; /* Of the database; NULL: defaults. Not exclusive nor snapshot. */
  kist_progress progress;         /* May be NULL. Counts pages that are copied, both ways. */
  void* context;                  /* For `progress`. */
} kist_working_copy_options;

/* Opens the environment `path` through a copy, which is made first unless one is there that is as
 * new or newer. `*db` is the database to work with; what is durable in it is durable in the copy,
 * and in the original when kist_working_copy_copy_back or _close returned. Where a copy is not
 * needed, it is the original itself. Other machines have to leave the original alone meanwhile.
 * Errors: CONFLICT; BUSY (somebody has the original open, or a copy that has to be made anew);
 * those of kist_db_open and kist_db_backup. */
KIST_API kist_code kist_working_copy_open(const char* path, size_t path_size,
                                          const kist_working_copy_options* options,
                                          kist_working_copy* copy, kist_db* db,
                                          kist_error* error) KIST_NOEXCEPT;

/* Copies the newest snapshot over the original: written aside, flushed, renamed. `copied` (may be
 * NULL): false when the original has it already, and where it is itself the database. Errors:
 * CONFLICT (somebody else changed, made or removed the original: it stays as it is), BUSY
 * (somebody has it open), READ_ONLY, STOPPED; those of kist_db_backup. */
KIST_API kist_code kist_working_copy_copy_back(kist_working_copy copy, bool* copied,
                                               kist_error* error) KIST_NOEXCEPT;

/* Copies back, unless opened for reading only, and closes the copy and its database, also when that
 * fails. What could not be copied back is found and used by the next opening. Errors: those of
 * kist_working_copy_copy_back and kist_db_close. */
KIST_API kist_code kist_working_copy_close(kist_working_copy copy, kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
}
#endif
