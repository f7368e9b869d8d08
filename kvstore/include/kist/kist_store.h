/* Stores of every kind, conditional updates, ranges and batches of Kist. A part of kist.h, whose
 * head says what holds for all functions. */
#pragma once

#include "kist.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Keys ------------------------------------------------------------------------------ */

/* What the keys of a store are. Wherever a key is passed or given, a store of integers has them in
 * the form that kist_key_of_number makes: as many bytes as the type has, big-endian, with the sign
 * bit turned where there is one, so that the order of the bytes is that of the numbers. A key of
 * another size is INVALID_ARGUMENT. */
typedef uint32_t kist_key_type;
enum {
  KIST_KEYS_BYTES = 0,
  KIST_KEYS_U8 = 1,
  KIST_KEYS_U16 = 2,
  KIST_KEYS_U32 = 3,
  KIST_KEYS_U64 = 4,
  KIST_KEYS_I8 = 5,
  KIST_KEYS_I16 = 6,
  KIST_KEYS_I32 = 7,
  KIST_KEYS_I64 = 8
};

/* Bytes of a key of that type; 0 for KIST_KEYS_BYTES. */
static inline size_t kist_key_size(kist_key_type type) {
  return type == KIST_KEYS_BYTES ? 0 : (size_t)1 << ((type - 1) % 4);
}

/* Writes the key of a number into kist_key_size(type) bytes. The number must fit the type; a
 * negative one is given in two's complement. */
static inline void kist_key_of_number(kist_key_type type, uint64_t number, uint8_t* key) {
  const size_t size = kist_key_size(type);
  if (type >= KIST_KEYS_I8) number ^= (uint64_t)1 << (8 * size - 1);
  for (size_t i = 0; i < size; ++i) key[i] = (uint8_t)(number >> (8 * (size - 1 - i)));
}

/* The number of a key of kist_key_size(type) bytes; a negative one in two's complement. */
static inline uint64_t kist_number_of_key(kist_key_type type, const uint8_t* key) {
  const size_t size = kist_key_size(type);
  const uint64_t sign = type >= KIST_KEYS_I8 ? (uint64_t)1 << (8 * size - 1) : 0;
  uint64_t number = 0;
  for (size_t i = 0; i < size; ++i) number = number << 8 | key[i];
  number ^= sign;
  return (number & sign) != 0 ? number | ~(sign - 1) : number;
}

/* ---- Opening --------------------------------------------------------------------------- */

/* What a store is. Set struct_size to sizeof(kist_store_options) and everything else to zero, which
 * means a store of one value a key under bytes that must exist; then change what is wanted. */
typedef struct kist_store_options {
  uint32_t struct_size;
  bool create;        /* Create the store durably when there is none. */
  bool multi;         /* Any number of distinct values a key, sorted by their encodings. */
  kist_key_type keys; /* What its keys are. */
} kist_store_options;

/* Opens the store of that name; as kist_store_open, of any kind. Errors: also WRONG_KIND (it is
 * something else than asked for). */
KIST_API kist_code kist_store_open_as(kist_profile profile, const void* name, size_t name_size,
                                      const kist_store_options* options, kist_store* store,
                                      kist_error* error) KIST_NOEXCEPT;

/* What the store of that name is, as its kist_store_options; `found` says whether there is one.
 * `options` needs struct_size. Errors: CLOSED, NEWER_FORMAT. */
KIST_API kist_code kist_profile_describe_store(kist_profile profile, const void* name,
                                               size_t name_size, kist_store_options* options,
                                               bool* found, kist_error* error) KIST_NOEXCEPT;

/* In a store with `multi`, kist_..._get gives the first value of a key, kist_..._put adds one,
 * kist_..._delete removes all of them, counts and iterators are over all values, and
 * kist_range.key picks those of one key. */

/* ---- Stores, each call a transaction of its own --------------------------------------------- */

/* Number of records within a range, in time that does not depend on it. NULL: all. */
KIST_API kist_code kist_store_count_range(kist_store store, const kist_range* range,
                                          uint64_t* count, kist_error* error) KIST_NOEXCEPT;

/* Removes all records within a range, which has no limit. `removed` (may be NULL): how many. */
KIST_API kist_code kist_store_delete_range(kist_store store, const kist_range* range,
                                           uint64_t* removed, kist_error* error) KIST_NOEXCEPT;

/* Removes this value of a key only. `existed` (may be NULL): whether it was there. */
KIST_API kist_code kist_store_delete_value(kist_store store, const void* key, size_t key_size,
                                           const kist_value* value, bool* existed,
                                           kist_error* error) KIST_NOEXCEPT;

/* As kist_store_put, when the key has no value yet. `stored` (may be NULL): whether. */
KIST_API kist_code kist_store_put_if_absent(kist_store store, const void* key, size_t key_size,
                                            const kist_value* value, bool* stored,
                                            kist_error* error) KIST_NOEXCEPT;

/* Gives a key the value `value` (NULL: removes it) when it has the value `expected` (NULL: when it
 * has none). `stored` (may be NULL): whether. Errors: AMBIGUOUS (several values). */
KIST_API kist_code kist_store_compare_and_set(kist_store store, const void* key, size_t key_size,
                                              const kist_value* expected, const kist_value* value,
                                              bool* stored, kist_error* error) KIST_NOEXCEPT;

/* Adds to the integer under a key, which keeps its type; an absent one is the i64 0. `sum` (may be
 * NULL) becomes the new value. Errors: OUT_OF_RANGE, WRONG_TYPE, WRONG_KIND (a multi store). */
KIST_API kist_code kist_store_add(kist_store store, const void* key, size_t key_size,
                                  int64_t amount, kist_value* sum, kist_error* error) KIST_NOEXCEPT;

/* Makes the new value of a key from the present one (tag KIST_TAG_NONE: there is none), which is
 * borrowed until it returns. Sets `next`, borrowed until the update returns, or leaves it
 * KIST_TAG_NONE to remove the key. A code other than KIST_OK ends the update with that code and no
 * change. Called once, on the calling thread; must not call Kist. */
typedef kist_code (*kist_update)(void* context, const kist_value* present, kist_value* next);

/* Replaces the value of a key by what `change` makes of it, in one transaction. Errors: WRONG_KIND
 * (a multi store), and those that `change` returns. */
KIST_API kist_code kist_store_update(kist_store store, const void* key, size_t key_size,
                                     kist_update change, void* context,
                                     kist_error* error) KIST_NOEXCEPT;

/* ---- Readers and writers ----------------------------------------------------------------- */

/* The same within a snapshot or a write transaction. */

KIST_API kist_code kist_reader_count_range(kist_reader reader, kist_store store,
                                           const kist_range* range, uint64_t* count,
                                           kist_error* error) KIST_NOEXCEPT;

KIST_API kist_code kist_writer_count_range(kist_writer writer, kist_store store,
                                           const kist_range* range, uint64_t* count,
                                           kist_error* error) KIST_NOEXCEPT;

KIST_API kist_code kist_writer_delete_range(kist_writer writer, kist_store store,
                                            const kist_range* range, uint64_t* removed,
                                            kist_error* error) KIST_NOEXCEPT;

KIST_API kist_code kist_writer_delete_value(kist_writer writer, kist_store store, const void* key,
                                            size_t key_size, const kist_value* value, bool* existed,
                                            kist_error* error) KIST_NOEXCEPT;

KIST_API kist_code kist_writer_put_if_absent(kist_writer writer, kist_store store, const void* key,
                                             size_t key_size, const kist_value* value, bool* stored,
                                             kist_error* error) KIST_NOEXCEPT;

KIST_API kist_code kist_writer_compare_and_set(kist_writer writer, kist_store store,
                                               const void* key, size_t key_size,
                                               const kist_value* expected, const kist_value* value,
                                               bool* stored, kist_error* error) KIST_NOEXCEPT;

KIST_API kist_code kist_writer_add(kist_writer writer, kist_store store, const void* key,
                                   size_t key_size, int64_t amount, kist_value* sum,
                                   kist_error* error) KIST_NOEXCEPT;

/* ---- Batches --------------------------------------------------------------------------- */

/* clang-format off */
typedef struct kist_batch { uint64_t id; } kist_batch;
/* clang-format on */

/* Makes an empty batch: changes of several stores, gathered without a transaction, and applied at
 * once in the order given. It belongs to the profile. Calls on it from several threads take turns.
 */
KIST_API kist_code kist_batch_make(kist_profile profile, kist_batch* batch,
                                   kist_error* error) KIST_NOEXCEPT;

/* Adds a put. Key and value are checked and copied. */
KIST_API kist_code kist_batch_put(kist_batch batch, kist_store store, const void* key,
                                  size_t key_size, const kist_value* value,
                                  kist_error* error) KIST_NOEXCEPT;

/* Adds a delete of a key; of what is not there is fine. */
KIST_API kist_code kist_batch_delete(kist_batch batch, kist_store store, const void* key,
                                     size_t key_size, kist_error* error) KIST_NOEXCEPT;

/* Adds a delete of one value of a key. */
KIST_API kist_code kist_batch_delete_value(kist_batch batch, kist_store store, const void* key,
                                           size_t key_size, const kist_value* value,
                                           kist_error* error) KIST_NOEXCEPT;

/* Adds a delete of all records within a range, which has no limit; NULL: of all records. */
KIST_API kist_code kist_batch_delete_range(kist_batch batch, kist_store store,
                                           const kist_range* range,
                                           kist_error* error) KIST_NOEXCEPT;

/* Applies the batch in one transaction: all of it, or on any error nothing. It stays as it is, and
 * may be applied again. `durability`: KIST_DURABILITY_... */
KIST_API kist_code kist_batch_apply(kist_batch batch, uint32_t durability,
                                    kist_error* error) KIST_NOEXCEPT;

/* Gives the batch back. Errors: CLOSED. */
KIST_API kist_code kist_batch_close(kist_batch batch, kist_error* error) KIST_NOEXCEPT;

/* ---- What can be told ------------------------------------------------------------------- */

/* Of a profile's environment: what this process did since it opened it. Set struct_size before. */
typedef struct kist_metrics {
  uint32_t struct_size;
  uint64_t commits;           /* Their number, */
  uint64_t commit_ns;         /* the nanoseconds they took, all told, from call to return, */
  uint64_t longest_commit_ns; /* and the longest. */
  uint64_t transactions;      /* Readers and writers that live now. */
  uint64_t memory;            /* Bytes, about, that this process keeps for the environment. */
  uint64_t errors[128];       /* Errors returned by calls, by their code. */
} kist_metrics;

KIST_API kist_code kist_profile_metrics(kist_profile profile, kist_metrics* metrics,
                                        kist_error* error) KIST_NOEXCEPT;

/* What there is of one store. Set struct_size before. */
typedef struct kist_store_metrics {
  uint32_t struct_size;
  uint64_t records; /* In a multi store, values. */
  uint64_t bytes;   /* Of the file, in whole pages. */
} kist_store_metrics;

KIST_API kist_code kist_store_get_metrics(kist_store store, kist_store_metrics* metrics,
                                          kist_error* error) KIST_NOEXCEPT;

/* Something that happened to a profile's environment in this process. */
typedef struct kist_event {
  bool commit;          /* A commit; else an error that a call is about to return. */
  uint64_t took_ns;     /* Commit: nanoseconds from call to return. */
  uint64_t transaction; /* Commit: its number. */
  uint64_t writes;      /* Commit: how many queued writes shared it; else 1. */
  kist_code code;       /* Error. */
  const char* message;  /* Error: `message_size` bytes of UTF-8 and a NUL. Else empty. */
  size_t message_size;
} kist_event;

/* Calls `listener` with each event until the handle is closed, or is given another listener (NULL:
 * none). It runs on the thread concerned, must be short, and must not use Kist; a call that is
 * under way may still reach it after this function, or the close, has returned. */
KIST_API kist_code kist_profile_listen(kist_profile profile,
                                       void (*listener)(void* context, const kist_event* event),
                                       void* context, kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
