/* Parts of JSON values. A part of kist.h, whose head says what holds for all functions.
 *
 * A pointer is one of RFC 6901: "" is the whole document, "/a/0/b" the member b of the first
 * element of the member a; in a name ~1 stands for / and ~0 for ~. A merge patch is one of RFC
 * 7386: its members take the place of the document's, null removes them, objects are merged; what
 * is not changed stays as it was written. */
#pragma once

#include "kist.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The text of a member of the JSON value of a key, as KIST_TAG_JSON in memory of its own; free it
 * with kist_value_free. `found` (may be NULL): whether there is one; without, `value` is
 * KIST_TAG_NONE. Nothing else is decoded. Errors: WRONG_TYPE (the value is no JSON),
 * INVALID_ARGUMENT (no pointer), INVALID_JSON (stored by something else than Kist), BAD_VALUE. */
KIST_API kist_code kist_store_get_member(kist_store store, const void* key, size_t key_size,
                                         const char* pointer, size_t pointer_size,
                                         kist_value* value, bool* found,
                                         kist_error* error) KIST_NOEXCEPT;

/* The same as a reader sees it. */
KIST_API kist_code kist_reader_get_member(kist_reader reader, kist_store store, const void* key,
                                          size_t key_size, const char* pointer, size_t pointer_size,
                                          kist_value* value, bool* found,
                                          kist_error* error) KIST_NOEXCEPT;

/* Changes the JSON value of a key by a merge patch, in one transaction; a key without a value gets
 * one. `document` (may be NULL) becomes the new value; free it with kist_value_free. Errors:
 * WRONG_TYPE (the value is no JSON), INVALID_JSON (the patch; with the position), INVALID_ARGUMENT
 * (a patch of objects within objects deeper than 500), WRONG_KIND (a multi store). */
KIST_API kist_code kist_store_merge_patch(kist_store store, const void* key, size_t key_size,
                                          const char* patch, size_t patch_size,
                                          kist_value* document, kist_error* error) KIST_NOEXCEPT;

/* The same within a writer. */
KIST_API kist_code kist_writer_merge_patch(kist_writer writer, kist_store store, const void* key,
                                           size_t key_size, const char* patch, size_t patch_size,
                                           kist_value* document, kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
