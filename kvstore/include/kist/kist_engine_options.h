/* How a database of Kist's engine is opened, and what it calls back. A part of kist_engine.h, whose
 * head says what holds for all functions; every field is an option of engine/docs/options.md. */
#pragma once

#include "kist.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How much somebody should care about an event. */
enum {
  KIST_LOG_INFO = 0,    /* Something unusual was done and went well, like recovery after a crash. */
  KIST_LOG_WARNING = 1, /* Something needs somebody's attention. */
  KIST_LOG_ERROR = 2,   /* Something failed that concerns more than the call it is told to. */
};

/* Receives an event as one sentence that names the file: valid UTF-8 with a NUL behind it, which is
 * dead when this returns. On the thread concerned; must not call Kist or block. */
typedef void (*kist_log)(void* context, uint32_t level, const char* text, size_t text_size);

/* A read transaction of some process, as others see it. */
typedef struct kist_reader_info {
  uint32_t struct_size;      /* What the library knows: sizeof(kist_reader_info) there. */
  bool parked;               /* It may be ousted; see kist_txn_park. */
  bool pages_known;          /* Whether the last two fields are: not while somebody writes. */
  uint64_t snapshot;         /* Id of the snapshot that it pins; 0: it is choosing one. */
  uint64_t lag;              /* Transactions committed since; an upper bound. */
  uint64_t process;          /* Process number, as that process told it; 0: unknown. */
  uint64_t age_ms;           /* Since it pinned the snapshot; 0 where unknown. */
  uint64_t pages_held;       /* Pages that were given up and wait, because of this reader or of
                                others that see them too. */
  uint64_t pages_held_alone; /* Those of them that nobody else waits for. */
} kist_reader_info;

/* Why a writer cannot have the pages that it wants. */
enum {
  KIST_SHORTAGE_GROWTH = 0, /* It can: the file would become longer. */
  KIST_SHORTAGE_LIMIT = 1,  /* The file has reached options.max_file_size. */
  KIST_SHORTAGE_DISK = 2,   /* The file system is full. */
};

/* A reader that keeps a writer from using again what was given up. */
typedef struct kist_slow_reader {
  uint32_t struct_size;           /* What the library knows: sizeof(kist_slow_reader) there. */
  uint32_t shortage;              /* KIST_SHORTAGE_... */
  const kist_reader_info* reader; /* The one that has pinned the snapshot for the longest time.
                                     `parked`: every reader of the snapshot is. */
  uint64_t readers;               /* How many read that snapshot. */
  uint64_t pages_wanted;          /* Pages that the writer wants in one piece. */
  uint64_t attempt;               /* Answers given before in the same need, from 0. */
} kist_slow_reader;

/* What to do about it. */
enum {
  KIST_SLOW_GO_ON = 0, /* Do without: the file grows, or the transaction fails with NO_SPACE. */
  KIST_SLOW_WAIT = 1,  /* Wait a little, look again, and ask again if it is still needed. */
  KIST_SLOW_RETRY = 2, /* Look again at once: the callback has made the reader go. */
  KIST_SLOW_OUST = 3,  /* End the readers of the snapshot, if all are parked; else go on. */
  KIST_SLOW_FAIL = 4,  /* Let the transaction fail with NO_SPACE. */
};

/* Returns one of KIST_SLOW_...; any other number is KIST_SLOW_GO_ON. Called by the writing thread,
 * inside its call. It may end, park and renew read transactions; it must not use the write
 * transaction, what was begun in it, or a transaction that a table is being copied from. */
typedef uint32_t (*kist_slow_reader_callback)(void* context, const kist_slow_reader* slow);

/* Set struct_size to sizeof(kist_db_options) and everything else to zero, which means the default;
 * then change what is wanted. Fields may be added at the end. Those marked "creation" are stored in
 * the file; later they are ignored unless given and different: OPTION_CONFLICT. */
typedef struct kist_db_options {
  uint32_t struct_size;
  bool create;         /* Create the file when it is missing. */
  bool read_only;      /* Open for reading; needs no permission to write. Excludes `create`. */
  bool unverified;     /* Do not verify pages when they are first touched. To measure what it costs;
                          no file content can crash the process then either. */
  bool exclusive;      /* Have the file alone, without a lock file; BUSY when somebody else has it.
                          The only way to use a network file system. */
  uint32_t page_size;  /* Creation: bytes a page, a power of two from 256 to 65,536; 0: 4,096. */
  uint32_t file_mode;  /* Creation: permission bits of new files; 0: 0600. */
  uint32_t file_group; /* Creation: group (a number) of new files, with has_file_group. */
  bool has_file_group;
  bool has_domain_version; /* Whether `domain_version` holds. */
  bool flush_thread;       /* Flush by flush_bytes and flush_age in a thread of its own. */
  bool exact_maps;         /* Reserve no address space beyond the file's length: maps are
                              replaced when it grows. Always so on 32 bits. */
  uint32_t durability;     /* KIST_DURABILITY_...: that of commits which ask for the default. */
  uint64_t domain_version; /* Version of what the program stores. Creation: stored. Afterwards,
                              where the file has another, opening and transactions fail with
                              WRONG_VERSION. */
  uint64_t snapshot;       /* Open the state that this transaction left, and have the file alone:
                              with read_only to look at it, else newer ones are forgotten for
                              ever. SNAPSHOT_GONE; see kist_list_snapshots. 0: the newest. */
  uint64_t transaction_memory; /* Bytes of changes that a write transaction holds in memory before
                                  it writes some to their place in the file; 0: 256 MiB. */
  uint64_t growth_step;        /* Bytes by which the file grows; 0: by its length. */
  uint64_t max_file_size;      /* Bytes that the file does not grow beyond, at least 65,536: commits
                                  fail with NO_SPACE, erasing still works. 0: no bound. */
  uint64_t shrink_threshold; /* Free bytes at the end of the file above which it shrinks; 0: by its
                                length; UINT64_MAX: never. */
  int64_t flush_bytes;       /* Flush relaxed commits when the newest has so many bytes of pages
                                that no flush has seen; 0: 64 MiB; KIST_NEVER. */
  int64_t flush_age_ms;      /* And when the oldest is so old, with the next commit or
                                kist_db_poll; 0: 5 seconds; KIST_NEVER. */
  int64_t path_check_ms;     /* How often a read transaction looks whether the path still names the
                                file, else MOVED; 0: every second; KIST_NEVER. */
  kist_log log;              /* May be NULL. This and the next: what the first to open the file in
                                this process gave counts. */
  kist_slow_reader_callback slow_reader; /* May be NULL: the file grows, or the writer fails. */
  void* context;                         /* For both. */
  void (*release)(void* context);        /* May be NULL. Called once, from whatever thread, when
                                            neither can be called any more; not when opening fails. */
} kist_db_options;

#ifdef __cplusplus
} /* extern "C" */
#endif
