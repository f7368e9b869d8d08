/* Profiles as a whole: versions, stores by name, statistics, check, counted opening, deletion. */
#include "check.h"

static void versions_agree(void) {
  CHECK(kist_abi_version() == KIST_ABI_VERSION);
  CHECK(strcmp(kist_version(), KIST_VERSION) == 0);
  CHECK(strcmp(kist_code_name(KIST_ERROR_WRONG_TYPE), "WRONG_TYPE") == 0);
  CHECK(strcmp(kist_code_name(12345), "UNKNOWN") == 0);
  CHECK(strlen(kist_code_description(KIST_ERROR_DAMAGED)) > 0);
  CHECK(strlen(kist_code_description(-1)) > 0);
  CHECK(strcmp(kist_tag_name(KIST_TAG_INSTANT), "instant") == 0);
  CHECK(strcmp(kist_tag_name(99), "unknown") == 0);
}

static void stores_are_listed_and_dropped(kist_profile profile) {
  kist_names names;
  CHECK_OK(kist_profile_list_stores(profile, &names, &error));
  CHECK(names.count == 0);
  kist_names_free(&names);

  kist_store pear = open_store(profile, "pear");
  open_store(profile, "apple");
  put(pear, "a", kist_value_bool(true));
  CHECK_OK(kist_profile_list_stores(profile, &names, &error));
  CHECK(names.count == 2);
  CHECK(bytes_equal(names.items[0], "apple") && bytes_equal(names.items[1], "pear"));
  kist_names_free(&names);
  kist_names_free(&names);

  bool existed = false;
  CHECK_OK(kist_profile_drop_store(profile, "pear", 4, &existed, &error));
  CHECK(existed);
  CHECK_OK(kist_profile_drop_store(profile, "pear", 4, &existed, &error));
  CHECK(!existed);
  const kist_value value = kist_value_u64(1);
  CHECK_FAILS(KIST_ERROR_TABLE_NOT_FOUND, "pear", kist_store_put(pear, "a", 1, &value, &error));
}

static void missing_and_impossible_stores_are_named(kist_profile profile) {
  kist_store store;
  CHECK_FAILS(KIST_ERROR_TABLE_NOT_FOUND, "nowhere",
              kist_store_open(profile, "nowhere", 7, false, &store, &error));
  CHECK(store.id == 0);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "",
              kist_store_open(profile, "", 0, true, &store, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_TEXT, "",
              kist_store_open(profile, "\xFF", 1, true, &store, &error));
}

static void statistics_and_check(kist_profile profile) {
  kist_store store = open_store(profile, "numbers");
  for (uint64_t i = 0; i < 20; ++i) {
    CHECK_OK(
        kist_store_put(store, &i, sizeof i, &(kist_value){.tag = KIST_TAG_U64, .u64 = i}, &error));
  }
  kist_stats stats = {.struct_size = sizeof stats};
  CHECK_OK(kist_profile_stats(profile, &stats, &error));
  CHECK(stats.page_size == 4096);
  CHECK(stats.stores == 2);
  CHECK(stats.file_pages > 4);
  CHECK(stats.transaction_id >= 20);
  CHECK(stats.durable_id == stats.transaction_id);
  CHECK(stats.flushes >= 20);
  CHECK(stats.bytes_written > 0);

  /* A caller of an older header gives a smaller struct, and nothing behind it is touched. */
  stats.struct_size = 4;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "struct_size",
              kist_profile_stats(profile, &stats, &error));

  kist_check_report report;
  CHECK_OK(kist_profile_check(profile, &report, &error));
  if (report.violations != 0) fputs(report.text, stderr);
  CHECK(report.violations == 0 && report.text_size == 0);
  CHECK(report.records >= 20 && report.pages_walked > 0);
  kist_check_report_free(&report);
  kist_check_report_free(&report);
}

static void opening_is_counted_and_shared(void) {
  kist_profile first = open_profile("shared");
  kist_profile second = open_profile("shared/.");
  CHECK(first.id != second.id);
  put(open_store(first, "s"), "k", kist_value_u64(5));
  kist_store store = open_store(second, "s");
  CHECK_FAILS(KIST_ERROR_BUSY, "", kist_profile_delete(first, &error));
  CHECK_OK(kist_profile_close(first, &error));
  bool found = false;
  CHECK_OK(kist_store_has(store, "k", 1, &found, &error));
  CHECK(found);

  char path[8192];
  const int size = snprintf(path, sizeof path, "%s/shared", test_directory);
  kist_profile third;
  kist_profile_options options = {.struct_size = sizeof options, .page_size = 512};
  CHECK_FAILS(KIST_ERROR_OPTION_CONFLICT, "page_size",
              kist_profile_open(path, (size_t)size, &options, &third, &error));
  CHECK(third.id == 0);

  CHECK_OK(kist_profile_sync(second, &error));
  CHECK_OK(kist_profile_delete(second, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "", kist_store_has(store, "k", 1, &found, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "", kist_profile_delete(second, &error));
  CHECK_FAILS(KIST_ERROR_NOT_FOUND, "",
              kist_profile_open(path, (size_t)size, NULL, &third, &error));
}

static void read_only_profiles_refuse_writes(void) {
  kist_profile profile = open_profile("read-only");
  put(open_store(profile, "s"), "k", kist_value_u64(5));
  CHECK_OK(kist_profile_close(profile, &error));
  char path[8192];
  const int size = snprintf(path, sizeof path, "%s/read-only", test_directory);
  const kist_profile_options options = {.struct_size = sizeof options, .read_only = true};
  CHECK_OK(kist_profile_open(path, (size_t)size, &options, &profile, &error));
  kist_store store;
  CHECK_OK(kist_store_open(profile, "s", 1, false, &store, &error));
  bool found = false;
  CHECK_OK(kist_store_has(store, "k", 1, &found, &error));
  CHECK(found);
  const kist_value value = kist_value_u64(6);
  CHECK_FAILS(KIST_ERROR_READ_ONLY, "", kist_store_put(store, "k", 1, &value, &error));
  kist_writer writer;
  CHECK_FAILS(KIST_ERROR_READ_ONLY, "", kist_writer_begin(profile, 0, &writer, &error));
  CHECK_FAILS(KIST_ERROR_READ_ONLY, "", kist_profile_delete(profile, &error));
  CHECK_OK(kist_profile_close(profile, &error));
}

static void options_are_checked(void) {
  char path[8192];
  const int size = snprintf(path, sizeof path, "%s/options", test_directory);
  kist_profile profile;
  kist_profile_options options = {.struct_size = 4};
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "struct_size",
              kist_profile_open(path, (size_t)size, &options, &profile, &error));
  options = (kist_profile_options){.struct_size = sizeof options, .create = true};
  options.page_size = 1000;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "",
              kist_profile_open(path, (size_t)size, &options, &profile, &error));
  options =
      (kist_profile_options){.struct_size = sizeof options, .create = true, .read_only = true};
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "read_only",
              kist_profile_open(path, (size_t)size, &options, &profile, &error));
  options = (kist_profile_options){.struct_size = sizeof options, .create = true, .durability = 9};
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "durability",
              kist_profile_open(path, (size_t)size, &options, &profile, &error));

  /* Options of a newer header: fields unknown here may be there, but must not be set. */
  struct {
    kist_profile_options known;
    uint64_t unknown;
  } newer;
  memset(&newer, 0, sizeof newer);
  newer.known.struct_size = sizeof newer;
  newer.known.create = true;
  newer.known.page_size = 512;
  newer.unknown = 1;
  CHECK_FAILS(KIST_ERROR_UNSUPPORTED, "newer version",
              kist_profile_open(path, (size_t)size, &newer.known, &profile, &error));
  newer.unknown = 0;
  CHECK_OK(kist_profile_open(path, (size_t)size, &newer.known, &profile, &error));
  CHECK_OK(kist_profile_close(profile, &error));
}

int main(void) {
  versions_agree();
  make_test_directory();
  kist_profile profile = open_profile("profile");
  stores_are_listed_and_dropped(profile);
  missing_and_impossible_stores_are_named(profile);
  statistics_and_check(profile);
  CHECK_OK(kist_profile_close(profile, &error));
  opening_is_counted_and_shared();
  read_only_profiles_refuse_writes();
  options_are_checked();
  return 0;
}
