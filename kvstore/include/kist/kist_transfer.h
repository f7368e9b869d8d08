/* Files of other stores into a profile of Kist, and its stores out of it. A part of kist.h, whose
 * head says what holds for all functions. */
#pragma once

#include "kist.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a file to import is. */
enum {
  KIST_IMPORT_DETECT = 0,    /* Found out by its content. */
  KIST_IMPORT_SAFE_MODE = 1, /* rkv SafeMode: data.safe.bin, in either form. */
  KIST_IMPORT_LMDB = 2,      /* LMDB 0.9: data.mdb, of 32 or 64 bits and either byte order. */
  KIST_IMPORT_JSON = 3,      /* What kist_profile_export writes. */
};

/* What happens to a key that has another value already; the same value is never a conflict. */
enum {
  KIST_ON_CONFLICT_ERROR = 0,   /* The import fails with ALREADY_EXISTS, and nothing has changed. */
  KIST_ON_CONFLICT_IGNORE = 1,  /* The value that is there stays. */
  KIST_ON_CONFLICT_REPLACE = 2, /* The imported value takes its place. */
};

/* Called now and then with a number of records, on the thread of the call, which ends with STOPPED
 * when this returns false. `total` is 0 when it is not known. Must not use the profile. */
typedef bool (*kist_transfer_progress)(void* context, uint64_t done, uint64_t total);

/* How to import. Set struct_size to sizeof(kist_import_options) and everything else to zero, which
 * means the default. Fields may be added at the end. */
typedef struct kist_import_options {
  uint32_t struct_size;
  uint32_t format;          /* KIST_IMPORT_... */
  uint32_t on_conflict;     /* KIST_ON_CONFLICT_... */
  bool plain_bytes;         /* Values of LMDB become blobs; else they are in rkv's encoding. */
  const kist_bytes* stores; /* Only the source's stores of these names; none: all. */
  size_t store_count;
  kist_bytes unnamed; /* The store that takes the source's unnamed database; empty: "default". */
  kist_transfer_progress progress; /* May be NULL. */
  void* context;                   /* For `progress`. */
} kist_import_options;

/* What an import did. Set struct_size before the call. */
typedef struct kist_import_report {
  uint32_t struct_size;
  uint64_t stores;    /* Stores that were read. */
  uint64_t records;   /* Records that were read; each is one of the following. */
  uint64_t added;     /* New. */
  uint64_t unchanged; /* There already, the same. */
  uint64_t replaced;  /* KIST_ON_CONFLICT_REPLACE. */
  uint64_t ignored;   /* KIST_ON_CONFLICT_IGNORE. */
} kist_import_report;

/* Stores what the file `path` holds: all of it, in one durable transaction, or on any error
 * nothing. Stores are created as needed. The file is only read. `options` and `report` may be NULL.
 * Errors: NOT_FOUND, PERMISSION, NOT_A_STORE (of none of the formats), DAMAGED, NEWER_FORMAT,
 * BAD_VALUE, INVALID_TEXT, INVALID_JSON, ALREADY_EXISTS, WRONG_KIND, CONFLICT (written to
 * meanwhile), STOPPED, READ_ONLY, NO_SPACE, CLOSED. */
KIST_API kist_code kist_profile_import(kist_profile profile, const char* path, size_t path_size,
                                       const kist_import_options* options,
                                       kist_import_report* report, kist_error* error) KIST_NOEXCEPT;

/* Writes one snapshot of the stores of these names (none: all) to a descriptor, which stays the
 * caller's, as a JSON document that kist_profile_import makes the same of again. `records` (may be
 * NULL): how many. `progress` may be NULL. Errors: TABLE_NOT_FOUND, BAD_VALUE, NEWER_FORMAT,
 * STOPPED, NO_SPACE, IO, CLOSED. */
KIST_API kist_code kist_profile_export(kist_profile profile, int descriptor,
                                       const kist_bytes* stores, size_t store_count,
                                       kist_transfer_progress progress, void* context,
                                       uint64_t* records, kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
