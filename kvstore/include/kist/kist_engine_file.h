/* The file beneath a database of Kist's engine: how it is read into memory, made smaller, what its
 * pages are for, and which older states are in it. A part of kist_engine.h, whose head says what
 * holds for all functions. */
#pragma once

#include "kist_engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Memory ----------------------------------------------------------------------------- */

/* Reads the first `bytes` of the file, UINT64_MAX for all, into memory and enters them into the
 * map, so that the first reads wait for no device. `warmed` (may be NULL) says how many that were.
 * Errors: IO. */
KIST_API kist_code kist_db_warm_up(kist_db db, uint64_t bytes, uint64_t* warmed,
                                   kist_error* error) KIST_NOEXCEPT;

/* How a file is about to be read. */
enum {
  KIST_ACCESS_NORMAL = 0,     /* The system decides what it reads ahead. */
  KIST_ACCESS_RANDOM = 1,     /* Here and there: nothing is read ahead. */
  KIST_ACCESS_SEQUENTIAL = 2, /* From one end to the other: much is read ahead. */
  KIST_ACCESS_WILL_NEED = 3,  /* All of it soon: reading begins in the background. */
};

/* Tells the system so, for this process and until other advice. Errors: IO. */
KIST_API kist_code kist_db_advise(kist_db db, uint32_t access, kist_error* error) KIST_NOEXCEPT;

/* Keeps what the file holds now in memory, or (`on` = false) no longer, for this process. Errors:
 * OUT_OF_MEMORY, PERMISSION (RLIMIT_MEMLOCK is less). */
KIST_API kist_code kist_db_lock_in_memory(kist_db db, bool on, kist_error* error) KIST_NOEXCEPT;

/* ---- Compaction ------------------------------------------------------------------------- */

/* How much one step of compaction does at most. Set struct_size before the call and everything else
 * to zero, which means the default. */
typedef struct kist_compact_budget {
  uint32_t struct_size;
  uint64_t pages;   /* Pages to move; 0: 4,096. */
  uint64_t time_ms; /* Time to spend before the commit; 0: no bound. */
} kist_compact_budget;

/* What a step has done. Set struct_size before the call. */
typedef struct kist_compact_progress {
  uint32_t struct_size;
  bool done;            /* Nothing is left to be done; the next step begins anew. */
  uint64_t pages_moved; /* By this step. */
  uint64_t file_pages;  /* Length of the file now. */
  uint64_t pages_held;  /* Pages that were given up and cannot be used yet: snapshots hold them
                           back, or the next flush frees them. If there are many at the end, compact
                           again when the readers have gone. */
} kist_compact_progress;

/* Does one step of moving what lies at the end of the file to free places nearer its start, and
 * finally gives the end back to the file system. Call it until it says that it is done; others
 * write between the steps, and read all the time. `budget` and `progress` may be NULL. Errors:
 * those of kist_txn_begin_write and of commits. */
KIST_API kist_code kist_db_compact(kist_db db, const kist_compact_budget* budget,
                                   int64_t timeout_ms, kist_compact_progress* progress,
                                   kist_error* error) KIST_NOEXCEPT;

/* ---- Pages ------------------------------------------------------------------------------ */

/* Sets `pages` to the changed tree pages that a write transaction holds in memory and has not
 * written yet. Errors: READ_ONLY. */
KIST_API kist_code kist_txn_dirty_pages(kist_txn txn, uint64_t* pages,
                                        kist_error* error) KIST_NOEXCEPT;

/* What a write transaction did to the pages of trees. Set struct_size before the call. */
typedef struct kist_page_operations {
  uint32_t struct_size;
  uint64_t copied;  /* Pages of the file that a copy in memory took the place of. */
  uint64_t created; /* New pages. */
  uint64_t split;   /* Pages that became several. */
  uint64_t merged;  /* Pairs of pages that became one. */
  uint64_t spilled; /* Pages written before the commit, for want of memory. */
} kist_page_operations;

/* Fills `operations` with what a write transaction, with those nested in it, did so far; what all
 * did is in kist_engine_stats. Errors: INVALID_ARGUMENT (struct_size), READ_ONLY. */
KIST_API kist_code kist_txn_page_operations(kist_txn txn, kist_page_operations* operations,
                                            kist_error* error) KIST_NOEXCEPT;

/* What a page is used for. */
enum {
  KIST_PAGE_META_SLOTS = 0, /* The first 16 KiB. */
  KIST_PAGE_BRANCH = 1,
  KIST_PAGE_LEAF = 2,
  KIST_PAGE_LARGE_VALUE = 3,
  KIST_PAGE_SPACE_RECORD = 4,
  KIST_PAGE_FREE = 5,    /* The next commit may take it. */
  KIST_PAGE_PENDING = 6, /* Given up, but a snapshot may still see it. */
};

/* Consecutive pages that belong together: one tree page, one large value, or a stretch of space. */
typedef struct kist_page_usage {
  uint32_t struct_size; /* What the library knows: sizeof(kist_page_usage) there. */
  uint32_t use;         /* KIST_PAGE_... */
  uint32_t level;       /* Of a branch: 1 above the leaves. */
  bool catalog;         /* Of the tree of named tables. */
  kist_bytes table;     /* Name of the table; size 0: the default table, or what belongs to none. */
  uint64_t page;
  uint64_t pages;
  uint64_t birth;      /* Transaction that wrote it; 0 for free pages and meta slots. */
  uint64_t entries;    /* Records of a leaf, children of a branch. */
  uint64_t bytes_used; /* Of its bytes; 0 for free pages. */
} kist_page_usage;

/* Sees one stretch, which is dead when it returns; false ends the walk. */
typedef bool (*kist_page_visitor)(void* context, const kist_page_usage* usage);

/* Calls `visit` for every page of the newest snapshot, trees in key order: for pictures of the
 * file, or statistics of one's own. Pins the snapshot, blocks nobody. */
KIST_API kist_code kist_db_walk_pages(kist_db db, kist_page_visitor visit, void* context,
                                      kist_error* error) KIST_NOEXCEPT;

/* Pages and bytes of one use. */
typedef struct kist_page_count {
  uint64_t pages;
  uint64_t bytes_used;
} kist_page_count;

/* The whole file by use. Set struct_size before the call. */
typedef struct kist_page_stats {
  uint32_t struct_size;
  uint32_t page_size; /* Bytes. */
  kist_page_count meta;
  kist_page_count branch; /* Of all trees, the catalog's included. */
  kist_page_count leaf;
  kist_page_count large_value;
  kist_page_count space_record;
  kist_page_count free;
  kist_page_count pending;
} kist_page_stats;

/* Pages of one table by their use. */
typedef struct kist_table_pages {
  uint32_t struct_size; /* What the library knows: sizeof(kist_table_pages) there. */
  kist_bytes name;      /* Size 0: the default table. */
  kist_page_count branch;
  kist_page_count leaf;
  kist_page_count large_value;
} kist_table_pages;

/* Sees one table, which is dead when it returns; false ends the list. May call Kist. */
typedef bool (*kist_table_pages_visitor)(void* context, const kist_table_pages* table);

/* Counts what kist_db_walk_pages visits into `stats`, and calls `visit` (may be NULL) for the
 * default table and those that have pages, in byte order of their names. Reads every tree page.
 * Errors: INVALID_ARGUMENT (struct_size). */
KIST_API kist_code kist_db_page_stats(kist_db db, kist_page_stats* stats,
                                      kist_table_pages_visitor visit, void* context,
                                      kist_error* error) KIST_NOEXCEPT;

/* ---- Older states ----------------------------------------------------------------------- */

/* A state of the store that one of the file's four meta slots still names. */
typedef struct kist_stored_snapshot {
  uint32_t struct_size; /* What the library knows: sizeof(kist_stored_snapshot) there. */
  bool whole;           /* Every page of it is there and proven by its checksum. */
  bool prepared;        /* A prepared transaction, which was never visible. */
  const char* missing;  /* When not whole: what is missing first, and where. Else empty. */
  uint64_t id;          /* Transaction that left it. */
  uint64_t file_pages;  /* Length of the file that it knows. */
  uint64_t tables;      /* Named tables. */
  uint64_t records;     /* Records of the default table. */
  uint64_t domain_version;
  uint64_t markers[3];
} kist_stored_snapshot;

/* Sees one state, which is dead when it returns; false ends the list. May call Kist. */
typedef bool (*kist_snapshot_visitor)(void* context, const kist_stored_snapshot* snapshot);

/* Calls `visit` for the states that options.snapshot can choose, newest first. Reads every page of
 * each, and writes nothing. While others write, what is whole now need not be a moment later.
 * Errors: NOT_FOUND, PERMISSION, NOT_A_STORE, NEWER_FORMAT, DAMAGED (no slot is whole), IO. */
KIST_API kist_code kist_list_snapshots(const char* path, size_t path_size,
                                       kist_snapshot_visitor visit, void* context,
                                       kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
