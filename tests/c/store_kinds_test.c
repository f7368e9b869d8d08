/* Stores of every kind, conditional updates, ranges and batches. */
#include "check.h"

static kist_store open_as(kist_profile profile, const char* name, bool multi, kist_key_type keys) {
  const kist_store_options options = {
      .struct_size = sizeof options, .create = true, .multi = multi, .keys = keys};
  kist_store store;
  CHECK_OK(kist_store_open_as(profile, name, strlen(name), &options, &store, &error));
  return store;
}

static void put_number(kist_store store, kist_key_type type, int64_t number) {
  uint8_t key[8];
  kist_key_of_number(type, (uint64_t)number, key);
  const kist_value value = kist_value_i64(number);
  CHECK_OK(kist_store_put(store, key, kist_key_size(type), &value, &error));
}

/* Expects exactly these keys, in this order. */
static void expect_numbers(kist_profile profile, kist_store store, kist_key_type type,
                           const kist_range* range, const int64_t* numbers, size_t count) {
  kist_reader reader;
  kist_iterator iterator;
  CHECK_OK(kist_reader_begin(profile, &reader, &error));
  CHECK_OK(kist_iterator_begin(reader, store, range, &iterator, &error));
  for (size_t i = 0;; ++i) {
    kist_record record;
    bool found = false;
    CHECK_OK(kist_iterator_next(iterator, &record, &found, &error));
    CHECK(found == (i < count));
    if (!found) break;
    CHECK(record.key.size == kist_key_size(type));
    CHECK((int64_t)kist_number_of_key(type, record.key.data) == numbers[i]);
    CHECK(record.value.i64 == numbers[i]);
  }
  uint64_t counted = 0;
  CHECK_OK(kist_reader_count_range(reader, store, range, &counted, &error));
  CHECK(counted == count);
  CHECK_OK(kist_reader_end(reader, &error));
}

static void integers(kist_profile profile) {
  const int64_t sorted[] = {-128, -1, 0, 5, 127};
  for (kist_key_type type = KIST_KEYS_I8; type <= KIST_KEYS_I64; ++type) {
    char name[] = "signed 0";
    name[7] = (char)('0' + type);
    const kist_store store = open_as(profile, name, false, type);
    for (int i = 4; i >= 0; --i) put_number(store, type, sorted[i]);
    expect_numbers(profile, store, type, NULL, sorted, 5);
    uint8_t from[8];
    uint8_t to[8];
    kist_key_of_number(type, (uint64_t)-1, from);
    kist_key_of_number(type, 127, to);
    kist_range range = {.struct_size = sizeof range,
                        .from = {from, kist_key_size(type)},
                        .has_to = true,
                        .to = {to, kist_key_size(type)}};
    expect_numbers(profile, store, type, &range, sorted + 1, 3);
    uint64_t number = 0;
    CHECK_OK(kist_store_count_range(store, &range, &number, &error));
    CHECK(number == 3);
    CHECK_OK(kist_store_delete_range(store, &range, &number, &error));
    CHECK(number == 3);
    CHECK_OK(kist_store_count(store, &number, &error));
    CHECK(number == 2);
  }
  const kist_store store = open_as(profile, "u16", false, KIST_KEYS_U16);
  const kist_value value = kist_value_bool(true);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "key has 3 bytes, those of type u16 have 2",
              kist_store_put(store, "abc", 3, &value, &error));
  kist_store_options options = {.struct_size = sizeof options};
  bool found = false;
  CHECK_OK(kist_profile_describe_store(profile, "u16", 3, &options, &found, &error));
  CHECK(found && !options.multi && options.keys == KIST_KEYS_U16);
  CHECK_OK(kist_profile_describe_store(profile, "none", 4, &options, &found, &error));
  CHECK(!found);
  options = (kist_store_options){.struct_size = sizeof options, .multi = true};
  kist_store other;
  CHECK_FAILS(KIST_ERROR_WRONG_KIND, "'u16' is a single store with keys of type u16",
              kist_store_open_as(profile, "u16", 3, &options, &other, &error));
  options.keys = 9;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "options.keys is 9",
              kist_store_open_as(profile, "u16", 3, &options, &other, &error));
}

static void multi(kist_profile profile) {
  const kist_store store = open_as(profile, "multi", true, KIST_KEYS_BYTES);
  put(store, "a", text("2"));
  put(store, "a", text("1"));
  put(store, "b", text("3"));
  uint64_t count = 0;
  const kist_range only = {
      .struct_size = sizeof only, .has_key = true, .key = {(const uint8_t*)"a", 1}};
  CHECK_OK(kist_store_count_range(store, &only, &count, &error));
  CHECK(count == 2);
  kist_value value;
  bool found = false;
  CHECK_OK(kist_store_get(store, "a", 1, KIST_TAG_STRING, &value, &found, &error));
  CHECK(found && bytes_equal(value.bytes, "1"));
  kist_value_free(&value);
  const kist_value first = text("1");
  CHECK_OK(kist_store_delete_value(store, "a", 1, &first, &found, &error));
  CHECK(found);
  CHECK_OK(kist_store_delete_value(store, "a", 1, &first, &found, &error));
  CHECK(!found);
  CHECK_OK(kist_store_count(store, &count, &error));
  CHECK(count == 2);
}

/* Doubles a number, up to a bound. */
static kist_code twice(void* context, const kist_value* present, kist_value* next) {
  const uint64_t most = *(const uint64_t*)context;
  if (present->tag == KIST_TAG_NONE) {
    *next = kist_value_u64(1);
  } else if (present->tag != KIST_TAG_U64) {
    return KIST_ERROR_WRONG_TYPE;
  } else if (present->u64 < most) {
    *next = kist_value_u64(2 * present->u64);
  }
  return KIST_OK;
}

static void updates(kist_profile profile) {
  const kist_store store = open_store(profile, "updates");
  const kist_value one = kist_value_u64(1);
  const kist_value two = kist_value_u64(2);
  bool done = false;
  CHECK_OK(kist_store_put_if_absent(store, "k", 1, &one, &done, &error));
  CHECK(done);
  CHECK_OK(kist_store_put_if_absent(store, "k", 1, &two, &done, &error));
  CHECK(!done);
  CHECK_OK(kist_store_compare_and_set(store, "k", 1, &two, &one, &done, &error));
  CHECK(!done);
  CHECK_OK(kist_store_compare_and_set(store, "k", 1, &one, &two, &done, &error));
  CHECK(done);
  kist_value sum;
  CHECK_OK(kist_store_add(store, "k", 1, -2, &sum, &error));
  CHECK(sum.tag == KIST_TAG_U64 && sum.u64 == 0);
  CHECK_FAILS(KIST_ERROR_OUT_OF_RANGE, "u64 0 plus -1",
              kist_store_add(store, "k", 1, -1, NULL, &error));
  CHECK_OK(kist_store_compare_and_set(store, "k", 1, &(kist_value){.tag = KIST_TAG_U64}, NULL,
                                      &done, &error));
  CHECK(done);
  uint64_t most = 4;
  for (int i = 0; i < 3; ++i) CHECK_OK(kist_store_update(store, "k", 1, twice, &most, &error));
  kist_value value;
  CHECK_OK(kist_store_get(store, "k", 1, KIST_TAG_U64, &value, NULL, &error));
  CHECK(value.u64 == 4);
  CHECK_OK(kist_store_update(store, "k", 1, twice, &most, &error));
  CHECK_OK(kist_store_has(store, "k", 1, &done, &error));
  CHECK(!done);
  put(store, "k", text("x"));
  CHECK_FAILS(KIST_ERROR_WRONG_TYPE, "the function given",
              kist_store_update(store, "k", 1, twice, &most, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "change is NULL",
              kist_store_update(store, "k", 1, NULL, NULL, &error));
}

static void in_a_writer(kist_profile profile) {
  const kist_store store = open_as(profile, "in a writer", true, KIST_KEYS_BYTES);
  const kist_store single = open_store(profile, "single in a writer");
  const kist_value one = kist_value_u64(1);
  const kist_value two = kist_value_u64(2);
  kist_writer writer;
  bool done = false;
  uint64_t count = 0;
  CHECK_OK(kist_writer_begin(profile, KIST_WAIT_FOREVER, &writer, &error));
  CHECK_OK(kist_writer_put(writer, store, "a", 1, &one, &error));
  CHECK_OK(kist_writer_put(writer, store, "a", 1, &two, &error));
  CHECK_OK(kist_writer_put_if_absent(writer, store, "a", 1, &two, &done, &error));
  CHECK(!done);
  CHECK_OK(kist_writer_delete_value(writer, store, "a", 1, &one, &done, &error));
  CHECK(done);
  CHECK_OK(kist_writer_compare_and_set(writer, store, "a", 1, &two, &one, &done, &error));
  CHECK(done);
  CHECK_OK(kist_writer_count_range(writer, store, NULL, &count, &error));
  CHECK(count == 1);
  CHECK_OK(kist_writer_delete_range(writer, store, NULL, &count, &error));
  CHECK(count == 1);
  kist_value sum;
  CHECK_OK(kist_writer_add(writer, single, "n", 1, 3, &sum, &error));
  CHECK(sum.tag == KIST_TAG_I64 && sum.i64 == 3);
  CHECK_FAILS(KIST_ERROR_WRONG_KIND, "multi store",
              kist_writer_add(writer, store, "n", 1, 3, &sum, &error));
  CHECK_OK(kist_writer_commit(writer, KIST_DURABILITY_DEFAULT, NULL, &error));
  CHECK_OK(kist_store_count(single, &count, &error));
  CHECK(count == 1);
}

static void batches(kist_profile profile) {
  const kist_store store = open_store(profile, "batched");
  const kist_store tags = open_as(profile, "batched tags", true, KIST_KEYS_U8);
  put(store, "old", text("1"));
  kist_batch batch;
  CHECK_OK(kist_batch_make(profile, &batch, &error));
  CHECK_OK(kist_batch_delete_range(batch, store, NULL, &error));
  const kist_value one = text("1");
  CHECK_OK(kist_batch_put(batch, store, "a", 1, &one, &error));
  CHECK_OK(kist_batch_put(batch, store, "b", 1, &one, &error));
  CHECK_OK(kist_batch_delete(batch, store, "a", 1, &error));
  const kist_value two = text("2");
  CHECK_OK(kist_batch_put(batch, tags, "\1", 1, &one, &error));
  CHECK_OK(kist_batch_put(batch, tags, "\1", 1, &two, &error));
  CHECK_OK(kist_batch_delete_value(batch, tags, "\1", 1, &one, &error));
  CHECK_FAILS(
      KIST_ERROR_INVALID_TEXT, "not valid UTF-8",
      kist_batch_put(batch, store, "c", 1,
                     &(kist_value){.tag = KIST_TAG_STRING, .bytes = {(const uint8_t*)"\xFF", 1}},
                     &error));
  uint64_t count = 0;
  CHECK_OK(kist_store_count(tags, &count, &error));
  CHECK(count == 0);
  CHECK_OK(kist_batch_apply(batch, KIST_DURABILITY_RELAXED, &error));
  CHECK_OK(kist_store_count(tags, &count, &error));
  CHECK(count == 1);
  CHECK_OK(kist_store_count(store, &count, &error));
  CHECK(count == 1);
  CHECK_OK(kist_batch_close(batch, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "batch", kist_batch_apply(batch, 0, &error));
}

struct heard {
  int commits;
  int errors;
};

static void hear(void* context, const kist_event* event) {
  struct heard* heard = context;
  if (event->commit) {
    ++heard->commits;
    CHECK(event->writes == 1 && event->message_size == 0);
  } else {
    ++heard->errors;
    CHECK(event->code == KIST_ERROR_WRONG_TYPE && event->message_size == strlen(event->message));
  }
}

static void metrics(kist_profile profile) {
  const kist_store store = open_store(profile, "measured");
  struct heard heard = {0};
  CHECK_OK(kist_profile_listen(profile, hear, &heard, &error));
  kist_metrics before = {.struct_size = sizeof before};
  CHECK_OK(kist_profile_metrics(profile, &before, &error));
  put(store, "k", text("v"));
  kist_value value;
  CHECK_FAILS(KIST_ERROR_WRONG_TYPE, "found string",
              kist_store_get(store, "k", 1, KIST_TAG_U64, &value, NULL, &error));
  CHECK(heard.commits == 1 && heard.errors == 1);
  kist_metrics after = {.struct_size = sizeof after};
  CHECK_OK(kist_profile_metrics(profile, &after, &error));
  CHECK(after.commits == before.commits + 1 && after.commit_ns > before.commit_ns);
  CHECK(after.errors[KIST_ERROR_WRONG_TYPE] == before.errors[KIST_ERROR_WRONG_TYPE] + 1);
  CHECK(after.transactions == 0 && after.memory > 0);
  kist_store_metrics of_store = {.struct_size = sizeof of_store};
  CHECK_OK(kist_store_get_metrics(store, &of_store, &error));
  CHECK(of_store.records == 1 && of_store.bytes == 4096);
  CHECK_OK(kist_profile_listen(profile, NULL, NULL, &error));
  put(store, "k", text("w"));
  CHECK(heard.commits == 1);
}

int main(void) {
  make_test_directory();
  const kist_profile profile = open_profile("kinds");
  integers(profile);
  multi(profile);
  updates(profile);
  in_a_writer(profile);
  batches(profile);
  metrics(profile);
  kist_check_report report;
  CHECK_OK(kist_profile_check(profile, &report, &error));
  CHECK(report.violations == 0);
  kist_check_report_free(&report);
  CHECK_OK(kist_profile_close(profile, &error));
  return 0;
}
