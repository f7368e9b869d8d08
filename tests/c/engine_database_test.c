/* Databases: opening and its options, limits, statistics, check, and their tables. */
#include "engine_check.h"

static char path[8192];

static void name_file(const char* name) {
  snprintf(path, sizeof path, "%s/%s", test_directory, name);
}

static void options_are_checked(void) {
  name_file("options");
  kist_db_options options = {.struct_size = sizeof options};
  kist_db db;
  CHECK_FAILS(KIST_ERROR_NOT_FOUND, "options",
              kist_db_open(path, strlen(path), &options, &db, &error));
  CHECK(db.id == 0);
  CHECK_FAILS(KIST_ERROR_NOT_FOUND, "", kist_db_open(path, strlen(path), NULL, &db, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "path", kist_db_open("", 0, &options, &db, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "NUL", kist_db_open("a\0b", 3, &options, &db, &error));
  options.create = true;
  options.read_only = true;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "read_only",
              kist_db_open(path, strlen(path), &options, &db, &error));
  options.read_only = false;
  options.durability = 3;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "durability",
              kist_db_open(path, strlen(path), &options, &db, &error));
  options.durability = KIST_DURABILITY_RELAXED;
  options.page_size = 1000;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "page_size",
              kist_db_open(path, strlen(path), &options, &db, &error));
  options.page_size = 512;
  options.struct_size = 4;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "struct_size",
              kist_db_open(path, strlen(path), &options, &db, &error));
  struct {
    kist_db_options known;
    uint64_t of_the_future;
  } newer = {.known = {.struct_size = sizeof newer, .create = true, .page_size = 512}};
  newer.of_the_future = 1;
  CHECK_FAILS(KIST_ERROR_UNSUPPORTED, "newer",
              kist_db_open(path, strlen(path), &newer.known, &db, &error));
  newer.of_the_future = 0;
  newer.known.transaction_memory = 1 << 20;
  CHECK_OK(kist_db_open(path, strlen(path), &newer.known, &db, &error));

  /* The same file again is the same environment; other options are a conflict. */
  kist_db again;
  kist_db_options other = {.struct_size = sizeof other, .page_size = 1024};
  CHECK_FAILS(KIST_ERROR_OPTION_CONFLICT, "page_size",
              kist_db_open(path, strlen(path), &other, &again, &error));
  other.page_size = 0;
  other.unverified = true;
  CHECK_FAILS(KIST_ERROR_OPTION_CONFLICT, "verify",
              kist_db_open(path, strlen(path), &other, &again, &error));
  CHECK_OK(kist_db_open(path, strlen(path), NULL, &again, &error));
  const kist_table by_first = table_named(db, "t");
  const kist_table by_second = table_named(again, "t");
  CHECK(by_first.id == by_second.id);
  CHECK_OK(kist_db_close(db, &error));
  kist_txn txn = begin_write(again);
  CHECK_OK(kist_txn_create_table(txn, by_first, NULL, false, &error));
  put_text(txn, by_first, "k", "v");
  commit(txn);
  close_clean(again);

  other = (kist_db_options){.struct_size = sizeof other, .read_only = true};
  CHECK_OK(kist_db_open(path, strlen(path), &other, &db, &error));
  CHECK_FAILS(KIST_ERROR_READ_ONLY, "", kist_txn_begin_write(db, 0, &txn, &error));
  CHECK_OK(kist_db_sync(db, &error));
  close_clean(db);
}

static void what_a_database_tells(void) {
  kist_db db = open_db("told");
  kist_buffer told;
  CHECK_OK(kist_db_path(db, &told, &error));
  name_file("told");
  CHECK(told.size == strlen(path) && strcmp((const char*)told.data, path) == 0);
  kist_buffer_free(&told);
  CHECK(told.data == NULL && told.size == 0);
  kist_buffer_free(&told);
  kist_buffer_free(NULL);

  kist_engine_limits limits = {.struct_size = sizeof limits};
  CHECK_OK(kist_db_limits(db, &limits, &error));
  CHECK(limits.page_size == 4096 && limits.max_key_size == 2022);
  CHECK(limits.max_table_name_size > 0 && limits.max_table_name_size <= limits.max_key_size);
  limits.struct_size = 1;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "limits", kist_db_limits(db, &limits, &error));

  kist_txn txn = begin_write(db);
  CHECK_OK(kist_txn_create_table(txn, table_named(db, "t"), NULL, false, &error));
  put_text(txn, kDefault, "k", "v");
  CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_RELAXED, NULL, &error));
  kist_engine_stats stats = {.struct_size = sizeof stats};
  CHECK_OK(kist_db_stats(db, &stats, &error));
  CHECK(stats.page_size == 4096 && stats.tables == 1 && stats.file_pages > 0);
  CHECK(stats.durable_id < stats.transaction_id && stats.oldest_pinned == stats.transaction_id);
  CHECK_OK(kist_db_sync(db, &error));
  CHECK_OK(kist_db_stats(db, &stats, &error));
  CHECK(stats.durable_id == stats.transaction_id && stats.flushes > 0 && stats.bytes_written > 0);
  stats.struct_size = sizeof stats - 8;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "stats", kist_db_stats(db, &stats, &error));
  close_clean(db);
}

static void tables_come_and_go(void) {
  kist_db db = open_db("tables");
  kist_table table;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "", kist_db_table(db, "", 0, &table, &error));
  CHECK(table.id == 0);
  const kist_table a = table_named(db, "a");
  const kist_table b = table_named(db, "b");
  CHECK_OK(kist_db_table(db, "\0\xFF", 2, &table, &error));

  kist_txn txn = begin_write(db);
  bool exists = true;
  CHECK_OK(kist_txn_table_exists(txn, a, &exists, &error));
  CHECK(!exists);
  CHECK_FAILS(KIST_ERROR_TABLE_NOT_FOUND, "'a'",
              kist_txn_put(txn, a, "k", 1, "v", 1, KIST_PUT_UPSERT, NULL, &error));
  CHECK_OK(kist_txn_create_table(txn, a, NULL, false, &error));
  CHECK_OK(kist_txn_create_table(txn, table, NULL, false, &error));
  CHECK_FAILS(KIST_ERROR_TABLE_EXISTS, "'a'", kist_txn_create_table(txn, a, NULL, false, &error));
  CHECK_OK(kist_txn_create_table(txn, a, NULL, true, &error));
  put_text(txn, a, "k", "v");
  CHECK_OK(kist_txn_rename_table(txn, a, b, &error));
  CHECK(has_text(txn, b, "k", "v"));
  CHECK_FAILS(KIST_ERROR_TABLE_EXISTS, "", kist_txn_rename_table(txn, b, table, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "", kist_txn_rename_table(txn, kDefault, a, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "default", kist_txn_drop_table(txn, kDefault, &error));

  kist_names names;
  CHECK_OK(kist_txn_table_names(txn, &names, &error));
  CHECK(names.count == 2);
  CHECK(names.items[0].size == 2 && memcmp(names.items[0].data, "\0\xFF", 2) == 0);
  CHECK(bytes_equal(names.items[1], "b"));
  kist_names_free(&names);

  kist_table_stats stats = {.struct_size = sizeof stats};
  CHECK_OK(kist_txn_table_stats(txn, b, &stats, &error));
  CHECK(stats.records == 1 && stats.depth == 1 && stats.leaf_pages == 1);
  uint64_t removed = 0;
  CHECK_OK(kist_txn_clear_table(txn, b, &removed, &error));
  CHECK(removed == 1);
  CHECK_OK(kist_txn_clear_table(txn, b, NULL, &error));
  CHECK_OK(kist_txn_drop_table(txn, table, &error));
  CHECK_FAILS(KIST_ERROR_TABLE_NOT_FOUND, "", kist_txn_drop_table(txn, table, &error));
  commit(txn);

  /* A handle is a number; one that this database did not give is refused, whatever it is. */
  kist_db other = open_db("other");
  const kist_table foreign = table_named(other, "a");
  txn = begin_write(db);
  const kist_table noise[] = {foreign,
                              {~UINT64_C(0)},
                              {UINT64_C(0xFFFFFFFF)},
                              {b.id + 4711},
                              {b.id | UINT64_C(0xFFFFFFFF)},
                              {1},
                              {UINT64_C(7) << 33}};
  for (size_t i = 0; i + 1 < sizeof noise / sizeof *noise; ++i) {
    CHECK_FAILS(KIST_ERROR_MISUSE, "another database",
                kist_txn_create_table(txn, noise[i], NULL, true, &error));
    CHECK_FAILS(KIST_ERROR_MISUSE, "another database",
                kist_txn_table_exists(txn, noise[i], &exists, &error));
    CHECK_FAILS(KIST_ERROR_MISUSE, "another database",
                kist_txn_put(txn, noise[i], "k", 1, "v", 1, KIST_PUT_UPSERT, NULL, &error));
  }
  commit(txn);
  close_clean(other);
  close_clean(db);
}

int main(void) {
  make_test_directory();
  options_are_checked();
  what_a_database_tells();
  tables_come_and_go();
  return 0;
}
