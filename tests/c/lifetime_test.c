/* Handles outlive their objects: use after close, double close, stale and foreign handles, NULL
 * pointers, and a fork. None may crash. */
#define _XOPEN_SOURCE 700

#include <sys/wait.h>

#include "check.h"

/* One handle of each kind. */
typedef struct handles {
  kist_profile profile;
  kist_store store;
  kist_reader reader;
  kist_iterator iterator;
  kist_writer writer;
} handles;

static handles open_all(void) {
  handles all;
  all.profile = open_profile("profile");
  all.store = open_store(all.profile, "s");
  put(all.store, "k", text("v"));
  CHECK_OK(kist_reader_begin(all.profile, &all.reader, &error));
  CHECK_OK(kist_iterator_begin(all.reader, all.store, NULL, &all.iterator, &error));
  CHECK_OK(kist_writer_begin(all.profile, KIST_WAIT_FOREVER, &all.writer, &error));
  return all;
}

/* Every function that takes a handle, except those that close, fails with `code`. */
static void nothing_works(handles h, kist_code code) {
  const kist_value in = kist_value_u64(1);
  kist_value out;
  kist_record record;
  kist_records records;
  kist_names names;
  kist_check_report report;
  kist_stats stats = {.struct_size = sizeof stats};
  kist_store store;
  kist_reader reader;
  kist_iterator iterator;
  kist_writer writer;
  bool flag = false;
  uint64_t count = 0;
  CHECK_FAILS(code, "profile", kist_profile_sync(h.profile, &error));
  CHECK_FAILS(code, "profile", kist_profile_list_stores(h.profile, &names, &error));
  CHECK_FAILS(code, "profile", kist_profile_drop_store(h.profile, "s", 1, &flag, &error));
  CHECK_FAILS(code, "profile", kist_profile_stats(h.profile, &stats, &error));
  CHECK_FAILS(code, "profile", kist_profile_check(h.profile, &report, &error));
  CHECK_FAILS(code, "profile", kist_profile_delete(h.profile, &error));
  CHECK_FAILS(code, "profile", kist_store_open(h.profile, "s", 1, true, &store, &error));
  CHECK_FAILS(code, "profile", kist_reader_begin(h.profile, &reader, &error));
  CHECK_FAILS(code, "profile", kist_writer_begin(h.profile, 0, &writer, &error));
  CHECK_FAILS(code, "store", kist_store_get(h.store, "k", 1, 0, &out, &flag, &error));
  CHECK_FAILS(code, "store", kist_store_put(h.store, "k", 1, &in, &error));
  CHECK_FAILS(code, "store", kist_store_delete(h.store, "k", 1, &flag, &error));
  CHECK_FAILS(code, "store", kist_store_has(h.store, "k", 1, &flag, &error));
  CHECK_FAILS(code, "store", kist_store_count(h.store, &count, &error));
  CHECK_FAILS(code, "store", kist_store_clear(h.store, &count, &error));
  CHECK_FAILS(code, "reader", kist_reader_id(h.reader, &count, &error));
  CHECK_FAILS(code, "reader", kist_reader_get(h.reader, h.store, "k", 1, 0, &out, &flag, &error));
  CHECK_FAILS(code, "reader",
              kist_reader_get_copy(h.reader, h.store, "k", 1, 0, &out, &flag, &error));
  CHECK_FAILS(code, "reader", kist_reader_has(h.reader, h.store, "k", 1, &flag, &error));
  CHECK_FAILS(code, "reader", kist_reader_count(h.reader, h.store, &count, &error));
  CHECK_FAILS(code, "reader", kist_iterator_begin(h.reader, h.store, NULL, &iterator, &error));
  CHECK_FAILS(code, "iterator", kist_iterator_next(h.iterator, &record, &flag, &error));
  CHECK_FAILS(code, "iterator", kist_iterator_next_many(h.iterator, 1, 1, &records, &error));
  CHECK_FAILS(code, "writer", kist_writer_get(h.writer, h.store, "k", 1, 0, &out, &flag, &error));
  CHECK_FAILS(code, "writer", kist_writer_has(h.writer, h.store, "k", 1, &flag, &error));
  CHECK_FAILS(code, "writer", kist_writer_put(h.writer, h.store, "k", 1, &in, &error));
  CHECK_FAILS(code, "writer", kist_writer_delete(h.writer, h.store, "k", 1, &flag, &error));
  CHECK_FAILS(code, "writer", kist_writer_clear(h.writer, h.store, &count, &error));
  CHECK(store.id == 0 && reader.id == 0 && writer.id == 0 && iterator.id == 0);
  CHECK(out.tag == KIST_TAG_NONE && names.count == 0 && records.count == 0 && report.text == NULL);
}

static void every_close_fails(handles h, kist_code code) {
  CHECK_FAILS(code, "profile", kist_profile_close(h.profile, &error));
  CHECK_FAILS(code, "store", kist_store_close(h.store, &error));
  CHECK_FAILS(code, "reader", kist_reader_end(h.reader, &error));
  CHECK_FAILS(code, "iterator", kist_iterator_close(h.iterator, &error));
  CHECK_FAILS(code, "writer", kist_writer_commit(h.writer, 0, NULL, &error));
  CHECK_FAILS(code, "writer", kist_writer_abort(h.writer, &error));
}

static void closing_a_profile_closes_all(void) {
  handles h = open_all();
  const kist_value value = kist_value_u64(2);
  CHECK_OK(kist_writer_put(h.writer, h.store, "uncommitted", 11, &value, &error));
  CHECK_OK(kist_profile_close(h.profile, &error));
  nothing_works(h, KIST_ERROR_CLOSED);
  every_close_fails(h, KIST_ERROR_CLOSED);
  /* New objects in the same places do not bring old handles to life. */
  handles later = open_all();
  nothing_works(h, KIST_ERROR_CLOSED);
  every_close_fails(h, KIST_ERROR_CLOSED);
  bool found = true;
  CHECK_OK(kist_store_has(later.store, "uncommitted", 11, &found, &error));
  CHECK(!found);
  CHECK_OK(kist_profile_close(later.profile, &error));
}

static void closing_one_by_one(void) {
  handles h = open_all();
  CHECK_OK(kist_reader_end(h.reader, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "iterator", kist_iterator_close(h.iterator, &error));
  CHECK_OK(kist_writer_commit(h.writer, KIST_DURABILITY_DEFAULT, NULL, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "writer", kist_writer_abort(h.writer, &error));
  CHECK_OK(kist_store_close(h.store, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "store", kist_store_close(h.store, &error));
  CHECK_OK(kist_profile_close(h.profile, &error));
  every_close_fails(h, KIST_ERROR_CLOSED);
}

static void numbers_that_are_no_handles(void) {
  handles zero;
  memset(&zero, 0, sizeof zero);
  nothing_works(zero, KIST_ERROR_INVALID_ARGUMENT);
  every_close_fails(zero, KIST_ERROR_INVALID_ARGUMENT);
  handles noise = {{~UINT64_C(0)}, {1}, {UINT64_C(1) << 63}, {4711}, {UINT64_C(0xFFFFFFFF)}};
  nothing_works(noise, KIST_ERROR_INVALID_ARGUMENT);
  every_close_fails(noise, KIST_ERROR_INVALID_ARGUMENT);
  handles h = open_all();
  handles mixed = {{h.writer.id}, {h.profile.id}, {h.store.id}, {h.reader.id}, {h.iterator.id}};
  nothing_works(mixed, KIST_ERROR_INVALID_ARGUMENT);
  every_close_fails(mixed, KIST_ERROR_INVALID_ARGUMENT);
  CHECK_OK(kist_profile_close(h.profile, &error));
}

static void null_pointers(void) {
  handles h = open_all();
  CHECK_OK(kist_writer_abort(h.writer, &error));
  const kist_code bad = KIST_ERROR_INVALID_ARGUMENT;
  const kist_value in = kist_value_bool(true);
  kist_value out;
  bool flag = false;
  CHECK_FAILS(bad, "profile", kist_profile_open("x", 1, NULL, NULL, &error));
  CHECK_FAILS(bad, "names", kist_profile_list_stores(h.profile, NULL, &error));
  CHECK_FAILS(bad, "stats", kist_profile_stats(h.profile, NULL, &error));
  CHECK_FAILS(bad, "report", kist_profile_check(h.profile, NULL, &error));
  CHECK_FAILS(bad, "name", kist_profile_drop_store(h.profile, NULL, 4, &flag, &error));
  CHECK_FAILS(bad, "name", kist_store_open(h.profile, NULL, 4, true, &h.store, &error));
  CHECK_FAILS(bad, "store", kist_store_open(h.profile, "s", 1, true, NULL, &error));
  h.store = open_store(h.profile, "s");
  CHECK_FAILS(bad, "value", kist_store_get(h.store, "k", 1, 0, NULL, &flag, &error));
  CHECK_FAILS(bad, "key", kist_store_get(h.store, NULL, 1, 0, &out, &flag, &error));
  CHECK_FAILS(bad, "key", kist_store_put(h.store, NULL, 1, &in, &error));
  CHECK_FAILS(bad, "key", kist_store_put(h.store, "k", SIZE_MAX, &in, &error));
  CHECK_FAILS(bad, "value", kist_store_put(h.store, "k", 1, NULL, &error));
  CHECK_FAILS(bad, "found", kist_store_has(h.store, "k", 1, NULL, &error));
  CHECK_FAILS(bad, "count", kist_store_count(h.store, NULL, &error));
  CHECK_OK(kist_store_delete(h.store, "k", 1, NULL, &error));
  CHECK_OK(kist_store_clear(h.store, NULL, &error));
  CHECK_FAILS(bad, "reader", kist_reader_begin(h.profile, NULL, &error));
  CHECK_FAILS(bad, "id", kist_reader_id(h.reader, NULL, &error));
  CHECK_FAILS(bad, "iterator", kist_iterator_begin(h.reader, h.store, NULL, NULL, &error));
  CHECK_FAILS(bad, "record", kist_iterator_next(h.iterator, NULL, &flag, &error));
  CHECK_FAILS(bad, "records", kist_iterator_next_many(h.iterator, 1, 1, NULL, &error));
  CHECK_FAILS(bad, "writer", kist_writer_begin(h.profile, 0, NULL, &error));
  /* An empty key is a key; a NULL of size 0 is it. */
  CHECK_OK(kist_store_put(h.store, NULL, 0, &in, &error));
  CHECK_OK(kist_store_has(h.store, "", 0, &flag, &error));
  CHECK(flag);
  /* Without a kist_error the code alone tells. */
  CHECK(kist_store_has(h.store, "k", 1, &flag, NULL) == KIST_OK);
  CHECK(kist_profile_close(h.profile, NULL) == KIST_OK);
  CHECK(kist_profile_close(h.profile, NULL) == KIST_ERROR_CLOSED);
  kist_error_free(NULL);
  kist_value_free(NULL);
  kist_names_free(NULL);
  kist_records_free(NULL);
  kist_check_report_free(NULL);
}

/* What a child does with handles that it has inherited. */
static void use_inherited(handles h) {
  nothing_works(h, KIST_ERROR_FORKED);
  CHECK_FAILS(KIST_ERROR_FORKED, "writer", kist_writer_commit(h.writer, 0, NULL, &error));
  CHECK_OK(kist_iterator_close(h.iterator, &error));
  CHECK_OK(kist_reader_end(h.reader, &error));
  CHECK_OK(kist_store_close(h.store, &error));
  CHECK_OK(kist_profile_close(h.profile, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "profile", kist_profile_close(h.profile, &error));

  kist_profile profile = open_profile("profile");
  kist_store store = open_store(profile, "s");
  kist_value value;
  bool found = false;
  CHECK_OK(kist_store_get(store, "k", 1, KIST_TAG_STRING, &value, &found, &error));
  CHECK(found && bytes_equal(value.bytes, "v"));
  kist_value_free(&value);
  kist_writer writer;
  CHECK_FAILS(KIST_ERROR_BUSY, "", kist_writer_begin(profile, 0, &writer, &error));
  CHECK_OK(kist_profile_close(profile, &error));
}

static void a_fork_makes_handles_stale(void) {
  handles h = open_all();
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    use_inherited(h);
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  /* The parent goes on as if nothing had been. */
  const kist_value value = kist_value_u64(3);
  CHECK_OK(kist_writer_put(h.writer, h.store, "k", 1, &value, &error));
  CHECK_OK(kist_writer_commit(h.writer, KIST_DURABILITY_DEFAULT, NULL, &error));
  CHECK_OK(kist_profile_close(h.profile, &error));
}

int main(void) {
  make_test_directory();
  numbers_that_are_no_handles();
  closing_a_profile_closes_all();
  closing_one_by_one();
  null_pointers();
  a_fork_makes_handles_stale();
  return 0;
}
