/* Backups, salvage, dumps and copies. */
#define _XOPEN_SOURCE 700

#include <fcntl.h>
#include <unistd.h>

#include "engine_check.h"

static char names[128][4200];

/* The path of a file of the test; good until many others were asked for. */
static kist_bytes file(const char* name) {
  static size_t next = 0;
  char* const path = names[next++ % 128];
  const int size = snprintf(path, sizeof names[0], "%s/%s", test_directory, name);
  return (kist_bytes){(const uint8_t*)path, (size_t)size};
}
#define PATH(bytes) (const char*)(bytes).data, (bytes).size

static void fill(kist_db db, int from, int to) {
  kist_txn txn = begin_write(db);
  for (int i = from; i < to; ++i) {
    char key[32];
    snprintf(key, sizeof key, "key %d", i);
    put_text(txn, kDefault, key, "value");
  }
  commit(txn);
}

static void expect_count(const char* name, uint64_t expected) {
  kist_db db = open_db(name);
  kist_txn txn = begin_read(db);
  uint64_t count = 0;
  CHECK_OK(kist_txn_count(txn, kDefault, KIST_COUNT_PAIRS, &count, &error));
  CHECK(count == expected);
  end(txn);
  close_clean(db);
}

static bool count_calls(void* context, uint64_t done, uint64_t total) {
  CHECK(total == 0 || done <= total);
  ++*(int*)context;
  return true;
}
static bool refuse(void* context, uint64_t done, uint64_t total) {
  (void)context, (void)done, (void)total;
  return false;
}

static void full_and_incremental(void) {
  kist_db db = open_db("store");
  fill(db, 0, 1000);
  int calls = 0;
  kist_backup_options options = {
      .struct_size = sizeof options, .progress = count_calls, .context = &calls};
  kist_backup_report full = {.struct_size = sizeof full};
  const kist_bytes to = file("full");
  CHECK_OK(kist_db_backup(db, PATH(to), NULL, &options, &full, &error));
  CHECK(calls > 0 && full.pages > 0 && full.bytes > 0);
  CHECK_FAILS(KIST_ERROR_ALREADY_EXISTS, "exists",
              kist_db_backup(db, PATH(to), NULL, NULL, NULL, &error));
  options.progress = refuse;
  CHECK_FAILS(KIST_ERROR_STOPPED, "stopped",
              kist_db_backup(db, PATH(file("none")), NULL, &options, NULL, &error));
  kist_backup_point point;
  CHECK_OK(kist_backup_point_of(PATH(to), &point, &error));
  CHECK(memcmp(&point, &full.point, sizeof point) == 0);

  fill(db, 1000, 1010);
  kist_backup_report some = {.struct_size = sizeof some};
  CHECK_OK(kist_db_backup(db, PATH(file("1")), &full.point, NULL, &some, &error));
  CHECK(some.pages < full.pages);
  fill(db, 1010, 1020);
  char path[4200];
  snprintf(path, sizeof path, "%s/2", test_directory);
  const int descriptor = open(path, O_CREAT | O_WRONLY, 0600);
  CHECK_OK(kist_db_backup_to(db, descriptor, &some.point, NULL, NULL, &error));
  close(descriptor);

  const kist_bytes increments[] = {file("1"), file("2")};
  CHECK_FAILS(KIST_ERROR_WRONG_BASE, "/2",
              kist_restore(PATH(to), increments + 1, 1, PATH(file("new")), NULL, NULL, &error));
  CHECK_OK(kist_restore(PATH(to), increments, 2, PATH(file("new")), NULL, NULL, &error));
  CHECK_OK(kist_restore(PATH(to), NULL, 0, PATH(file("old")), NULL, NULL, &error));
  CHECK_FAILS(KIST_ERROR_NOT_FOUND, "", kist_backup_point_of(PATH(file("none")), &point, &error));
  close_clean(db);
  expect_count("new", 1020);
  expect_count("old", 1000);
}

static void compacted(void) {
  kist_db db = open_db("store");
  const kist_backup_options options = {.struct_size = sizeof options, .compacted = true};
  CHECK_OK(kist_db_backup(db, PATH(file("small")), NULL, &options, NULL, &error));
  kist_check_report report;
  CHECK_OK(kist_db_check_level(db, KIST_CHECK_STRUCTURE, NULL, NULL, &report, &error));
  CHECK(report.violations == 0);
  kist_check_report_free(&report);
  CHECK_FAILS(KIST_ERROR_STOPPED, "",
              kist_db_check_level(db, KIST_CHECK_EVERYTHING, refuse, NULL, &report, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "level",
              kist_db_check_level(db, 9, NULL, NULL, &report, &error));
  close_clean(db);
  expect_count("small", 1020);
}

static void as_text(void) {
  kist_db db = open_db("store");
  char path[4200];
  snprintf(path, sizeof path, "%s/text", test_directory);
  int descriptor = open(path, O_CREAT | O_RDWR, 0600);
  uint64_t records = 0;
  CHECK_OK(kist_db_dump(db, descriptor, NULL, NULL, &records, &error));
  CHECK(records == 1020);
  CHECK(lseek(descriptor, 0, SEEK_SET) == 0);
  CHECK_FAILS(KIST_ERROR_TABLE_EXISTS, "default",
              kist_db_load(db, descriptor, NULL, NULL, NULL, &error));
  kist_db copy = open_db("loaded");
  CHECK(lseek(descriptor, 0, SEEK_SET) == 0);
  CHECK_OK(kist_db_load(copy, descriptor, NULL, NULL, &records, &error));
  CHECK(records == 1020);
  close(descriptor);

  /* One table, to another database. */
  kist_txn from = begin_read(copy);
  kist_txn to = begin_write(db);
  const kist_table target = table_named(db, "copied");
  int calls = 0;
  CHECK_OK(kist_txn_copy_table(from, kDefault, to, target, count_calls, &calls, &records, &error));
  CHECK(records == 1020 && calls > 0);
  CHECK_FAILS(KIST_ERROR_TABLE_EXISTS, "copied",
              kist_txn_copy_table(from, kDefault, to, target, NULL, NULL, NULL, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "",
              kist_txn_copy_table(to, target, to, table_named(db, "x"), NULL, NULL, NULL, &error));
  end(from);
  end(to);
  close_clean(copy);
  close_clean(db);
}

static void salvaged(void) {
  kist_salvage_report report = {.struct_size = sizeof report};
  kist_buffer losses;
  int calls = 0;
  kist_salvage_options options = {
      .struct_size = sizeof options, .progress = count_calls, .context = &calls};
  CHECK_OK(
      kist_salvage(PATH(file("store")), PATH(file("whole")), &options, &report, &losses, &error));
  CHECK(calls > 0);
  CHECK(report.complete && report.records == 1020 && losses.size == 0);
  kist_buffer_free(&losses);
  expect_count("whole", 1020);
  kist_db db = open_db("store");
  CHECK_FAILS(KIST_ERROR_BUSY, "open",
              kist_salvage(PATH(file("store")), PATH(file("other")), NULL, NULL, NULL, &error));
  bool deleted = false;
  CHECK_FAILS(KIST_ERROR_BUSY, "open",
              kist_delete_environment(PATH(file("store")), &deleted, &error));
  close_clean(db);
  CHECK_OK(kist_delete_environment(PATH(file("store")), &deleted, &error));
  CHECK(deleted);
  CHECK_OK(kist_delete_environment(PATH(file("store")), &deleted, &error));
  CHECK(!deleted);
}

/* The order of "key 10" and "key 9" by number. */
static int by_number(void* context, const uint8_t* a, size_t a_size, const uint8_t* b,
                     size_t b_size) {
  ++*(int*)context;
  if (a_size != b_size) return a_size < b_size ? -1 : 1;
  return memcmp(a, b, a_size);
}

/* A table in an order of one's own. */
static void salvaged_in_an_order_of_ones_own(void) {
  int compared = 0;
  kist_db db = open_db("ordered");
  CHECK_OK(kist_db_register_comparator(db, "number", 6, by_number, &compared, NULL, &error));
  const kist_table table = make_table(
      db, "t", (kist_table_options){.key_order = KIST_ORDER_CUSTOM, .key_comparator = "number"});
  kist_txn txn = begin_write(db);
  for (int i = 0; i < 2000; ++i) {
    char key[32];
    snprintf(key, sizeof key, "key %d", i);
    put_text(txn, table, key, "value");
  }
  commit(txn);
  close_clean(db);

  kist_named_comparator comparator = {bytes("number"), NULL, &compared};
  kist_salvage_options options = {.struct_size = sizeof options, .comparators = &comparator};
  options.comparator_count = SIZE_MAX;
  CHECK_FAILS(
      KIST_ERROR_INVALID_ARGUMENT, "comparators",
      kist_salvage(PATH(file("ordered")), PATH(file("mended")), &options, NULL, NULL, &error));
  options.comparator_count = 1;
  CHECK_FAILS(
      KIST_ERROR_INVALID_ARGUMENT, "compare is NULL",
      kist_salvage(PATH(file("ordered")), PATH(file("mended")), &options, NULL, NULL, &error));
  comparator.compare = by_number;
  kist_salvage_report report = {.struct_size = sizeof report};
  CHECK_OK(
      kist_salvage(PATH(file("ordered")), PATH(file("mended")), &options, &report, NULL, &error));
  CHECK(report.complete && report.records == 2000);
  db = open_db("mended");
  CHECK_OK(kist_db_register_comparator(db, "number", 6, by_number, &compared, NULL, &error));
  txn = begin_read(db);
  kist_pair first;
  CHECK_OK(kist_txn_nth(txn, table_named(db, "t"), 9, KIST_COUNT_PAIRS, &first, NULL, &error));
  CHECK(bytes_equal(first.key, "key 9"));
  end(txn);
  close_clean(db);
}

int main(void) {
  make_test_directory();
  full_and_incremental();
  compacted();
  as_text();
  salvaged();
  salvaged_in_an_order_of_ones_own();
  return 0;
}
