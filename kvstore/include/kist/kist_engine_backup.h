/* Backups, salvage, dumps and copies of Kist's engine. A part of kist_engine.h, whose head says
 * what holds for all functions. Nothing here replaces a file: ALREADY_EXISTS. */
#pragma once

#include "kist_engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Called now and then, on the thread of the call, which ends with STOPPED when this returns false.
 * `total` is 0 when it is not known. */
typedef bool (*kist_progress)(void* context, uint64_t done, uint64_t total);

/* ---- Backups ---------------------------------------------------------------------------- */

/* One state of one environment: what a backup holds, and what an incremental one builds on. May be
 * stored. */
typedef struct kist_backup_point {
  uint64_t environment_high; /* Identity of the environment. */
  uint64_t environment_low;
  uint64_t transaction;  /* Id of the snapshot. */
  uint64_t commit_nonce; /* Random number of its commit. */
} kist_backup_point;

/* How to make a backup, or restore one. Set struct_size to sizeof(kist_backup_options) and
 * everything else to zero, which means the default. Fields may be added at the end. */
typedef struct kist_backup_options {
  uint32_t struct_size;
  uint32_t file_mode;        /* Permission bits of a new file; 0: 0600. */
  uint64_t bytes_per_second; /* At most so many on average; 0: as fast as possible. */
  kist_progress progress;    /* May be NULL. Counts pages; compacted, records; restoring, bytes. */
  void* context;             /* For `progress`. */
  bool compacted;            /* Rebuild the environment without free space. */
} kist_backup_options;

/* What was written. Set struct_size before the call. */
typedef struct kist_backup_report {
  uint32_t struct_size;
  kist_backup_point point; /* The state that it holds. */
  uint64_t bytes;          /* Length of the file or stream. */
  uint64_t pages;          /* Pages that it holds. */
} kist_backup_report;

/* Copies the newest snapshot to a new file while others go on reading and writing: an environment
 * that can be opened as it is. With `since` (may be NULL), the state of an earlier backup, only
 * what was written after it, for kist_restore. `options` and `report` may be NULL. Errors:
 * ALREADY_EXISTS, STOPPED, WRONG_BASE (`since` is of another environment or history), NO_SPACE,
 * PERMISSION, INVALID_ARGUMENT (an incremental one compacted). */
KIST_API kist_code kist_db_backup(kist_db db, const char* path, size_t path_size,
                                  const kist_backup_point* since,
                                  const kist_backup_options* options, kist_backup_report* report,
                                  kist_error* error) KIST_NOEXCEPT;

/* The same to a descriptor: a file, pipe or socket. It stays the caller's. */
KIST_API kist_code kist_db_backup_to(kist_db db, int descriptor, const kist_backup_point* since,
                                     const kist_backup_options* options, kist_backup_report* report,
                                     kist_error* error) KIST_NOEXCEPT;

/* The state that a backup file holds. Errors: NOT_FOUND, NOT_A_STORE, NEWER_FORMAT, DAMAGED. */
KIST_API kist_code kist_backup_point_of(const char* path, size_t path_size,
                                        kist_backup_point* point, kist_error* error) KIST_NOEXCEPT;

/* Makes the environment `path` of a full backup and `count` incremental ones, each of which begins
 * where the one before ended. Everything is verified before it appears. `options` and `report` may
 * be NULL. Errors: WRONG_BASE, naming the file that does not follow; ALREADY_EXISTS, STOPPED,
 * NO_SPACE; those of kist_backup_point_of. */
KIST_API kist_code kist_restore(const char* full, size_t full_size, const kist_bytes* increments,
                                size_t count, const char* path, size_t path_size,
                                const kist_backup_options* options, kist_backup_report* report,
                                kist_error* error) KIST_NOEXCEPT;

/* ---- Salvage ---------------------------------------------------------------------------- */

/* What a salvage found. Set struct_size before the call. */
typedef struct kist_salvage_report {
  uint32_t struct_size;
  bool complete;        /* All of the newest state, and nothing else. */
  bool slots_lost;      /* No meta slot was whole. */
  bool seed_lost;       /* Contents could not be verified. */
  bool space_lost;      /* Which pages were in use is not known. */
  uint64_t transaction; /* Of the state that was salvaged; 0: no slot tells. */
  uint64_t newest;      /* Newest transaction that a slot names. */
  uint64_t records;     /* In the new file. */
  uint64_t recovered;   /* Of them, in pages to which no way led any more. */
  uint64_t older;       /* Of those, in pages that were not in use any more. */
  uint64_t lost;        /* Records that are missing, as far as they were counted. */
  uint64_t losses;      /* Things that could not be read. */
} kist_salvage_report;

/* The comparator of a name, as kist_db_register_comparator takes it; used during one call. */
typedef struct kist_named_comparator {
  kist_bytes name;
  kist_comparator compare;
  void* context; /* For `compare`. */
} kist_named_comparator;

/* How to salvage. Set struct_size to sizeof(kist_salvage_options) and everything else to zero,
 * which means the default. Fields may be added at the end. */
typedef struct kist_salvage_options {
  uint32_t struct_size;
  uint32_t file_mode;     /* Permission bits of the new file; 0: 0600. */
  kist_progress progress; /* May be NULL. Counts pages of the damaged file, then records. */
  void* context;          /* For `progress`. */
  bool older_versions; /* Where pages are lost, also take older versions of them: records may come
                          back that were removed, or older values than the last. */
  const kist_named_comparator*
      comparators; /* Of the file's tables. Without its comparator a table
                      lacks what has to be put in its place by comparing. */
  size_t comparator_count;
} kist_salvage_options;

/* Makes a new environment at `path` of everything that can be read of the file `damaged`, which
 * nobody may have open and which is not changed. `losses` (may be NULL) tells, a line each, what
 * could not be read; free it with kist_buffer_free. `options` and `report` may be NULL. Errors:
 * BUSY, NOT_A_STORE, NEWER_FORMAT, ALREADY_EXISTS, NOT_FOUND, PERMISSION, NO_SPACE, STOPPED. */
KIST_API kist_code kist_salvage(const char* damaged, size_t damaged_size, const char* path,
                                size_t path_size, const kist_salvage_options* options,
                                kist_salvage_report* report, kist_buffer* losses,
                                kist_error* error) KIST_NOEXCEPT;

/* ---- Text, copies, ends ----------------------------------------------------------------- */

/* Writes everything in the newest snapshot to a descriptor as text; engine/docs/dump.md has its
 * form. `records` (may be NULL) says how many. Errors: STOPPED, NO_SPACE. */
KIST_API kist_code kist_db_dump(kist_db db, int descriptor, kist_progress progress, void* context,
                                uint64_t* records, kist_error* error) KIST_NOEXCEPT;

/* Stores what a dump holds, all or nothing. Tables are created, the default table must be empty.
 * Errors: DAMAGED (no dump, or not whole; with the line), NEWER_FORMAT, TABLE_EXISTS,
 * NO_COMPARATOR, STOPPED, READ_ONLY, NO_SPACE. */
KIST_API kist_code kist_db_load(kist_db db, int descriptor, kist_progress progress, void* context,
                                uint64_t* records, kist_error* error) KIST_NOEXCEPT;

/* Copies a table, its options and its sequence to the new table `target` of a write transaction,
 * most often of another database. `records` (may be NULL) says how many. `progress` (may be NULL)
 * counts records, and must not use the two. Errors: TABLE_EXISTS, OPTION_CONFLICT (a default table
 * of other options), MISUSE (one transaction for both), READ_ONLY, NO_SPACE, STOPPED. */
KIST_API kist_code kist_txn_copy_table(kist_txn from, kist_table source, kist_txn to,
                                       kist_table target, kist_progress progress, void* context,
                                       uint64_t* records, kist_error* error) KIST_NOEXCEPT;

/* How much a check looks at; each level includes those before it. */
enum {
  KIST_CHECK_EVERYTHING = 0, /* Large values, too. */
  KIST_CHECK_SPACE = 1,      /* Meta slots and the map of free space. */
  KIST_CHECK_STRUCTURE = 2,  /* Every tree page, and that each page has one use. */
};

/* As kist_db_check, at a level of KIST_CHECK_..., with progress, which counts pages and may be
 * NULL. Errors: STOPPED. */
KIST_API kist_code kist_db_check_level(kist_db db, uint32_t level, kist_progress progress,
                                       void* context, kist_check_report* report,
                                       kist_error* error) KIST_NOEXCEPT;

/* Removes the files of an environment that nobody has open. `deleted` (may be NULL): there was one.
 * Errors: BUSY (somebody has it open), NOT_A_STORE, PERMISSION. */
KIST_API kist_code kist_delete_environment(const char* path, size_t path_size, bool* deleted,
                                           kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
}
#endif
