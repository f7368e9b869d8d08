/* Orders of tables: numbers as keys, reversed bytes, comparators of the caller's. */
#define _XOPEN_SOURCE 700

#include <ctype.h>
#include <math.h>

#include "engine_check.h"

static const kist_table_options kPlain = {.struct_size = sizeof(kist_table_options)};

static void numbers_become_keys_and_back(void) {
  uint8_t key[8];
  uint8_t greater[8];
  const uint64_t u[] = {0, 1, 255, 256, 0x7FFFFFFF, 0x80000000, UINT64_MAX - 1, UINT64_MAX};
  for (size_t i = 0; i < sizeof u / sizeof *u; ++i) {
    kist_key_of_u64(u[i], key);
    CHECK(kist_u64_of_key(key) == u[i]);
    kist_key_of_u32((uint32_t)u[i], key);
    CHECK(kist_u32_of_key(key) == (uint32_t)u[i]);
  }
  const int64_t s[] = {INT64_MIN, INT32_MIN, -256, -1, 0, 1, 77, INT32_MAX, INT64_MAX};
  for (size_t i = 0; i < sizeof s / sizeof *s; ++i) {
    kist_key_of_i64(s[i], key);
    CHECK(kist_i64_of_key(key) == s[i]);
    if (i == 0) continue;
    kist_key_of_i64(s[i - 1], greater);
    CHECK(memcmp(greater, key, 8) < 0);
    const int32_t small = (int32_t)(s[i] % 1000);
    kist_key_of_i32(small, key);
    CHECK(kist_i32_of_key(key) == small);
  }
  const double d[] = {-INFINITY, -1e300, -1.5, -0.0, 0.0, 1e-300, 1.5, INFINITY};
  for (size_t i = 0; i < sizeof d / sizeof *d; ++i) {
    kist_key_of_double(d[i], key);
    const double back = kist_double_of_key(key);
    CHECK(memcmp(&back, &d[i], 8) == 0);
    if (i == 0) continue;
    kist_key_of_double(d[i - 1], greater);
    CHECK(memcmp(greater, key, 8) < 0);
  }
}

static void tables_sort_by_numbers(kist_db db) {
  const kist_table table = make_table(db, "i64", (kist_table_options){.key_order = KIST_ORDER_I64});
  kist_txn txn = begin_write(db);
  const int64_t numbers[] = {5, -3, 0, INT64_MIN, 1000};
  uint8_t key[8];
  for (size_t i = 0; i < 5; ++i) {
    kist_key_of_i64(numbers[i], key);
    CHECK_OK(kist_txn_put(txn, table, key, 8, "", 0, KIST_PUT_UPSERT, NULL, &error));
  }
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "",
              kist_txn_put(txn, table, "short", 5, "", 0, KIST_PUT_UPSERT, NULL, &error));
  kist_cursor cursor;
  CHECK_OK(kist_cursor_open(txn, table, &cursor, &error));
  kist_pair records[5];
  size_t read = 0;
  CHECK_OK(kist_cursor_read(cursor, records, 5, &read, &error));
  CHECK(read == 5 && kist_i64_of_key(records[0].key.data) == INT64_MIN);
  CHECK(kist_i64_of_key(records[1].key.data) == -3 && kist_i64_of_key(records[4].key.data) == 1000);
  CHECK_OK(kist_cursor_close(cursor, &error));
  uint64_t count = 0;
  CHECK_OK(kist_txn_erase_range(txn, table, NULL, &(kist_bytes){key, 8}, &count, &error));
  CHECK(count == 4);
  kist_table_options options = kPlain;
  CHECK_OK(kist_txn_table_options(txn, table, &options, &error));
  CHECK(options.key_order == KIST_ORDER_I64 && !options.multi && options.value_size == 0);
  CHECK(options.struct_size == sizeof options);
  kist_table_options other = kPlain;
  other.key_order = KIST_ORDER_U64;
  CHECK_FAILS(KIST_ERROR_OPTION_CONFLICT, "key_order",
              kist_txn_create_table(txn, table, &other, true, &error));
  const kist_table fresh = table_named(db, "fresh");
  other.key_order = 9;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "key_order",
              kist_txn_create_table(txn, fresh, &other, true, &error));
  other = kPlain;
  other.multi = true;
  other.value_order = 77;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "value_order",
              kist_txn_create_table(txn, fresh, &other, true, &error));
  other = kPlain;
  memset(other.key_comparator, 'x', sizeof other.key_comparator);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "NUL",
              kist_txn_create_table(txn, fresh, &other, true, &error));
  commit(txn);
}

static void suffixes_sort_together(kist_db db) {
  const kist_table table =
      make_table(db, "reversed", (kist_table_options){.key_order = KIST_ORDER_REVERSED});
  kist_txn txn = begin_write(db);
  put_text(txn, table, "b.org", "");
  put_text(txn, table, "a.net", "");
  put_text(txn, table, "a.org", "");
  CHECK(same_text(records_of(txn, table), "a.org=,b.org=,a.net=,"));
  int order = 0;
  CHECK_OK(kist_txn_compare_keys(txn, table, "ab", 2, "ba", 2, &order, &error));
  CHECK(order > 0);
  uint64_t count = 0;
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_txn_count_prefix(txn, table, "a", 1, 0, &count, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_txn_erase_prefix(txn, table, "a", 1, &count, &error));
  commit(txn);
}

/* Compares without regard to case; counts its calls and its end. */
typedef struct caseless {
  int calls;
  int releases;
} caseless;

static int compare_caseless(void* context, const uint8_t* a, size_t a_size, const uint8_t* b,
                            size_t b_size) {
  ++((caseless*)context)->calls;
  for (size_t i = 0; i < a_size && i < b_size; ++i) {
    const int difference = tolower(a[i]) - tolower(b[i]);
    if (difference != 0) return difference;
  }
  return (a_size > b_size) - (a_size < b_size);
}

static void release_caseless(void* context) {
  ++((caseless*)context)->releases;
}

static void comparators_of_the_callers(void) {
  kist_db db = open_db("custom");
  caseless first = {0, 0};
  caseless second = {0, 0};
  CHECK_OK(kist_db_register_comparator(db, "caseless", 8, compare_caseless, &first,
                                       release_caseless, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "caseless",
              kist_db_register_comparator(db, "caseless", 8, compare_caseless, &second,
                                          release_caseless, &error));
  CHECK_FAILS(
      KIST_ERROR_INVALID_ARGUMENT, "",
      kist_db_register_comparator(db, "", 0, compare_caseless, &second, release_caseless, &error));
  CHECK(second.releases == 0);
  const kist_table table = make_table(db, "t",
                                      (kist_table_options){.key_order = KIST_ORDER_CUSTOM,
                                                           .key_comparator = "caseless",
                                                           .multi = true,
                                                           .value_order = KIST_ORDER_CUSTOM,
                                                           .value_comparator = "caseless"});
  kist_txn txn = begin_write(db);
  put_text(txn, table, "b", "2");
  put_text(txn, table, "A", "x");
  put_text(txn, table, "a", "Y");
  put_text(txn, table, "B", "3");
  CHECK(same_text(records_of(txn, table), "A=x,A=Y,b=2,b=3,"));
  CHECK(first.calls > 0 && first.releases == 0);
  int order = 1;
  CHECK_OK(kist_txn_compare_keys(txn, table, "ABC", 3, "abc", 3, &order, &error));
  CHECK(order == 0);
  CHECK_OK(kist_txn_compare_values(txn, table, "ABC", 3, "abd", 3, &order, &error));
  CHECK(order < 0);
  kist_table_options options = kPlain;
  CHECK_OK(kist_txn_table_options(txn, table, &options, &error));
  CHECK(options.multi && strcmp(options.key_comparator, "caseless") == 0);
  CHECK(options.value_order == KIST_ORDER_CUSTOM);
  commit(txn);
  close_clean(db);
  CHECK(first.releases == 1);

  /* Without it the table can be dropped, but not read. */
  db = open_db("custom");
  const kist_table again = table_named(db, "t");
  txn = begin_write(db);
  kist_bytes value;
  CHECK_FAILS(KIST_ERROR_NO_COMPARATOR, "caseless",
              kist_txn_get(txn, again, "a", 1, &value, NULL, &error));
  CHECK_OK(kist_txn_drop_table(txn, again, &error));
  commit(txn);
  close_clean(db);
}

int main(void) {
  make_test_directory();
  numbers_become_keys_and_back();
  kist_db db = open_db("orders");
  tables_sort_by_numbers(db);
  suffixes_sort_together(db);
  close_clean(db);
  comparators_of_the_callers();
  return 0;
}
