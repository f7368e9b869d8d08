/* Tables of Kist's engine: making and removing them, their orders, what is known of them. A part of
 * kist_engine.h, whose head says what holds for all functions. */
#pragma once

#include "kist_engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How keys, or the values of one key, are ordered. Numbers are stored in the form that
 * kist_engine_keys.h makes. */
enum {
  KIST_ORDER_DEFAULT = 0,  /* As KIST_ORDER_BYTES. */
  KIST_ORDER_BYTES = 1,    /* Byte by byte from the first; a prefix before what it begins. */
  KIST_ORDER_REVERSED = 2, /* Byte by byte from the last; a suffix before what it ends. */
  KIST_ORDER_U32 = 3,      /* Unsigned numbers of four bytes. */
  KIST_ORDER_U64 = 4,      /* Unsigned numbers of eight bytes. */
  KIST_ORDER_I32 = 5,      /* Signed numbers of four bytes. */
  KIST_ORDER_I64 = 6,      /* Signed numbers of eight bytes. */
  KIST_ORDER_DOUBLE = 7,   /* Doubles; -0 before +0, NaNs at the ends by sign. */
  KIST_ORDER_CUSTOM = 8,   /* By a comparator, see kist_db_register_comparator. */
};

/* What a table is; chosen when it is created, stored in the file, the same for ever after. Set
 * struct_size to sizeof(kist_table_options) and everything else to zero, which means the default:
 * bytewise order, one value a key. Fields may be added at the end. */
typedef struct kist_table_options {
  uint32_t struct_size;
  uint32_t key_order;        /* KIST_ORDER_... */
  uint32_t value_order;      /* Of multimaps only, like the other fields of values. */
  uint16_t value_size;       /* Not 0: every value has so many bytes, and they are stored densely.
                                Implied by a value_order of numbers. */
  bool multi;                /* A multimap. */
  char key_comparator[33];   /* With KIST_ORDER_CUSTOM: its name, 1 to 32 bytes, and a NUL. */
  char value_comparator[33]; /* Likewise. */
} kist_table_options;

/* Creates a table in a write transaction. `options` may be NULL for the defaults. One that exists
 * is TABLE_EXISTS unless `exist_ok`, and OPTION_CONFLICT, naming the option, when it was created
 * with others. Errors: INVALID_ARGUMENT (options that make no sense), READ_ONLY, NO_SPACE. */
KIST_API kist_code kist_txn_create_table(kist_txn txn, kist_table table,
                                         const kist_table_options* options, bool exist_ok,
                                         kist_error* error) KIST_NOEXCEPT;

/* Removes a table and everything in it, in time proportional to its branch pages. Errors:
 * INVALID_ARGUMENT (the default table), READ_ONLY. */
KIST_API kist_code kist_txn_drop_table(kist_txn txn, kist_table table,
                                       kist_error* error) KIST_NOEXCEPT;

/* Gives the table `from` the name of `to`. Errors: TABLE_EXISTS, INVALID_ARGUMENT (the default
 * table), READ_ONLY. */
KIST_API kist_code kist_txn_rename_table(kist_txn txn, kist_table from, kist_table to,
                                         kist_error* error) KIST_NOEXCEPT;

/* Removes every record of a table, as fast. `removed` (may be NULL) says how many there were.
 * Errors: READ_ONLY. */
KIST_API kist_code kist_txn_clear_table(kist_txn txn, kist_table table, uint64_t* removed,
                                        kist_error* error) KIST_NOEXCEPT;

/* Sets `exists` to whether the snapshot has the table. */
KIST_API kist_code kist_txn_table_exists(kist_txn txn, kist_table table, bool* exists,
                                         kist_error* error) KIST_NOEXCEPT;

/* Fills `options`, whose struct_size has to be set, with what the table was created with. */
KIST_API kist_code kist_txn_table_options(kist_txn txn, kist_table table,
                                          kist_table_options* options,
                                          kist_error* error) KIST_NOEXCEPT;

/* Lists the names of all named tables, in byte order. Free with kist_names_free. */
KIST_API kist_code kist_txn_table_names(kist_txn txn, kist_names* names,
                                        kist_error* error) KIST_NOEXCEPT;

/* Shape of a table. Set struct_size to sizeof(kist_table_stats) before the call; fields may be
 * added at the end. */
typedef struct kist_table_stats {
  uint32_t struct_size;
  uint32_t depth; /* Levels; 0 when empty. */
  uint64_t records;
  uint64_t branch_pages;
  uint64_t leaf_pages;
  uint64_t overflow_pages;
} kist_table_stats;

/* Fills `stats`. Visits every branch page, and every leaf that holds large values or groups of
 * their own. Errors: INVALID_ARGUMENT (struct_size). */
KIST_API kist_code kist_txn_table_stats(kist_txn txn, kist_table table, kist_table_stats* stats,
                                        kist_error* error) KIST_NOEXCEPT;

/* Sets `order` to how the table orders two keys: negative, zero or positive. */
KIST_API kist_code kist_txn_compare_keys(kist_txn txn, kist_table table, const void* a,
                                         size_t a_size, const void* b, size_t b_size, int* order,
                                         kist_error* error) KIST_NOEXCEPT;

/* Likewise two values of one key; byte by byte in tables that are no multimaps. */
KIST_API kist_code kist_txn_compare_values(kist_txn txn, kist_table table, const void* a,
                                           size_t a_size, const void* b, size_t b_size, int* order,
                                           kist_error* error) KIST_NOEXCEPT;

/* Sets `next` to the next number of the table's persistent sequence, which starts at 0. */
KIST_API kist_code kist_txn_sequence(kist_txn txn, kist_table table, uint64_t* next,
                                     kist_error* error) KIST_NOEXCEPT;

/* Adds `amount` to the sequence, and sets `first` to what it was: the first of `amount` numbers
 * that nobody else gets. Errors: INVALID_ARGUMENT (it would overflow), READ_ONLY. */
KIST_API kist_code kist_txn_advance_sequence(kist_txn txn, kist_table table, uint64_t amount,
                                             uint64_t* first, kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
