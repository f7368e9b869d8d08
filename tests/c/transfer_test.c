/* Imports and exports. */
#define _XOPEN_SOURCE 700

#include <fcntl.h>
#include <unistd.h>

#include <kist/kist.h>

#include "check.h"

static char path[8192];
static const char* file(const char* name) {
  snprintf(path, sizeof path, "%s/%s", test_directory, name);
  return path;
}

static void close_clean(kist_profile profile) {
  kist_check_report report;
  CHECK_OK(kist_profile_check(profile, &report, &error));
  CHECK(report.violations == 0);
  kist_check_report_free(&report);
  CHECK_OK(kist_profile_close(profile, &error));
}

static void put_in(kist_profile profile, const char* name, const char* key, kist_value value) {
  kist_store store = open_store(profile, name);
  put(store, key, value);
  CHECK_OK(kist_store_close(store, &error));
}

static bool count_calls(void* context, uint64_t done, uint64_t total) {
  CHECK(done <= total);
  ++*(int*)context;
  return true;
}
static bool refuse(void* context, uint64_t done, uint64_t total) {
  (void)context, (void)done, (void)total;
  return false;
}

static void write_file(const char* name, const void* bytes, size_t size) {
  FILE* const out = fopen(file(name), "wb");
  CHECK(out != NULL && fwrite(bytes, 1, size, out) == size && fclose(out) == 0);
}

static void out_and_in_again(void) {
  kist_profile profile = open_profile("one");
  put_in(profile, "a", "text", text("value"));
  put_in(profile, "a", "number", kist_value_i64(-7));
  put_in(profile, "b", "flag", kist_value_bool(true));
  int descriptor = open(file("export.json"), O_CREAT | O_WRONLY, 0600);
  CHECK(descriptor >= 0);
  int calls = 0;
  uint64_t records = 0;
  CHECK_OK(
      kist_profile_export(profile, descriptor, NULL, 0, count_calls, &calls, &records, &error));
  CHECK(records == 3 && calls > 0);
  CHECK(close(descriptor) == 0);
  const kist_bytes none = {(const uint8_t*)"none", 4};
  CHECK_FAILS(KIST_ERROR_TABLE_NOT_FOUND, "none",
              kist_profile_export(profile, 1, &none, 1, NULL, NULL, NULL, &error));
  CHECK_FAILS(KIST_ERROR_STOPPED, "",
              kist_profile_export(profile, open("/dev/null", O_WRONLY), NULL, 0, refuse, NULL, NULL,
                                  &error));
  close_clean(profile);

  profile = open_profile("two");
  file("export.json");
  kist_import_report report = {.struct_size = sizeof report};
  CHECK_OK(kist_profile_import(profile, path, strlen(path), NULL, &report, &error));
  CHECK(report.stores == 2 && report.records == 3 && report.added == 3);
  CHECK_OK(kist_profile_import(profile, path, strlen(path), NULL, &report, &error));
  CHECK(report.unchanged == 3 && report.added == 0);
  put_in(profile, "a", "number", kist_value_i64(8));
  file("export.json");
  CHECK_FAILS(KIST_ERROR_ALREADY_EXISTS, "'number'",
              kist_profile_import(profile, path, strlen(path), NULL, &report, &error));
  kist_import_options options = {.struct_size = sizeof options,
                                 .on_conflict = KIST_ON_CONFLICT_IGNORE,
                                 .progress = count_calls,
                                 .context = &calls};
  CHECK_OK(kist_profile_import(profile, path, strlen(path), &options, &report, &error));
  CHECK(report.ignored == 1 && report.unchanged == 2);
  options.on_conflict = KIST_ON_CONFLICT_REPLACE;
  const kist_bytes only = {(const uint8_t*)"b", 1};
  options.stores = &only;
  options.store_count = 1;
  CHECK_OK(kist_profile_import(profile, path, strlen(path), &options, &report, &error));
  CHECK(report.replaced == 0 && report.records == 1);
  options.store_count = 0;
  CHECK_OK(kist_profile_import(profile, path, strlen(path), &options, &report, &error));
  CHECK(report.replaced == 1);
  options.format = KIST_IMPORT_LMDB;
  CHECK_FAILS(KIST_ERROR_NOT_A_STORE, "LMDB",
              kist_profile_import(profile, path, strlen(path), &options, NULL, &error));
  options.format = 9;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "format",
              kist_profile_import(profile, path, strlen(path), &options, NULL, &error));
  options.format = KIST_IMPORT_DETECT;
  options.progress = refuse;
  CHECK_FAILS(KIST_ERROR_STOPPED, "",
              kist_profile_import(profile, path, strlen(path), &options, NULL, &error));
  close_clean(profile);
}

/* A database of rkv, without a name: "k" is the u64 5. */
static void from_safe_mode(void) {
  static const char bytes[] =
      "\x01\0\0\0\0\0\0\0"
      "\0"
      "\0\0\0\0"
      "\x01\0\0\0\0\0\0\0"
      "\x01\0\0\0\0\0\0\0k"
      "\x09\0\0\0\0\0\0\0\x02\x05\0\0\0\0\0\0\0";
  write_file("data.safe.bin", bytes, sizeof bytes - 1);
  kist_profile profile = open_profile("three");
  kist_import_options options = {.struct_size = sizeof options,
                                 .format = KIST_IMPORT_SAFE_MODE,
                                 .unnamed = {(const uint8_t*)"main", 4}};
  file("data.safe.bin");
  CHECK_OK(kist_profile_import(profile, path, strlen(path), &options, NULL, &error));
  kist_store store;
  CHECK_OK(kist_store_open(profile, "main", 4, false, &store, &error));
  kist_value value;
  bool found = false;
  CHECK_OK(kist_store_get(store, "k", 1, KIST_TAG_U64, &value, &found, &error));
  CHECK(found && value.tag == KIST_TAG_U64 && value.u64 == 5);
  write_file("data.safe.bin", bytes, sizeof bytes - 2);
  file("data.safe.bin");
  CHECK_FAILS(KIST_ERROR_DAMAGED, "data.safe.bin",
              kist_profile_import(profile, path, strlen(path), &options, NULL, &error));
  close_clean(profile);
}

int main(void) {
  make_test_directory();
  out_and_in_again();
  from_safe_mode();
  return 0;
}
