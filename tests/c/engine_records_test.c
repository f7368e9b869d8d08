/* Records by key: reading and writing, alone and many at once; order statistics. */
#include "engine_check.h"

static void the_ways_to_write(kist_db db) {
  kist_txn txn = begin_write(db);
  bool stored = false;
  CHECK_OK(kist_txn_put(txn, kDefault, "a", 1, "1", 1, KIST_PUT_IF_PRESENT, &stored, &error));
  CHECK(!stored);
  CHECK_OK(kist_txn_put(txn, kDefault, "a", 1, "1", 1, KIST_PUT_IF_ABSENT, &stored, &error));
  CHECK(stored);
  CHECK_OK(kist_txn_put(txn, kDefault, "a", 1, "2", 1, KIST_PUT_IF_ABSENT, &stored, &error));
  CHECK(!stored && has_text(txn, kDefault, "a", "1"));
  CHECK_OK(kist_txn_put(txn, kDefault, "a", 1, "2", 1, KIST_PUT_IF_PRESENT, &stored, &error));
  CHECK(stored && has_text(txn, kDefault, "a", "2"));
  CHECK_OK(kist_txn_put(txn, kDefault, "b", 1, NULL, 0, KIST_PUT_APPEND, &stored, &error));
  CHECK(stored && has_text(txn, kDefault, "b", ""));
  CHECK_FAILS(KIST_ERROR_OUT_OF_ORDER, "",
              kist_txn_put(txn, kDefault, "b", 1, "", 0, KIST_PUT_APPEND, &stored, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "mode",
              kist_txn_put(txn, kDefault, "b", 1, "", 0, 4, &stored, &error));
  CHECK_OK(kist_txn_put(txn, kDefault, "", 0, "empty", 5, KIST_PUT_UPSERT, NULL, &error));
  CHECK(has_text(txn, kDefault, "", "empty"));

  static uint8_t long_key[2023];
  CHECK_OK(kist_txn_put(txn, kDefault, long_key, 2022, "", 0, KIST_PUT_UPSERT, NULL, &error));
  CHECK_FAILS(KIST_ERROR_KEY_TOO_LONG, "2023",
              kist_txn_put(txn, kDefault, long_key, 2023, "", 0, KIST_PUT_UPSERT, NULL, &error));
  CHECK_OK(kist_txn_erase(txn, kDefault, long_key, 2022, &stored, &error));
  CHECK(stored);
  CHECK_OK(kist_txn_erase(txn, kDefault, long_key, 2022, &stored, &error));
  CHECK(!stored);

  bool done = false;
  const kist_bytes two = bytes("2");
  const kist_bytes three = bytes("3");
  CHECK_OK(kist_txn_compare_and_set(txn, kDefault, "a", 1, &three, &two, &done, &error));
  CHECK(!done);
  CHECK_OK(kist_txn_compare_and_set(txn, kDefault, "a", 1, &two, &three, &done, &error));
  CHECK(done && has_text(txn, kDefault, "a", "3"));
  CHECK_OK(kist_txn_compare_and_set(txn, kDefault, "a", 1, NULL, &two, &done, &error));
  CHECK(!done);
  CHECK_OK(kist_txn_compare_and_set(txn, kDefault, "a", 1, &three, NULL, &done, &error));
  CHECK(done && has_text(txn, kDefault, "a", NULL));
  CHECK_OK(kist_txn_compare_and_set(txn, kDefault, "a", 1, NULL, &two, &done, &error));
  CHECK(done && has_text(txn, kDefault, "a", "2"));

  kist_buffer old;
  CHECK_OK(kist_txn_replace(txn, kDefault, "a", 1, "4", 1, &old, &error));
  CHECK(old.size == 1 && old.data[0] == '2' && has_text(txn, kDefault, "a", "4"));
  kist_buffer_free(&old);
  CHECK_OK(kist_txn_replace(txn, kDefault, "new", 3, "", 0, &old, &error));
  CHECK(old.data == NULL && has_text(txn, kDefault, "new", ""));
  CHECK_OK(kist_txn_take(txn, kDefault, "new", 3, &old, &error));
  CHECK(old.data != NULL && old.size == 0 && has_text(txn, kDefault, "new", NULL));
  kist_buffer_free(&old);
  CHECK_OK(kist_txn_take(txn, kDefault, "new", 3, &old, &error));
  CHECK(old.data == NULL);

  bool existed = true;
  CHECK_OK(kist_txn_erase_pair(txn, kDefault, "a", 1, "5", 1, &existed, &error));
  CHECK(!existed);
  CHECK_OK(kist_txn_erase_pair(txn, kDefault, "a", 1, "4", 1, &existed, &error));
  CHECK(existed && has_text(txn, kDefault, "a", NULL));
  end(txn);
}

static void the_ways_to_read(kist_db db) {
  kist_txn txn = begin_write(db);
  put_text(txn, kDefault, "a", "1");
  put_text(txn, kDefault, "b", "");
  commit(txn);
  txn = begin_read(db);
  kist_buffer copy;
  bool found = false;
  CHECK_OK(kist_txn_get_copy(txn, kDefault, "a", 1, &copy, &found, &error));
  CHECK(found && copy.size == 1 && copy.data[0] == '1');
  kist_bytes value;
  CHECK_OK(kist_txn_get(txn, kDefault, "a", 1, &value, NULL, &error));
  bool outlives = false;
  CHECK_OK(kist_txn_outlives_writes(txn, value.data, value.size, &outlives, &error));
  CHECK(outlives);
  const kist_bytes keys[] = {bytes("b"), bytes("x"), bytes("a")};
  kist_bytes values[3];
  CHECK_OK(kist_txn_get_many(txn, kDefault, keys, 3, values, &error));
  CHECK(bytes_equal(values[0], "") && values[0].data != NULL);
  CHECK(values[1].data == NULL && bytes_equal(values[2], "1"));
  CHECK_OK(kist_txn_get_many(txn, kDefault, NULL, 0, NULL, &error));
  CHECK_OK(kist_txn_has(txn, kDefault, "b", 1, &found, &error));
  CHECK(found);
  CHECK_OK(kist_txn_has_pair(txn, kDefault, "b", 1, "1", 1, &found, &error));
  CHECK(!found);
  CHECK_OK(kist_txn_has_pair(txn, kDefault, "a", 1, "1", 1, &found, &error));
  CHECK(found);
  uint64_t count = 7;
  CHECK_OK(kist_txn_count_values(txn, kDefault, "a", 1, &count, &error));
  CHECK(count == 1);
  end(txn);
  /* The copy is the caller's. */
  CHECK(copy.data[0] == '1');
  kist_buffer_free(&copy);
}

static void a_read_transaction_writes_nothing(kist_db db) {
  kist_txn txn = begin_read(db);
  const kist_code code = KIST_ERROR_READ_ONLY;
  kist_buffer old;
  uint8_t* room;
  uint64_t number = 0;
  bool flag = false;
  const kist_bytes one = bytes("1");
  const kist_pair pair = {one, one};
  kist_value_writer writer;
  kist_savepoint point;
  kist_txn nested;
  CHECK_FAILS(code, "", kist_txn_put(txn, kDefault, "k", 1, "v", 1, 0, &flag, &error));
  CHECK_FAILS(code, "", kist_txn_put_many(txn, kDefault, &pair, 1, 0, &number, &error));
  CHECK_FAILS(code, "", kist_txn_reserve(txn, kDefault, "k", 1, 1, &room, &error));
  CHECK_FAILS(code, "", kist_txn_erase(txn, kDefault, "k", 1, &flag, &error));
  CHECK_FAILS(code, "", kist_txn_erase_pair(txn, kDefault, "k", 1, "v", 1, &flag, &error));
  CHECK_FAILS(code, "", kist_txn_replace(txn, kDefault, "k", 1, "v", 1, &old, &error));
  CHECK_FAILS(code, "", kist_txn_take(txn, kDefault, "k", 1, &old, &error));
  CHECK_FAILS(code, "", kist_txn_compare_and_set(txn, kDefault, "k", 1, NULL, &one, &flag, &error));
  CHECK_FAILS(code, "", kist_txn_erase_range(txn, kDefault, NULL, NULL, &number, &error));
  CHECK_FAILS(code, "", kist_txn_erase_prefix(txn, kDefault, "k", 1, &number, &error));
  CHECK_FAILS(code, "", kist_value_writer_open(txn, kDefault, "k", 1, 1, &writer, &error));
  CHECK_FAILS(code, "", kist_txn_create_table(txn, kDefault, NULL, true, &error));
  CHECK_FAILS(code, "", kist_txn_drop_table(txn, kDefault, &error));
  CHECK_FAILS(code, "", kist_txn_rename_table(txn, kDefault, kDefault, &error));
  CHECK_FAILS(code, "", kist_txn_clear_table(txn, kDefault, &number, &error));
  CHECK_FAILS(code, "", kist_txn_advance_sequence(txn, kDefault, 1, &number, &error));
  CHECK_FAILS(code, "", kist_txn_begin_nested(txn, &nested, &error));
  CHECK_FAILS(code, "", kist_txn_begin_uncommitted(txn, &nested, &error));
  CHECK_FAILS(code, "", kist_txn_savepoint(txn, &point, &error));
  CHECK_FAILS(code, "", kist_txn_rollback_to(txn, point, &error));
  CHECK_FAILS(code, "", kist_txn_release(txn, point, &error));
  CHECK_FAILS(code, "", kist_txn_memory_used(txn, &number, &error));
  CHECK_FAILS(code, "", kist_txn_commit_and_continue(txn, 0, &number, &error));
  CHECK_FAILS(code, "", kist_txn_commit_and_read(txn, 0, &number, &error));
  kist_cursor cursor;
  CHECK_OK(kist_cursor_open(txn, kDefault, &cursor, &error));
  CHECK_FAILS(code, "", kist_cursor_put(cursor, "k", 1, "v", 1, 0, &flag, &error));
  CHECK_OK(kist_cursor_move(cursor, KIST_CURSOR_FIRST, NULL, NULL, &flag, &error));
  CHECK(flag);
  CHECK_FAILS(code, "", kist_cursor_set_value(cursor, "v", 1, &error));
  CHECK_FAILS(code, "", kist_cursor_erase(cursor, &flag, &error));
  CHECK_FAILS(code, "", kist_cursor_erase_key(cursor, &flag, &error));
  CHECK_OK(kist_cursor_close(cursor, &error));
  /* Committing one just ends it. */
  uint64_t id = 0;
  CHECK_OK(kist_txn_id(txn, &number, &error));
  CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_DEFAULT, &id, &error));
  CHECK(id == number);
  CHECK_FAILS(KIST_ERROR_CLOSED, "transaction", kist_txn_id(txn, &number, &error));
}

/* Puts the records 000 to 999, each with its number as value. */
static void put_thousand(kist_txn txn, kist_table table) {
  static char texts[1000][16];
  static kist_pair records[1000];
  for (int i = 0; i < 1000; ++i) {
    snprintf(texts[i], sizeof texts[i], "%03d", i % 1000);
    records[i].key = records[i].value = bytes(texts[i]);
  }
  uint64_t stored = 0;
  CHECK_OK(kist_txn_put_many(txn, table, records, 1000, KIST_PUT_APPEND, &stored, &error));
  CHECK(stored == 1000);
  CHECK_OK(kist_txn_put_many(txn, table, records, 1000, KIST_PUT_IF_ABSENT, &stored, &error));
  CHECK(stored == 0);
}

static void order_statistics(kist_db db) {
  const kist_table table = make_table(db, "ordered", (kist_table_options){0});
  kist_txn txn = begin_write(db);
  put_thousand(txn, table);
  uint64_t number = 0;
  const kist_bytes low = bytes("100");
  const kist_bytes high = bytes("900");
  CHECK_OK(kist_txn_count(txn, table, KIST_COUNT_PAIRS, &number, &error));
  CHECK(number == 1000);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "what", kist_txn_count(txn, table, 2, &number, &error));
  CHECK_OK(kist_txn_rank(txn, table, "250", 3, KIST_COUNT_KEYS, &number, &error));
  CHECK(number == 250);
  CHECK_OK(kist_txn_count_range(txn, table, &low, &high, KIST_COUNT_PAIRS, &number, &error));
  CHECK(number == 800);
  CHECK_OK(kist_txn_count_range(txn, table, NULL, &low, KIST_COUNT_PAIRS, &number, &error));
  CHECK(number == 100);
  CHECK_OK(kist_txn_count_range(txn, table, NULL, NULL, KIST_COUNT_PAIRS, &number, &error));
  CHECK(number == 1000);
  CHECK_OK(kist_txn_count_range(txn, kDefault, NULL, NULL, KIST_COUNT_PAIRS, &number, &error));
  CHECK_OK(kist_txn_count_prefix(txn, table, "12", 2, KIST_COUNT_PAIRS, &number, &error));
  CHECK(number == 10);
  kist_pair record;
  bool found = false;
  CHECK_OK(kist_txn_nth(txn, table, 777, KIST_COUNT_PAIRS, &record, &found, &error));
  CHECK(found && bytes_equal(record.key, "777") && bytes_equal(record.value, "777"));
  CHECK_OK(kist_txn_nth(txn, table, 1000, KIST_COUNT_PAIRS, &record, &found, &error));
  CHECK(!found && record.key.data == NULL);

  kist_names cuts;
  CHECK_OK(kist_txn_split(txn, table, 4, NULL, NULL, &cuts, &error));
  CHECK(cuts.count == 3);
  CHECK(bytes_equal(cuts.items[0], "250") && bytes_equal(cuts.items[2], "750"));
  kist_names_free(&cuts);
  CHECK_OK(kist_txn_split(txn, table, 2, &low, &high, &cuts, &error));
  CHECK(cuts.count == 1 && bytes_equal(cuts.items[0], "500"));
  kist_names_free(&cuts);
  kist_pair drawn[5];
  kist_pair again[5];
  size_t count = 0;
  CHECK_OK(kist_txn_sample(txn, table, 5, 42, drawn, &count, &error));
  CHECK(count == 5);
  CHECK_OK(kist_txn_sample(txn, table, 5, 42, again, &count, &error));
  for (size_t i = 0; i < count; ++i) {
    CHECK(drawn[i].key.size == 3 && memcmp(drawn[i].key.data, again[i].key.data, 3) == 0);
  }

  CHECK_OK(kist_txn_erase_range(txn, table, &low, &high, &number, &error));
  CHECK(number == 800);
  CHECK_OK(kist_txn_erase_prefix(txn, table, "95", 2, &number, &error));
  CHECK(number == 10);
  CHECK_OK(kist_txn_erase_range(txn, table, NULL, &low, &number, &error));
  CHECK(number == 100);
  CHECK_OK(kist_txn_erase_range(txn, table, NULL, NULL, NULL, &error));
  CHECK_OK(kist_txn_count(txn, table, KIST_COUNT_PAIRS, &number, &error));
  CHECK(number == 0);
  CHECK_OK(kist_txn_erase_range(txn, table, NULL, NULL, &number, &error));
  CHECK(number == 0);
  CHECK_OK(kist_txn_sample(txn, table, 5, 42, drawn, &count, &error));
  CHECK(count == 0);
  commit(txn);
}

static void room_is_reserved_and_filled(kist_db db) {
  kist_txn txn = begin_write(db);
  uint8_t* room = NULL;
  CHECK_OK(kist_txn_reserve(txn, kDefault, "small", 5, 3, &room, &error));
  CHECK(room[0] == 0 && room[2] == 0);
  memcpy(room, "abc", 3);
  CHECK_OK(kist_txn_reserve(txn, kDefault, "large", 5, 100000, &room, &error));
  memset(room, 7, 100000);
  kist_bytes value;
  CHECK_OK(kist_txn_get(txn, kDefault, "small", 5, &value, NULL, &error));
  bool outlives = true;
  CHECK_OK(kist_txn_outlives_writes(txn, value.data, value.size, &outlives, &error));
  CHECK(!outlives);
  commit(txn);
  txn = begin_read(db);
  CHECK(has_text(txn, kDefault, "small", "abc"));
  CHECK_OK(kist_txn_get(txn, kDefault, "large", 5, &value, NULL, &error));
  CHECK(value.size == 100000 && value.data[99999] == 7 && (uintptr_t)value.data % 8 == 0);
  end(txn);
}

static void sequences_go_on(kist_db db) {
  uint64_t number = 7;
  kist_txn txn = begin_write(db);
  CHECK_OK(kist_txn_sequence(txn, kDefault, &number, &error));
  CHECK(number == 0);
  CHECK_OK(kist_txn_advance_sequence(txn, kDefault, 10, &number, &error));
  CHECK(number == 0);
  CHECK_OK(kist_txn_advance_sequence(txn, kDefault, 1, &number, &error));
  CHECK(number == 10);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "",
              kist_txn_advance_sequence(txn, kDefault, UINT64_MAX, &number, &error));
  CHECK(number == 0);
  commit(txn);
  txn = begin_read(db);
  CHECK_OK(kist_txn_sequence(txn, kDefault, &number, &error));
  CHECK(number == 11);
  end(txn);
}

int main(void) {
  make_test_directory();
  kist_db db = open_db("records");
  the_ways_to_write(db);
  the_ways_to_read(db);
  a_read_transaction_writes_nothing(db);
  order_statistics(db);
  room_is_reserved_and_filled(db);
  sequences_go_on(db);
  close_clean(db);
  return 0;
}
