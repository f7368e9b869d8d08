/* Parts of JSON values. */
#define _XOPEN_SOURCE 700

#include <kist/kist.h>

#include "check.h"

static kist_value json(const char* string) {
  kist_value value = text(string);
  value.tag = KIST_TAG_JSON;
  return value;
}

static void expect_member(kist_store store, const char* pointer, const char* expected) {
  kist_value value;
  bool found = false;
  CHECK_OK(kist_store_get_member(store, "k", 1, pointer, strlen(pointer), &value, &found, &error));
  CHECK(found == (expected != NULL));
  CHECK(value.tag == (found ? KIST_TAG_JSON : KIST_TAG_NONE));
  CHECK(!found || bytes_equal(value.bytes, expected));
  kist_value_free(&value);
}

int main(void) {
  make_test_directory();
  kist_profile profile = open_profile("profile");
  kist_store store = open_store(profile, "s");
  put(store, "k", json("{\"a\": [1, {\"b\": 2.50}]}"));
  put(store, "text", text("{}"));
  expect_member(store, "/a/1/b", "2.50");
  expect_member(store, "", "{\"a\": [1, {\"b\": 2.50}]}");
  expect_member(store, "/x", NULL);
  kist_value value;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "pointer",
              kist_store_get_member(store, "k", 1, "a", 1, &value, NULL, &error));
  CHECK_FAILS(KIST_ERROR_WRONG_TYPE, "json",
              kist_store_get_member(store, "text", 4, "/a", 2, &value, NULL, &error));

  kist_reader reader;
  CHECK_OK(kist_reader_begin(profile, &reader, &error));
  CHECK_OK(kist_store_merge_patch(store, "k", 1, "{\"c\":true}", 10, &value, &error));
  CHECK(value.tag == KIST_TAG_JSON &&
        bytes_equal(value.bytes, "{\"a\":[1, {\"b\": 2.50}],\"c\":true}"));
  kist_value_free(&value);
  CHECK_FAILS(KIST_ERROR_INVALID_JSON, "byte 2",
              kist_store_merge_patch(store, "k", 1, "{", 1, &value, &error));
  bool found = true;
  CHECK_OK(kist_reader_get_member(reader, store, "k", 1, "/c", 2, &value, &found, &error));
  CHECK(!found);
  CHECK_OK(kist_reader_get_member(reader, store, "k", 1, "/a/0", 4, &value, &found, &error));
  CHECK(found && bytes_equal(value.bytes, "1"));
  kist_value_free(&value);
  CHECK_OK(kist_reader_end(reader, &error));

  kist_writer writer;
  CHECK_OK(kist_writer_begin(profile, KIST_WAIT_FOREVER, &writer, &error));
  CHECK_OK(kist_writer_merge_patch(writer, store, "k", 1, "{\"a\":null}", 10, NULL, &error));
  CHECK_OK(kist_writer_merge_patch(writer, store, "new", 3, "{\"d\":0}", 7, &value, &error));
  CHECK(bytes_equal(value.bytes, "{\"d\":0}"));
  kist_value_free(&value);
  CHECK_OK(kist_writer_commit(writer, KIST_DURABILITY_DURABLE, NULL, &error));
  expect_member(store, "", "{\"c\":true}");

  kist_check_report report;
  CHECK_OK(kist_profile_check(profile, &report, &error));
  CHECK(report.violations == 0);
  kist_check_report_free(&report);
  CHECK_OK(kist_profile_close(profile, &error));
  return 0;
}
