/* What the C tests of the engine share. */
#pragma once

#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif

#include <kist/kist_engine.h>

#include "check.h"

/* The default table. */
static const kist_table kDefault = {0};

/* Opens the file test_directory/`name`, creating it. */
static inline kist_db open_db(const char* name) {
  char path[8192];
  const int size = snprintf(path, sizeof path, "%s/%s", test_directory, name);
  const kist_db_options options = {.struct_size = sizeof options, .create = true};
  kist_db db;
  CHECK_OK(kist_db_open(path, (size_t)size, &options, &db, &error));
  return db;
}

/* Holds the whole file against every invariant, and closes it. */
static inline void close_clean(kist_db db) {
  kist_check_report report;
  CHECK_OK(kist_db_check(db, &report, &error));
  if (report.violations != 0) fputs(report.text, stderr);
  CHECK(report.violations == 0);
  kist_check_report_free(&report);
  CHECK_OK(kist_db_close(db, &error));
}

static inline kist_table table_named(kist_db db, const char* name) {
  kist_table table;
  CHECK_OK(kist_db_table(db, name, strlen(name), &table, &error));
  return table;
}

static inline kist_txn begin_read(kist_db db) {
  kist_txn txn;
  CHECK_OK(kist_txn_begin_read(db, &txn, &error));
  return txn;
}

static inline kist_txn begin_write(kist_db db) {
  kist_txn txn;
  CHECK_OK(kist_txn_begin_write(db, KIST_WAIT_FOREVER, &txn, &error));
  return txn;
}

static inline void commit(kist_txn txn) {
  CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_RELAXED, NULL, &error));
}

static inline void end(kist_txn txn) {
  CHECK_OK(kist_txn_abort(txn, &error));
}

/* Creates a table in a transaction of its own. */
static inline kist_table make_table(kist_db db, const char* name, kist_table_options options) {
  const kist_table table = table_named(db, name);
  options.struct_size = sizeof options;
  kist_txn txn = begin_write(db);
  CHECK_OK(kist_txn_create_table(txn, table, &options, false, &error));
  commit(txn);
  return table;
}

static inline kist_table make_multimap(kist_db db, const char* name) {
  return make_table(db, name, (kist_table_options){.multi = true});
}

static inline kist_bytes bytes(const char* string) {
  return (kist_bytes){(const uint8_t*)string, strlen(string)};
}

static inline void put_text(kist_txn txn, kist_table table, const char* key, const char* value) {
  CHECK_OK(kist_txn_put(txn, table, key, strlen(key), value, strlen(value), KIST_PUT_UPSERT, NULL,
                        &error));
}

/* Whether the value of `key` is `value`; NULL for none. */
static inline bool has_text(kist_txn txn, kist_table table, const char* key, const char* value) {
  kist_bytes found;
  bool there = false;
  CHECK_OK(kist_txn_get(txn, table, key, strlen(key), &found, &there, &error));
  CHECK(there == (found.data != NULL));
  return value == NULL ? !there : there && bytes_equal(found, value);
}

/* Writes the records of a table as "key=value," into a static text. */
static inline const char* records_of(kist_txn txn, kist_table table) {
  static char all[4096];
  size_t used = 0;
  kist_cursor cursor;
  CHECK_OK(kist_cursor_open(txn, table, &cursor, &error));
  kist_bytes key;
  kist_bytes value;
  bool found = false;
  all[0] = '\0';
  for (;;) {
    CHECK_OK(kist_cursor_move(cursor, KIST_CURSOR_NEXT, &key, &value, &found, &error));
    if (!found) break;
    used += (size_t)snprintf(all + used, sizeof all - used, "%.*s=%.*s,", (int)key.size,
                             (const char*)key.data, (int)value.size, (const char*)value.data);
    CHECK(used < sizeof all);
  }
  CHECK_OK(kist_cursor_close(cursor, &error));
  return all;
}

static inline bool same_text(const char* a, const char* b) {
  if (strcmp(a, b) == 0) return true;
  fprintf(stderr, "'%s' is not '%s'\n", a, b);
  return false;
}
