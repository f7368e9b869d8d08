/* Snapshots, iterators, and batches that happen as a whole or not at all. */
#include "check.h"

static uint64_t number(kist_store store, const char* key) {
  kist_value value;
  bool found = false;
  CHECK_OK(kist_store_get(store, key, strlen(key), KIST_TAG_U64, &value, &found, &error));
  return found ? value.u64 : UINT64_MAX;
}

static kist_writer begin_writer(kist_profile profile) {
  kist_writer writer;
  CHECK_OK(kist_writer_begin(profile, KIST_WAIT_FOREVER, &writer, &error));
  return writer;
}

static void writer_put(kist_writer writer, kist_store store, const char* key, uint64_t number) {
  const kist_value value = kist_value_u64(number);
  CHECK_OK(kist_writer_put(writer, store, key, strlen(key), &value, &error));
}

static void batches_are_atomic_over_stores(kist_profile profile) {
  kist_store a = open_store(profile, "a");
  kist_store b = open_store(profile, "b");
  put(a, "gone", kist_value_u64(1));

  kist_writer writer = begin_writer(profile);
  writer_put(writer, a, "x", 1);
  writer_put(writer, b, "y", 2);
  bool existed = false;
  CHECK_OK(kist_writer_delete(writer, a, "gone", 4, &existed, &error));
  CHECK(existed);
  kist_value value;
  bool found = false;
  CHECK_OK(kist_writer_get(writer, a, "x", 1, KIST_TAG_U64, &value, &found, &error));
  CHECK(found && value.u64 == 1);
  CHECK_OK(kist_writer_has(writer, a, "gone", 4, &found, &error));
  CHECK(!found);
  CHECK(number(a, "x") == UINT64_MAX);
  CHECK(number(a, "gone") == 1);
  uint64_t id = 0;
  CHECK_OK(kist_writer_commit(writer, KIST_DURABILITY_DEFAULT, &id, &error));
  CHECK(id > 0);
  CHECK(number(a, "x") == 1 && number(b, "y") == 2 && number(a, "gone") == UINT64_MAX);

  writer = begin_writer(profile);
  writer_put(writer, a, "x", 10);
  uint64_t removed = 0;
  CHECK_OK(kist_writer_clear(writer, b, &removed, &error));
  CHECK(removed == 1);
  CHECK_OK(kist_writer_abort(writer, &error));
  CHECK(number(a, "x") == 1 && number(b, "y") == 2);
}

static void failed_calls_leave_the_batch_whole(kist_profile profile) {
  kist_store a = open_store(profile, "a");
  kist_writer writer = begin_writer(profile);
  writer_put(writer, a, "before", 1);
  kist_value value = kist_value_json("nonsense", 8);
  CHECK_FAILS(KIST_ERROR_INVALID_JSON, "", kist_writer_put(writer, a, "bad", 3, &value, &error));
  CHECK_FAILS(KIST_ERROR_WRONG_TYPE, "string",
              kist_writer_get(writer, a, "before", 6, KIST_TAG_STRING, &value, NULL, &error));
  writer_put(writer, a, "after", 2);
  CHECK_OK(kist_writer_commit(writer, KIST_DURABILITY_RELAXED, NULL, &error));
  CHECK(number(a, "before") == 1 && number(a, "after") == 2 && number(a, "bad") == UINT64_MAX);
}

static void there_is_one_writer(kist_profile profile) {
  kist_writer writer = begin_writer(profile);
  kist_writer second;
  CHECK_FAILS(KIST_ERROR_BUSY, "", kist_writer_begin(profile, 0, &second, &error));
  CHECK(second.id == 0);
  CHECK_FAILS(KIST_ERROR_TIMED_OUT, "", kist_writer_begin(profile, 20, &second, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "this thread",
              kist_writer_begin(profile, KIST_WAIT_FOREVER, &second, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "durability",
              kist_writer_commit(writer, 17, NULL, &error));
  CHECK_OK(kist_writer_abort(writer, &error));
  CHECK_OK(kist_writer_begin(profile, 0, &second, &error));
  CHECK_OK(kist_writer_abort(second, &error));
}

static void readers_see_one_state(kist_profile profile) {
  kist_store store = open_store(profile, "snapshots");
  put(store, "k", text("old"));
  kist_reader reader;
  CHECK_OK(kist_reader_begin(profile, &reader, &error));
  uint64_t id = 0;
  CHECK_OK(kist_reader_id(reader, &id, &error));
  put(store, "k", text("new"));
  put(store, "l", text("new"));

  kist_value value;
  bool found = false;
  CHECK_OK(kist_reader_get(reader, store, "k", 1, KIST_TAG_STRING, &value, &found, &error));
  CHECK(found && bytes_equal(value.bytes, "old") && value.memory == NULL);
  CHECK_OK(kist_reader_has(reader, store, "l", 1, &found, &error));
  CHECK(!found);
  uint64_t count = 0;
  CHECK_OK(kist_reader_count(reader, store, &count, &error));
  CHECK(count == 1);
  kist_value copied;
  CHECK_OK(kist_reader_get_copy(reader, store, "k", 1, KIST_TAG_NONE, &copied, &found, &error));
  CHECK_OK(kist_reader_end(reader, &error));
  CHECK(bytes_equal(copied.bytes, "old"));
  kist_value_free(&copied);

  CHECK_OK(kist_reader_begin(profile, &reader, &error));
  uint64_t later = 0;
  CHECK_OK(kist_reader_id(reader, &later, &error));
  CHECK(later > id);
  CHECK_FAILS(KIST_ERROR_WRONG_TYPE, "string",
              kist_reader_get(reader, store, "l", 1, KIST_TAG_BLOB, &value, &found, &error));
  CHECK_OK(kist_reader_end(reader, &error));
}

/* Walks a range of the store and puts the keys, each with a comma behind it, into `keys`. */
static void walk(kist_reader reader, kist_store store, kist_range range, char* keys) {
  range.struct_size = sizeof range;
  kist_iterator iterator;
  CHECK_OK(kist_iterator_begin(reader, store, &range, &iterator, &error));
  keys[0] = '\0';
  while (true) {
    kist_record record;
    bool found = false;
    CHECK_OK(kist_iterator_next(iterator, &record, &found, &error));
    if (!found) break;
    CHECK(record.value.tag == KIST_TAG_STRING);
    CHECK(record.value.bytes.size == record.key.size);
    CHECK(memcmp(record.value.bytes.data, record.key.data, record.key.size) == 0);
    strncat(keys, (const char*)record.key.data, record.key.size);
    strcat(keys, ",");
  }
  kist_record record;
  bool found = true;
  CHECK_OK(kist_iterator_next(iterator, &record, &found, &error));
  CHECK(!found && record.key.size == 0 && record.value.tag == KIST_TAG_NONE);
  CHECK_OK(kist_iterator_close(iterator, &error));
}

static kist_bytes bytes(const char* string) {
  return (kist_bytes){(const uint8_t*)string, strlen(string)};
}

static void iterators_walk_ranges(kist_profile profile) {
  kist_store store = open_store(profile, "ranges");
  const char* const all[] = {"a", "ab", "abc", "b", "ba", "c"};
  for (int i = 0; i < 6; ++i) put(store, all[i], text(all[i]));
  kist_reader reader;
  CHECK_OK(kist_reader_begin(profile, &reader, &error));
  char keys[256];
  walk(reader, store, (kist_range){.limit = 0}, keys);
  CHECK(strcmp(keys, "a,ab,abc,b,ba,c,") == 0);
  walk(reader, store, (kist_range){.reverse = true}, keys);
  CHECK(strcmp(keys, "c,ba,b,abc,ab,a,") == 0);
  walk(reader, store, (kist_range){.prefix = bytes("ab")}, keys);
  CHECK(strcmp(keys, "ab,abc,") == 0);
  walk(reader, store, (kist_range){.prefix = bytes("b"), .reverse = true}, keys);
  CHECK(strcmp(keys, "ba,b,") == 0);
  walk(reader, store, (kist_range){.from = bytes("ab"), .to = bytes("ba"), .has_to = true}, keys);
  CHECK(strcmp(keys, "ab,abc,b,") == 0);
  walk(reader, store, (kist_range){.from = bytes("aa"), .limit = 2}, keys);
  CHECK(strcmp(keys, "ab,abc,") == 0);
  walk(reader, store, (kist_range){.reverse = true, .limit = 1}, keys);
  CHECK(strcmp(keys, "c,") == 0);
  walk(reader, store, (kist_range){.has_to = true}, keys);
  CHECK(strcmp(keys, "") == 0);
  walk(reader, store, (kist_range){.to = bytes("a")}, keys);
  CHECK(strcmp(keys, "a,ab,abc,b,ba,c,") == 0);

  kist_iterator iterator;
  kist_range wrong = {.struct_size = sizeof wrong, .prefix = {NULL, 2}};
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "range.prefix",
              kist_iterator_begin(reader, store, &wrong, &iterator, &error));
  CHECK_OK(kist_reader_end(reader, &error));
}

static void iterators_give_many_at_once(kist_profile profile) {
  kist_store store = open_store(profile, "many");
  kist_writer writer = begin_writer(profile);
  for (int i = 0; i < 1000; ++i) {
    char key[16];
    snprintf(key, sizeof key, "%04d", i);
    writer_put(writer, store, key, (uint64_t)i);
  }
  CHECK_OK(kist_writer_commit(writer, KIST_DURABILITY_DURABLE, NULL, &error));
  kist_reader reader;
  CHECK_OK(kist_reader_begin(profile, &reader, &error));
  kist_iterator iterator;
  CHECK_OK(kist_iterator_begin(reader, store, NULL, &iterator, &error));
  kist_records records;
  uint64_t next = 0;
  do {
    CHECK_OK(kist_iterator_next_many(iterator, 300, SIZE_MAX, &records, &error));
    for (size_t i = 0; i < records.count; ++i, ++next) {
      char key[16];
      snprintf(key, sizeof key, "%04d", (int)next);
      CHECK(bytes_equal(records.items[i].key, key));
      CHECK(records.items[i].value.u64 == next);
    }
    CHECK(records.count == 300 || next == 1000);
    kist_records_free(&records);
    kist_records_free(&records);
  } while (next < 1000);
  CHECK_OK(kist_iterator_next_many(iterator, 300, SIZE_MAX, &records, &error));
  CHECK(records.count == 0);
  kist_records_free(&records);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "max_count",
              kist_iterator_next_many(iterator, 0, 0, &records, &error));
  CHECK_OK(kist_iterator_close(iterator, &error));

  /* What a caller has taken stays when all else is closed. */
  CHECK_OK(kist_iterator_begin(reader, store, NULL, &iterator, &error));
  CHECK_OK(kist_iterator_next_many(iterator, 300, 0, &records, &error));
  CHECK(records.count == 1);
  CHECK_OK(kist_reader_end(reader, &error));
  CHECK(bytes_equal(records.items[0].key, "0000"));
  kist_records_free(&records);
}

static void stores_of_other_profiles_are_refused(kist_profile profile) {
  kist_profile other = open_profile("other");
  kist_store foreign = open_store(other, "s");
  kist_reader reader;
  CHECK_OK(kist_reader_begin(profile, &reader, &error));
  bool found = false;
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_reader_has(reader, foreign, "k", 1, &found, &error));
  CHECK_OK(kist_reader_end(reader, &error));
  kist_writer writer = begin_writer(profile);
  const kist_value value = kist_value_bool(true);
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_writer_put(writer, foreign, "k", 1, &value, &error));
  CHECK_OK(kist_writer_abort(writer, &error));
  CHECK_OK(kist_profile_close(other, &error));
}

int main(void) {
  make_test_directory();
  kist_profile profile = open_profile("profile");
  batches_are_atomic_over_stores(profile);
  failed_calls_leave_the_batch_whole(profile);
  there_is_one_writer(profile);
  readers_see_one_state(profile);
  iterators_walk_ranges(profile);
  iterators_give_many_at_once(profile);
  stores_of_other_profiles_are_refused(profile);
  CHECK_OK(kist_profile_close(profile, &error));
  return 0;
}
