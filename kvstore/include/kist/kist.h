/*
 * Kist: an embedded, typed, crash-safe key-value store. This is its C interface (C11), the one that
 * other languages bind to.
 *
 * Objects. A profile is a directory that holds one data file; a store is a named map from keys to
 * typed values inside it; a reader is a snapshot of all stores; a writer is a transaction over all
 * stores that happens as a whole or not at all; an iterator walks the records of one store as a
 * reader sees them. Stores, readers and writers belong to a profile, iterators to a reader. Closing
 * an object closes everything that belongs to it.
 *
 * Handles. Objects are named by handles: plain numbers, freely copied, never pointers. A handle
 * whose object was closed stays harmless for ever: every call with it fails with KIST_ERROR_CLOSED,
 * also when the object is closed by another thread at that moment (a call that had already begun
 * finishes normally). Handle 0 names nothing. In a child process after fork, every inherited handle
 * fails with KIST_ERROR_FORKED and can only be closed.
 *
 * Errors. Every function that can fail returns a kist_code, KIST_OK or one of KIST_ERROR_..., and
 * takes a `kist_error*` as its last parameter, which may be NULL. See kist_error. A key that is
 * absent is not an error. On failure the other out-parameters are set to "nothing" (zero, false,
 * NULL, no value), so that freeing or closing them is harmless.
 *
 * Threads. Every function may be called from any thread at any time. Readers, writers and iterators
 * are not tied to the thread that began them; calls on one of them from several threads take turns.
 * A struct passed to a function is used by that call alone and must not be changed meanwhile.
 *
 * Memory. Keys, names and values passed in are copied or used up before the call returns. What a
 * function gives back is either owned by the caller, and freed with the function named there, or
 * borrowed, and valid as long as said there. Sizes are in bytes. A pointer with size 0 may be NULL.
 */
#ifndef KIST_KIST_H
#define KIST_KIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kist_enums.h"

#if defined(_WIN32) && defined(KIST_BUILDING_LIBRARY)
#define KIST_API __declspec(dllexport)
#elif defined(_WIN32)
#define KIST_API __declspec(dllimport)
#else
#define KIST_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
#define KIST_NOEXCEPT noexcept
extern "C" {
#else
#define KIST_NOEXCEPT
#endif

/* ---- Version --------------------------------------------------------------------------- */

/* Version of this interface. It rises when a function or struct changes incompatibly; additions do
 * not raise it. */
#define KIST_ABI_VERSION 1

/* KIST_ABI_VERSION of the library that is loaded. A binding compares it with the one it was built
 * with before it calls anything else. */
KIST_API uint32_t kist_abi_version(void) KIST_NOEXCEPT;

/* Release of the library that is loaded, for instance "0.1.0". Static. */
KIST_API const char* kist_version(void) KIST_NOEXCEPT;

/* ---- Errors ---------------------------------------------------------------------------- */

/* What went wrong. A function that is given a kist_error ignores what it holds, and sets it: after
 * success to KIST_OK without a message, after failure to the returned code and a message owned by
 * the caller. So it needs no initialisation, and after each failure must be freed before it is
 * passed again. */
typedef struct kist_error {
  kist_code code;
  /* Valid UTF-8 without NUL inside, and a NUL behind it; names the file, store or key concerned,
   * what was found and what was expected. NULL when there is none (success, or no memory for it).
   */
  char* message;
  size_t message_size; /* Without the NUL. */
} kist_error;

/* Frees the message and sets the error to KIST_OK. NULL is allowed; so is freeing twice. */
KIST_API void kist_error_free(kist_error* error) KIST_NOEXCEPT;

/* Name of a code, for instance "WRONG_TYPE"; "UNKNOWN" for a number that is no code. Static. */
KIST_API const char* kist_code_name(kist_code code) KIST_NOEXCEPT;

/* One sentence about a code. Static. */
KIST_API const char* kist_code_description(kist_code code) KIST_NOEXCEPT;

/* ---- Handles --------------------------------------------------------------------------- */

/* clang-format off */
typedef struct kist_profile { uint64_t id; } kist_profile;
typedef struct kist_store { uint64_t id; } kist_store;
typedef struct kist_reader { uint64_t id; } kist_reader;
typedef struct kist_writer { uint64_t id; } kist_writer;
typedef struct kist_iterator { uint64_t id; } kist_iterator;
/* clang-format on */

/* ---- Values ---------------------------------------------------------------------------- */

/* A run of bytes. */
typedef struct kist_bytes {
  const uint8_t* data;
  size_t size;
} kist_bytes;

/* A typed value. `tag` says which member of the union holds. */
typedef struct kist_value {
  kist_tag tag;
  union {
    bool boolean;     /* KIST_TAG_BOOL */
    uint64_t u64;     /* KIST_TAG_U64 */
    int64_t i64;      /* KIST_TAG_I64 */
    double f64;       /* KIST_TAG_F64; every bit pattern is kept, NaNs included */
    int64_t instant;  /* KIST_TAG_INSTANT: milliseconds since 1970-01-01 UTC, may be negative */
    uint8_t uuid[16]; /* KIST_TAG_UUID: bytes in the order they are printed */
    kist_bytes bytes; /* KIST_TAG_STRING and KIST_TAG_JSON: UTF-8; KIST_TAG_BLOB: any bytes */
  };
  /* Memory that the value owns and kist_value_free frees; NULL when `bytes` is borrowed or unused.
   * Set by the library. A value that is passed in is read without regard to it. */
  void* memory;
} kist_value;

/* Frees what the value owns and sets it to KIST_TAG_NONE. NULL and values that own nothing are
 * allowed; so is freeing twice. */
KIST_API void kist_value_free(kist_value* value) KIST_NOEXCEPT;

/* Name of a type, for instance "string"; "unknown" for a number that is no tag. Static. */
KIST_API const char* kist_tag_name(kist_tag tag) KIST_NOEXCEPT;

/* Makers of values to pass in. Those of bytes borrow them. */
static inline kist_value kist_value_none(void) {
  kist_value value = {KIST_TAG_NONE, {false}, NULL}; /* NOLINT(modernize-use-nullptr) */
  return value;
}
static inline kist_value kist_value_bool(bool boolean) {
  kist_value value = kist_value_none();
  value.tag = KIST_TAG_BOOL;
  value.boolean = boolean;
  return value;
}
static inline kist_value kist_value_u64(uint64_t number) {
  kist_value value = kist_value_none();
  value.tag = KIST_TAG_U64;
  value.u64 = number;
  return value;
}
static inline kist_value kist_value_i64(int64_t number) {
  kist_value value = kist_value_none();
  value.tag = KIST_TAG_I64;
  value.i64 = number;
  return value;
}
static inline kist_value kist_value_f64(double number) {
  kist_value value = kist_value_none();
  value.tag = KIST_TAG_F64;
  value.f64 = number;
  return value;
}
static inline kist_value kist_value_instant(int64_t milliseconds) {
  kist_value value = kist_value_none();
  value.tag = KIST_TAG_INSTANT;
  value.instant = milliseconds;
  return value;
}
/* Copies the 16 bytes at `uuid`. */
static inline kist_value kist_value_uuid(const uint8_t* uuid) {
  kist_value value = kist_value_none();
  value.tag = KIST_TAG_UUID;
  for (int i = 0; i < 16; ++i) value.uuid[i] = uuid[i];
  return value;
}
static inline kist_value kist_value_of_bytes(kist_tag tag, const void* data, size_t size) {
  kist_value value = kist_value_none();
  value.tag = tag;
  value.bytes.data = (const uint8_t*)data;
  value.bytes.size = size;
  return value;
}
static inline kist_value kist_value_string(const char* utf8, size_t size) {
  return kist_value_of_bytes(KIST_TAG_STRING, utf8, size);
}
static inline kist_value kist_value_json(const char* utf8, size_t size) {
  return kist_value_of_bytes(KIST_TAG_JSON, utf8, size);
}
static inline kist_value kist_value_blob(const void* data, size_t size) {
  return kist_value_of_bytes(KIST_TAG_BLOB, data, size);
}

/* ---- Profiles -------------------------------------------------------------------------- */

/* How to open a profile. Set struct_size to sizeof(kist_profile_options) and everything else to
 * zero, which means the default; then change what is wanted. Fields may be added at the end. */
typedef struct kist_profile_options {
  uint32_t struct_size;
  bool create;         /* Create the directory and the data file when they are missing. */
  bool read_only;      /* Open for reading; needs no permission to write. Excludes `create`. */
  uint32_t page_size;  /* At creation: bytes a page, a power of two from 256 to 65,536; 0: 4,096. */
  uint32_t file_mode;  /* At creation: permission bits of new files; 0: 0600. */
  uint32_t durability; /* KIST_DURABILITY_...: that of commits which ask for the default. */
  /* Keep the data in the directory of that path instead, so that profiles share one environment. */
  kist_bytes environment;
  /* Relaxed commits are made durable when a flush has so many bytes to write, when the
   * oldest of them is so old, or when so many queued writes are not durable. 0: 32 MiB, 5 seconds,
   * 1,000; KIST_NEVER: not for that reason. */
  int64_t flush_bytes;
  int64_t flush_age_ms;
  int64_t flush_operations;
  /* Writes wait for room when so many bytes, about, or so many writes are queued. 0: 16 MiB,
   * 65,536. */
  uint64_t queue_bytes;
  uint64_t queue_operations;
  /* Where the file would grow while an observer of any process, which has not been told of changes
   * yet, holds back more bytes, about, that observer has to reload. 0: 64 MiB. */
  uint64_t observer_bytes;
} kist_profile_options;

/* In options that say when something happens by itself: never. */
#define KIST_NEVER INT64_C(-1)

/* Opens the profile in the directory named by `path_size` bytes at `path` (UTF-8 on Windows, the
 * file system's bytes elsewhere). `options` may be NULL for the defaults. A directory is one
 * environment in a process: opening it again gives a further handle to the same, and the
 * environment closes with the last of them. The caller closes the handle with kist_profile_close.
 * Errors: INVALID_ARGUMENT, NOT_FOUND (missing, and not to be created), PERMISSION, NOT_A_STORE,
 * NEWER_FORMAT, DAMAGED, OPTION_CONFLICT (open or created with other options), UNSUPPORTED, IO,
 * NO_SPACE. */
KIST_API kist_code kist_profile_open(const char* path, size_t path_size,
                                     const kist_profile_options* options, kist_profile* profile,
                                     kist_error* error) KIST_NOEXCEPT;

/* Closes this handle and everything opened through it; open writers are aborted. The environment
 * closes with its last handle: it is flushed and marked as cleanly closed. Calls that other threads
 * have begun finish first or find the handle closed; when there are any, the environment may close
 * with the last of them, after this call has returned.
 * Errors: CLOSED (closed before), IO, NO_SPACE and LATCHED (of the flush; the handle is closed all
 * the same). */
KIST_API kist_code kist_profile_close(kist_profile profile, kist_error* error) KIST_NOEXCEPT;

/* Closes this handle as kist_profile_close does, and deletes the data file and its lock file; the
 * directory stays. All data is lost. Another process that has the profile open keeps the deleted
 * file until it closes; that is the caller's to prevent.
 * Errors: CLOSED; READ_ONLY and BUSY (the profile is open through another handle in this process):
 * nothing was deleted, and the handle stays open; PERMISSION, IO. */
KIST_API kist_code kist_profile_delete(kist_profile profile, kist_error* error) KIST_NOEXCEPT;

/* Makes every commit so far durable, also relaxed ones of other threads and processes. Errors:
 * CLOSED, READ_ONLY, IO, LATCHED. */
KIST_API kist_code kist_profile_sync(kist_profile profile, kist_error* error) KIST_NOEXCEPT;

/* A list of names, owned by the caller. */
typedef struct kist_names {
  const kist_bytes* items; /* `count` of them, in byte order. */
  size_t count;
  void* memory; /* For kist_names_free. */
} kist_names;

/* Lists the names of all stores. Free with kist_names_free. */
KIST_API kist_code kist_profile_list_stores(kist_profile profile, kist_names* names,
                                            kist_error* error) KIST_NOEXCEPT;

/* Frees the list and sets it to an empty one. NULL is allowed; so is freeing twice. */
KIST_API void kist_names_free(kist_names* names) KIST_NOEXCEPT;

/* Removes a store and everything in it, durably. Sets `existed` (may be NULL) to whether there was
 * one; when not, nothing happens. Handles of the store stay open, and fail with TABLE_NOT_FOUND
 * until a store of that name is created again. Errors: INVALID_ARGUMENT (name), CLOSED, READ_ONLY,
 * IO, LATCHED. */
KIST_API kist_code kist_profile_drop_store(kist_profile profile, const void* name, size_t name_size,
                                           bool* existed, kist_error* error) KIST_NOEXCEPT;

/* ---- Stores ---------------------------------------------------------------------------- */

/* Opens the store of that name (UTF-8, at least one byte), creating it durably when `create` says
 * so and it is missing. The handle belongs to the profile; give it back with kist_store_close.
 * Errors: INVALID_ARGUMENT and INVALID_TEXT (name), TABLE_NOT_FOUND (missing, and not to be
 * created), WRONG_KIND (not single, or with integers as keys), CLOSED, READ_ONLY (to be created in
 * a profile opened for reading), IO, LATCHED. */
KIST_API kist_code kist_store_open(kist_profile profile, const void* name, size_t name_size,
                                   bool create, kist_store* store, kist_error* error) KIST_NOEXCEPT;

/* Gives the handle back. Readers and iterators that look into the store are not concerned. Errors:
 * CLOSED. */
KIST_API kist_code kist_store_close(kist_store store, kist_error* error) KIST_NOEXCEPT;

/* The calls below are each a transaction of their own. Those that write are atomic, wait for other
 * writers, and return when the change is durable (relaxed profiles: visible). A thread that began
 * a writer must write through it until it ends: these would wait for it for ever, and fail with
 * MISUSE instead.
 *
 * All of them fail with CLOSED, TABLE_NOT_FOUND (dropped meanwhile), DAMAGED and IO; those that
 * write also with READ_ONLY, KEY_TOO_LONG, NO_SPACE and LATCHED. */

/* Reads the value of a key into memory of its own (strings, JSON and blobs with a NUL behind them,
 * not counted); free it with kist_value_free. `found` (may be NULL) says whether there is one;
 * without, `value` is KIST_TAG_NONE. `expected` is the type that is wanted, or KIST_TAG_NONE for
 * any: a value of another type is WRONG_TYPE, with both types named in the message, except that a
 * number of U64 or I64 is given as the other when it fits. Errors: WRONG_TYPE, BAD_VALUE (stored
 * bytes are no value), NEWER_FORMAT (a value that a newer version wrote). */
KIST_API kist_code kist_store_get(kist_store store, const void* key, size_t key_size,
                                  kist_tag expected, kist_value* value, bool* found,
                                  kist_error* error) KIST_NOEXCEPT;

/* Stores a value under a key, in place of any value it had. Errors: INVALID_ARGUMENT (no tag),
 * INVALID_TEXT, INVALID_JSON, VALUE_TOO_LONG. */
KIST_API kist_code kist_store_put(kist_store store, const void* key, size_t key_size,
                                  const kist_value* value, kist_error* error) KIST_NOEXCEPT;

/* Removes a key. `existed` (may be NULL) says whether it was there. */
KIST_API kist_code kist_store_delete(kist_store store, const void* key, size_t key_size,
                                     bool* existed, kist_error* error) KIST_NOEXCEPT;

/* Sets `found` to whether the key has a value, of whatever type. */
KIST_API kist_code kist_store_has(kist_store store, const void* key, size_t key_size, bool* found,
                                  kist_error* error) KIST_NOEXCEPT;

/* Sets `count` to the number of records. */
KIST_API kist_code kist_store_count(kist_store store, uint64_t* count,
                                    kist_error* error) KIST_NOEXCEPT;

/* Removes all records. `removed` (may be NULL) says how many there were. */
KIST_API kist_code kist_store_clear(kist_store store, uint64_t* removed,
                                    kist_error* error) KIST_NOEXCEPT;

/* ---- Readers --------------------------------------------------------------------------- */

/* Begins a reader on the newest commit. Never waits, and holds up no writer; but space freed by
 * later commits is not reused while a reader may see it, so end it. Errors: CLOSED, IO,
 * OUT_OF_MEMORY. */
KIST_API kist_code kist_reader_begin(kist_profile profile, kist_reader* reader,
                                     kist_error* error) KIST_NOEXCEPT;

/* Ends a reader; closes its iterators. What was borrowed from it is dead. Errors: CLOSED. */
KIST_API kist_code kist_reader_end(kist_reader reader, kist_error* error) KIST_NOEXCEPT;

/* Sets `id` to the transaction whose state the reader sees. Later commits have greater ids. */
KIST_API kist_code kist_reader_id(kist_reader reader, uint64_t* id,
                                  kist_error* error) KIST_NOEXCEPT;

/* The calls below read a store in the reader's snapshot; `store` is of the same profile. Errors of
 * all: CLOSED, MISUSE (store of another profile), TABLE_NOT_FOUND (no such store in this
 * snapshot), DAMAGED, IO. */

/* As kist_store_get, without a copy: bytes of the value are borrowed from the map, until the reader
 * or its profile is closed. The caller sees to it that no other thread closes them while it uses
 * the bytes; where it cannot, kist_reader_get_copy is the safe way. */
KIST_API kist_code kist_reader_get(kist_reader reader, kist_store store, const void* key,
                                   size_t key_size, kist_tag expected, kist_value* value,
                                   bool* found, kist_error* error) KIST_NOEXCEPT;

/* As kist_store_get: the value owns its memory. */
KIST_API kist_code kist_reader_get_copy(kist_reader reader, kist_store store, const void* key,
                                        size_t key_size, kist_tag expected, kist_value* value,
                                        bool* found, kist_error* error) KIST_NOEXCEPT;

KIST_API kist_code kist_reader_has(kist_reader reader, kist_store store, const void* key,
                                   size_t key_size, bool* found, kist_error* error) KIST_NOEXCEPT;

KIST_API kist_code kist_reader_count(kist_reader reader, kist_store store, uint64_t* count,
                                     kist_error* error) KIST_NOEXCEPT;

/* ---- Iterators ------------------------------------------------------------------------- */

/* Which records to walk, and how. Set struct_size to sizeof(kist_range) and everything else to
 * zero, which means all records in ascending order of their keys; then change what is wanted.
 * Bounds hold together: a record is walked when it satisfies all of them. */
typedef struct kist_range {
  uint32_t struct_size;
  bool reverse;      /* Descending order. */
  bool has_to;       /* Whether `to` holds. */
  kist_bytes prefix; /* Keys that begin with this. */
  kist_bytes from;   /* Keys >= this. */
  kist_bytes to;     /* Keys < this, when has_to. */
  uint64_t limit;    /* At most so many records; 0: no limit. */
  bool has_key;      /* Whether `key` holds. */
  kist_bytes key;    /* This key only. */
} kist_range;

/* A key and its value. */
typedef struct kist_record {
  kist_bytes key;
  kist_value value;
} kist_record;

/* Begins an iterator over the records of a store as the reader sees them. `range` may be NULL for
 * all; its bounds are copied. Errors: as kist_reader_get. */
KIST_API kist_code kist_iterator_begin(kist_reader reader, kist_store store,
                                       const kist_range* range, kist_iterator* iterator,
                                       kist_error* error) KIST_NOEXCEPT;

/* Gives the next record; `found` is false at the end, and stays so. Key and value are borrowed
 * until the next call on this iterator, or until it, its reader or its profile is closed; the
 * warning at kist_reader_get holds here too. Errors: CLOSED, BAD_VALUE (the next call continues
 * behind that record), DAMAGED, IO. */
KIST_API kist_code kist_iterator_next(kist_iterator iterator, kist_record* record, bool* found,
                                      kist_error* error) KIST_NOEXCEPT;

/* Some records, owned by the caller. */
typedef struct kist_records {
  const kist_record*
      items; /* `count` of them, in the iterator's order. Do not free their values. */
  size_t count;
  void* memory; /* For kist_records_free. */
} kist_records;

/* Copies the next records into memory of their own: at most `max_count` (at least 1), and no
 * further ones once their keys and values exceed `max_bytes`. No record is left when count is 0.
 * Free with kist_records_free. The way for other languages: one call for many records, and nothing
 * borrowed. Errors: as kist_iterator_next; records before a failing one are given first, by a call
 * that succeeds. */
KIST_API kist_code kist_iterator_next_many(kist_iterator iterator, size_t max_count,
                                           size_t max_bytes, kist_records* records,
                                           kist_error* error) KIST_NOEXCEPT;

/* Frees the records and sets the list to an empty one. NULL is allowed; so is freeing twice. */
KIST_API void kist_records_free(kist_records* records) KIST_NOEXCEPT;

/* Gives the iterator back. Errors: CLOSED. */
KIST_API kist_code kist_iterator_close(kist_iterator iterator, kist_error* error) KIST_NOEXCEPT;

/* ---- Writers --------------------------------------------------------------------------- */

/* For kist_writer_begin: wait until the turn comes. */
#define KIST_WAIT_FOREVER INT64_C(-1)

/* Begins the write transaction. One at a time exists, in all processes; waits for its turn at most
 * `timeout_ms` milliseconds. Ends with kist_writer_commit or kist_writer_abort. Errors: CLOSED,
 * BUSY (timeout 0), TIMED_OUT, READ_ONLY, LATCHED, IO; MISUSE instead of waiting for ever for a
 * writer that the same thread began. */
KIST_API kist_code kist_writer_begin(kist_profile profile, int64_t timeout_ms, kist_writer* writer,
                                     kist_error* error) KIST_NOEXCEPT;

/* The calls below see and change the state of the transaction, which is the newest commit and its
 * own changes; nobody else sees these before they are committed. `store` is of the same profile.
 * Errors of all: CLOSED, MISUSE (store of another profile), TABLE_NOT_FOUND, DAMAGED, IO;
 * otherwise as those of the functions of stores. After a failed call the transaction goes on as if
 * that call had not been made. */

/* As kist_store_get: the value owns its memory. */
KIST_API kist_code kist_writer_get(kist_writer writer, kist_store store, const void* key,
                                   size_t key_size, kist_tag expected, kist_value* value,
                                   bool* found, kist_error* error) KIST_NOEXCEPT;

KIST_API kist_code kist_writer_has(kist_writer writer, kist_store store, const void* key,
                                   size_t key_size, bool* found, kist_error* error) KIST_NOEXCEPT;

KIST_API kist_code kist_writer_put(kist_writer writer, kist_store store, const void* key,
                                   size_t key_size, const kist_value* value,
                                   kist_error* error) KIST_NOEXCEPT;

KIST_API kist_code kist_writer_delete(kist_writer writer, kist_store store, const void* key,
                                      size_t key_size, bool* existed,
                                      kist_error* error) KIST_NOEXCEPT;

KIST_API kist_code kist_writer_clear(kist_writer writer, kist_store store, uint64_t* removed,
                                     kist_error* error) KIST_NOEXCEPT;

/* Makes all changes visible at once and, with KIST_DURABILITY_DURABLE, lasting before it returns.
 * Ends the writer, also when it fails. `id` (may be NULL) is the transaction that readers see from
 * now on. Errors: CLOSED, NO_SPACE (nothing has changed), IO and LATCHED (close every handle and
 * open again). */
KIST_API kist_code kist_writer_commit(kist_writer writer, uint32_t durability, uint64_t* id,
                                      kist_error* error) KIST_NOEXCEPT;

/* Forgets all changes and ends the writer. Errors: CLOSED. */
KIST_API kist_code kist_writer_abort(kist_writer writer, kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif

#include "kist_json.h"
#include "kist_observe.h"
#include "kist_queue.h"
#include "kist_report.h"
#include "kist_store.h"
#include "kist_transfer.h"

#endif /* KIST_KIST_H */
