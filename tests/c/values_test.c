/* Typed values of one store: what is put is got, types are checked, absence is no error. */
#include "check.h"

static kist_value get(kist_store store, const char* key, kist_tag expected) {
  kist_value value;
  bool found = false;
  CHECK_OK(kist_store_get(store, key, strlen(key), expected, &value, &found, &error));
  CHECK(found);
  return value;
}

static void every_type_comes_back(kist_store store) {
  uint8_t uuid[16];
  for (int i = 0; i < 16; ++i) uuid[i] = (uint8_t)(i * 17);
  put(store, "bool", kist_value_bool(true));
  put(store, "u64", kist_value_u64(UINT64_MAX));
  put(store, "i64", kist_value_i64(INT64_MIN));
  put(store, "f64", kist_value_f64(-0.0));
  put(store, "instant", kist_value_instant(-86400000));
  put(store, "uuid", kist_value_uuid(uuid));
  put(store, "string", kist_value_string("a\0\xF0\x9F\x94\x91", 6));
  put(store, "json", kist_value_json("{\"a\": [1]}", 10));
  put(store, "blob", kist_value_blob("\xFF\0\xFE", 3));
  put(store, "empty string", kist_value_string(NULL, 0));
  put(store, "empty blob", kist_value_blob(NULL, 0));

  CHECK(get(store, "bool", KIST_TAG_BOOL).boolean);
  CHECK(get(store, "u64", KIST_TAG_U64).u64 == UINT64_MAX);
  CHECK(get(store, "i64", KIST_TAG_I64).i64 == INT64_MIN);
  const double zero = get(store, "f64", KIST_TAG_F64).f64;
  CHECK(zero == 0.0 && 1.0 / zero < 0);
  CHECK(get(store, "instant", KIST_TAG_INSTANT).instant == -86400000);
  CHECK(memcmp(get(store, "uuid", KIST_TAG_UUID).uuid, uuid, 16) == 0);

  kist_value value = get(store, "string", KIST_TAG_STRING);
  CHECK(value.bytes.size == 6 && memcmp(value.bytes.data, "a\0\xF0\x9F\x94\x91", 7) == 0);
  kist_value_free(&value);
  CHECK(value.tag == KIST_TAG_NONE);
  kist_value_free(&value);
  value = get(store, "json", KIST_TAG_NONE);
  CHECK(value.tag == KIST_TAG_JSON && bytes_equal(value.bytes, "{\"a\": [1]}"));
  kist_value_free(&value);
  value = get(store, "blob", KIST_TAG_BLOB);
  CHECK(value.bytes.size == 3 && memcmp(value.bytes.data, "\xFF\0\xFE", 3) == 0);
  kist_value_free(&value);
  value = get(store, "empty string", KIST_TAG_STRING);
  CHECK(value.bytes.size == 0 && value.bytes.data != NULL);
  kist_value_free(&value);
  value = get(store, "empty blob", KIST_TAG_NONE);
  CHECK(value.tag == KIST_TAG_BLOB && value.bytes.size == 0);
  kist_value_free(&value);
}

static void absence_is_no_error(kist_store store) {
  kist_value value;
  bool found = true;
  CHECK_OK(kist_store_get(store, "none", 4, KIST_TAG_U64, &value, &found, &error));
  CHECK(!found && value.tag == KIST_TAG_NONE);
  CHECK_OK(kist_store_get(store, "none", 4, KIST_TAG_NONE, &value, NULL, &error));
  CHECK(value.tag == KIST_TAG_NONE);
  CHECK_OK(kist_store_has(store, "none", 4, &found, &error));
  CHECK(!found);
  bool existed = true;
  CHECK_OK(kist_store_delete(store, "none", 4, &existed, &error));
  CHECK(!existed);
}

static void types_are_checked(kist_store store) {
  kist_value value;
  bool found = true;
  put(store, "name", text("kist"));
  CHECK_FAILS(KIST_ERROR_WRONG_TYPE, "string",
              kist_store_get(store, "name", 4, KIST_TAG_U64, &value, &found, &error));
  CHECK_FAILS(KIST_ERROR_WRONG_TYPE, "u64",
              kist_store_get(store, "name", 4, KIST_TAG_U64, &value, &found, &error));
  CHECK(!found && value.tag == KIST_TAG_NONE);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "expected",
              kist_store_get(store, "name", 4, 77, &value, &found, &error));

  put(store, "number", kist_value_u64(7));
  CHECK(get(store, "number", KIST_TAG_I64).i64 == 7);
  put(store, "number", kist_value_i64(-7));
  CHECK_FAILS(KIST_ERROR_WRONG_TYPE, "i64",
              kist_store_get(store, "number", 6, KIST_TAG_U64, &value, &found, &error));
}

static void bad_values_are_refused(kist_store store) {
  put(store, "kept", kist_value_u64(1));
  kist_value value = kist_value_string("\xED\xA0\x80", 3);
  CHECK_FAILS(KIST_ERROR_INVALID_TEXT, "UTF-8", kist_store_put(store, "kept", 4, &value, &error));
  value = kist_value_json("{", 1);
  CHECK_FAILS(KIST_ERROR_INVALID_JSON, "", kist_store_put(store, "kept", 4, &value, &error));
  value = kist_value_none();
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "tag", kist_store_put(store, "kept", 4, &value, &error));
  value = kist_value_blob(NULL, 3);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "NULL",
              kist_store_put(store, "kept", 4, &value, &error));
  CHECK(get(store, "kept", KIST_TAG_U64).u64 == 1);

  char* long_key = calloc(1, 100000);
  CHECK(long_key != NULL);
  value = kist_value_u64(1);
  CHECK_FAILS(KIST_ERROR_KEY_TOO_LONG, "", kist_store_put(store, long_key, 100000, &value, &error));
  free(long_key);
}

static void records_are_counted_and_cleared(kist_profile profile) {
  kist_store store = open_store(profile, "counted");
  for (int i = 0; i < 50; ++i) {
    char key[16];
    snprintf(key, sizeof key, "key %d", i);
    put(store, key, kist_value_i64(i));
  }
  uint64_t count = 0;
  CHECK_OK(kist_store_count(store, &count, &error));
  CHECK(count == 50);
  bool existed = false;
  CHECK_OK(kist_store_delete(store, "key 7", 5, &existed, &error));
  CHECK(existed);
  uint64_t removed = 0;
  CHECK_OK(kist_store_clear(store, &removed, &error));
  CHECK(removed == 49);
  CHECK_OK(kist_store_count(store, &count, &error));
  CHECK(count == 0);
}

static void large_values_come_back(kist_store store) {
  const size_t size = 3000000;
  uint8_t* data = malloc(size);
  CHECK(data != NULL);
  for (size_t i = 0; i < size; ++i) data[i] = (uint8_t)(i * 31 >> 3);
  put(store, "large", kist_value_blob(data, size));
  kist_value value = get(store, "large", KIST_TAG_BLOB);
  CHECK(value.bytes.size == size && memcmp(value.bytes.data, data, size) == 0);
  kist_value_free(&value);
  free(data);
}

int main(void) {
  make_test_directory();
  kist_profile profile = open_profile("profile");
  kist_store store = open_store(profile, "values");
  every_type_comes_back(store);
  absence_is_no_error(store);
  types_are_checked(store);
  bad_values_are_refused(store);
  records_are_counted_and_cleared(profile);
  large_values_come_back(store);
  CHECK_OK(kist_profile_close(profile, &error));

  /* And again from the file. */
  profile = open_profile("profile");
  store = open_store(profile, "values");
  CHECK(get(store, "u64", KIST_TAG_U64).u64 == UINT64_MAX);
  CHECK_OK(kist_profile_close(profile, &error));
  return 0;
}
