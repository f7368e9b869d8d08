/* What can be asked of a profile of Kist as a whole: sizes, counters, soundness. A part of kist.h,
 * whose head says what holds for all functions. */
#pragma once

#include "kist.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sizes and counters of a profile. Set struct_size to sizeof(kist_stats) before the call; fields
 * may be added at the end. */
typedef struct kist_stats {
  uint32_t struct_size;
  uint32_t page_size;      /* Bytes. */
  uint64_t file_pages;     /* Length of the data file, in pages. */
  uint64_t free_pages;     /* Pages that the next commit may take. */
  uint64_t pending_pages;  /* Freed pages that a snapshot may still need. */
  uint64_t transaction_id; /* Newest committed transaction. */
  uint64_t durable_id;     /* Newest transaction known to be on the device. */
  uint64_t oldest_pinned;  /* Oldest snapshot that a reader holds, or transaction_id. */
  uint64_t stores;         /* Number of stores. */
  uint64_t flushes;        /* Flushes by this process since it opened the profile. */
  uint64_t bytes_written;  /* Bytes written by this process since it opened the profile. */
} kist_stats;

/* Fills `stats`. Errors: INVALID_ARGUMENT (struct_size), CLOSED, IO, DAMAGED. */
KIST_API kist_code kist_profile_stats(kist_profile profile, kist_stats* stats,
                                      kist_error* error) KIST_NOEXCEPT;

/* What a check has found, owned by the caller. */
typedef struct kist_check_report {
  uint64_t violations;   /* Broken invariants; 0 when the profile is sound. */
  uint64_t pages_walked; /* Pages that were read. */
  uint64_t records;      /* Records that were seen. */
  /* One line for each violation: where it is, what was found and expected. Valid UTF-8 with a NUL
   * behind it. */
  char* text;
  size_t text_size; /* Without the NUL. */
} kist_check_report;

/* Reads the whole profile and reports every broken invariant. Damage is a part of the report, not
 * an error of the call. Free the report with kist_check_report_free. Errors: CLOSED, IO. */
KIST_API kist_code kist_profile_check(kist_profile profile, kist_check_report* report,
                                      kist_error* error) KIST_NOEXCEPT;

/* Frees the text and sets the report to an empty one. NULL is allowed; so is freeing twice. */
KIST_API void kist_check_report_free(kist_check_report* report) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
