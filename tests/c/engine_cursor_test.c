/* Cursors: every move, batch reads, writes at the cursor, and where it is. */
#include "engine_check.h"

/* The record that a cursor stands on as "key=value"; "-" for none. */
static const char* record_at(kist_cursor cursor) {
  static char text[256];
  kist_bytes key;
  kist_bytes value;
  bool found = false;
  CHECK_OK(kist_cursor_get(cursor, &key, &value, &found, &error));
  if (!found) {
    CHECK(key.data == NULL && value.data == NULL);
    return "-";
  }
  snprintf(text, sizeof text, "%.*s=%.*s", (int)key.size, (const char*)key.data, (int)value.size,
           (const char*)value.data);
  return text;
}

/* Moves, and tells the record that is found, or "-". What the move gives is what is there. */
static const char* moved(kist_cursor cursor, uint32_t move) {
  kist_bytes key;
  kist_bytes value;
  bool found = false;
  CHECK_OK(kist_cursor_move(cursor, move, &key, &value, &found, &error));
  CHECK(found == (key.data != NULL) && found == (value.data != NULL));
  return found ? record_at(cursor) : "-";
}

static const char* sought(kist_cursor cursor, uint32_t how, const char* key) {
  bool found = false;
  CHECK_OK(kist_cursor_seek(cursor, how, key, strlen(key), NULL, NULL, &found, &error));
  return found ? record_at(cursor) : "-";
}

static const char* sought_pair(kist_cursor cursor, uint32_t how, const char* key,
                               const char* value) {
  bool found = false;
  CHECK_OK(kist_cursor_seek_pair(cursor, how, key, strlen(key), value, strlen(value), NULL, NULL,
                                 &found, &error));
  return found ? record_at(cursor) : "-";
}

static uint32_t place_of(kist_cursor cursor) {
  uint32_t place = 0;
  CHECK_OK(kist_cursor_place(cursor, &place, &error));
  return place;
}

static kist_cursor open_cursor(kist_txn txn, kist_table table) {
  kist_cursor cursor;
  CHECK_OK(kist_cursor_open(txn, table, &cursor, &error));
  return cursor;
}

static void moves_over_records(kist_db db) {
  kist_txn txn = begin_write(db);
  const kist_table table = table_named(db, "plain");
  CHECK_OK(kist_txn_create_table(txn, table, NULL, false, &error));
  kist_cursor at = open_cursor(txn, table);
  CHECK(same_text(moved(at, KIST_CURSOR_FIRST), "-"));
  CHECK(place_of(at) == KIST_PLACE_OFF);
  for (char key = 'b'; key <= 'h'; key = (char)(key + 2)) {
    CHECK_OK(kist_txn_put(txn, table, &key, 1, &key, 1, KIST_PUT_APPEND, NULL, &error));
  }
  CHECK_OK(kist_cursor_rebind(at, txn, &error));
  CHECK(same_text(record_at(at), "-"));
  CHECK(same_text(moved(at, KIST_CURSOR_NEXT), "b=b"));
  CHECK(place_of(at) == (KIST_PLACE_RECORD | KIST_PLACE_FIRST));
  CHECK(same_text(moved(at, KIST_CURSOR_NEXT), "d=d"));
  CHECK(place_of(at) == KIST_PLACE_RECORD);
  CHECK(same_text(moved(at, KIST_CURSOR_LAST), "h=h"));
  CHECK(place_of(at) == (KIST_PLACE_RECORD | KIST_PLACE_LAST));
  CHECK(same_text(moved(at, KIST_CURSOR_NEXT), "-"));
  CHECK(same_text(moved(at, KIST_CURSOR_NEXT), "-"));
  CHECK(same_text(moved(at, KIST_CURSOR_PREV), "h=h"));
  CHECK(same_text(moved(at, KIST_CURSOR_PREV), "f=f"));
  CHECK(same_text(moved(at, KIST_CURSOR_FIRST), "b=b"));
  CHECK(same_text(moved(at, KIST_CURSOR_PREV), "-"));
  CHECK(same_text(moved(at, KIST_CURSOR_NEXT), "b=b"));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "move",
              kist_cursor_move(at, 0, NULL, NULL, NULL, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "move",
              kist_cursor_move(at, 11, NULL, NULL, NULL, &error));

  CHECK(same_text(sought(at, KIST_SEEK_EQ, "d"), "d=d"));
  CHECK(same_text(sought(at, KIST_SEEK_EQ, "e"), "-"));
  CHECK(place_of(at) == 0);
  CHECK(same_text(moved(at, KIST_CURSOR_NEXT), "f=f"));
  CHECK(same_text(sought(at, KIST_SEEK_GE, "d"), "d=d"));
  CHECK(same_text(sought(at, KIST_SEEK_GE, "e"), "f=f"));
  CHECK(same_text(sought(at, KIST_SEEK_GT, "d"), "f=f"));
  CHECK(same_text(sought(at, KIST_SEEK_LE, "d"), "d=d"));
  CHECK(same_text(sought(at, KIST_SEEK_LE, "e"), "d=d"));
  CHECK(same_text(sought(at, KIST_SEEK_LT, "d"), "b=b"));
  CHECK(same_text(sought(at, KIST_SEEK_LT, "b"), "-"));
  CHECK(same_text(moved(at, KIST_CURSOR_NEXT), "b=b"));
  CHECK(same_text(sought(at, KIST_SEEK_GT, "h"), "-"));
  CHECK(same_text(moved(at, KIST_CURSOR_PREV), "h=h"));
  bool found = false;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "how",
              kist_cursor_seek(at, 6, "a", 1, NULL, NULL, &found, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "how",
              kist_cursor_seek_pair(at, 0, "a", 1, "", 0, NULL, NULL, &found, &error));

  kist_bytes key;
  CHECK_OK(kist_cursor_seek_nth(at, 2, &key, NULL, &found, &error));
  CHECK(found && bytes_equal(key, "f"));
  uint64_t rank = 0;
  CHECK_OK(kist_cursor_rank(at, &rank, &error));
  CHECK(rank == 2);
  CHECK_OK(kist_cursor_scroll(at, -2, &key, NULL, &found, &error));
  CHECK(found && bytes_equal(key, "b"));
  CHECK_OK(kist_cursor_scroll(at, 3, &key, NULL, &found, &error));
  CHECK(found && bytes_equal(key, "h"));
  CHECK_OK(kist_cursor_scroll(at, 1, &key, NULL, &found, &error));
  CHECK(!found && place_of(at) == KIST_PLACE_OFF);

  kist_cursor other;
  CHECK(same_text(sought(at, KIST_SEEK_EQ, "d"), "d=d"));
  CHECK_OK(kist_cursor_copy(at, &other, &error));
  CHECK(same_text(record_at(other), "d=d"));
  int order = 7;
  CHECK_OK(kist_cursor_compare(at, other, &order, &error));
  CHECK(order == 0);
  CHECK_OK(kist_cursor_compare(at, at, &order, &error));
  CHECK(order == 0);
  CHECK(same_text(moved(other, KIST_CURSOR_LAST), "h=h"));
  CHECK_OK(kist_cursor_compare(at, other, &order, &error));
  CHECK(order < 0);
  int64_t distance = 0;
  CHECK_OK(kist_cursor_distance(at, other, &distance, &error));
  CHECK(distance == 2);
  CHECK_OK(kist_cursor_distance(other, at, &distance, &error));
  CHECK(distance == -2);
  kist_cursor elsewhere = open_cursor(txn, kDefault);
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_cursor_compare(at, elsewhere, &order, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_cursor_distance(at, elsewhere, &distance, &error));
  CHECK_OK(kist_cursor_close(elsewhere, &error));
  CHECK_OK(kist_cursor_close(other, &error));
  CHECK_OK(kist_cursor_close(at, &error));
  commit(txn);
}

static void positions_stay_whatever_is_written(kist_db db) {
  kist_txn txn = begin_write(db);
  const kist_table table = table_named(db, "plain");
  kist_cursor at = open_cursor(txn, table);
  kist_cursor other = open_cursor(txn, table);
  bool flag = false;
  CHECK(same_text(sought(at, KIST_SEEK_EQ, "d"), "d=d"));
  CHECK(same_text(sought(other, KIST_SEEK_EQ, "d"), "d=d"));
  CHECK_OK(kist_cursor_set_value(at, "longer", 6, &error));
  CHECK(same_text(record_at(other), "d=longer"));
  CHECK_OK(kist_cursor_erase(at, &flag, &error));
  CHECK(flag && same_text(record_at(at), "-") && same_text(record_at(other), "-"));
  CHECK_FAILS(KIST_ERROR_CURSOR_INVALID, "", kist_cursor_set_value(at, "x", 1, &error));
  CHECK_OK(kist_cursor_erase(at, &flag, &error));
  CHECK(!flag);
  CHECK(same_text(moved(at, KIST_CURSOR_NEXT), "f=f"));
  CHECK(same_text(moved(other, KIST_CURSOR_PREV), "b=b"));
  CHECK_OK(kist_cursor_put(at, "e", 1, "new", 3, KIST_PUT_IF_ABSENT, &flag, &error));
  CHECK(flag && same_text(record_at(at), "e=new"));
  CHECK(same_text(moved(other, KIST_CURSOR_NEXT), "e=new"));
  CHECK_OK(kist_cursor_put(at, "e", 1, "old", 3, KIST_PUT_IF_ABSENT, &flag, &error));
  CHECK(!flag && same_text(record_at(at), "e=new"));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "mode",
              kist_cursor_put(at, "e", 1, "old", 3, 9, &flag, &error));
  CHECK_OK(kist_cursor_erase_key(other, &flag, &error));
  CHECK(flag && same_text(record_at(at), "-"));
  CHECK(same_text(records_of(txn, table), "b=b,f=f,h=h,"));
  CHECK_OK(kist_cursor_close(at, &error));
  commit(txn);
  CHECK_FAILS(KIST_ERROR_TRANSACTION_ENDED, "", kist_cursor_get(other, NULL, NULL, &flag, &error));
  CHECK_OK(kist_cursor_close(other, &error));
}

static void groups_of_values(kist_db db) {
  const kist_table table = make_multimap(db, "multi");
  kist_txn txn = begin_write(db);
  const char* pairs[][2] = {{"a", "1"}, {"b", "1"}, {"b", "3"}, {"b", "5"}, {"c", "2"}};
  for (size_t i = 0; i < 5; ++i) put_text(txn, table, pairs[i][0], pairs[i][1]);
  bool flag = true;
  CHECK_OK(kist_txn_put(txn, table, "b", 1, "3", 1, KIST_PUT_UPSERT, &flag, &error));
  CHECK(!flag);
  uint64_t count = 0;
  CHECK_OK(kist_txn_count(txn, table, KIST_COUNT_PAIRS, &count, &error));
  CHECK(count == 5);
  CHECK_OK(kist_txn_count(txn, table, KIST_COUNT_KEYS, &count, &error));
  CHECK(count == 3);
  CHECK_OK(kist_txn_count_values(txn, table, "b", 1, &count, &error));
  CHECK(count == 3);
  kist_buffer old;
  CHECK_FAILS(KIST_ERROR_AMBIGUOUS, "", kist_txn_take(txn, table, "b", 1, &old, &error));

  kist_cursor at = open_cursor(txn, table);
  CHECK(same_text(sought(at, KIST_SEEK_EQ, "b"), "b=1"));
  CHECK(same_text(moved(at, KIST_CURSOR_NEXT_VALUE), "b=3"));
  CHECK(same_text(moved(at, KIST_CURSOR_LAST_VALUE), "b=5"));
  CHECK(same_text(moved(at, KIST_CURSOR_NEXT_VALUE), "-"));
  CHECK(same_text(record_at(at), "b=5"));
  CHECK(same_text(moved(at, KIST_CURSOR_PREV_VALUE), "b=3"));
  CHECK(same_text(moved(at, KIST_CURSOR_FIRST_VALUE), "b=1"));
  CHECK(same_text(moved(at, KIST_CURSOR_NEXT_KEY), "c=2"));
  CHECK(same_text(moved(at, KIST_CURSOR_PREV_KEY), "b=5"));
  CHECK(same_text(moved(at, KIST_CURSOR_PREV_KEY), "a=1"));
  CHECK(same_text(moved(at, KIST_CURSOR_NEXT), "b=1"));
  CHECK_OK(kist_cursor_value_count(at, &count, &error));
  CHECK(count == 3);
  kist_bytes value;
  CHECK_OK(kist_cursor_seek_value(at, "2", 1, &value, &flag, &error));
  CHECK(flag && bytes_equal(value, "3"));
  CHECK_OK(kist_cursor_seek_value(at, "6", 1, &value, &flag, &error));
  CHECK(!flag && same_text(record_at(at), "b=3"));
  CHECK(same_text(sought_pair(at, KIST_SEEK_EQ, "b", "5"), "b=5"));
  CHECK(same_text(sought_pair(at, KIST_SEEK_EQ, "b", "4"), "-"));
  CHECK(same_text(sought_pair(at, KIST_SEEK_GE, "b", "4"), "b=5"));
  CHECK(same_text(sought_pair(at, KIST_SEEK_GT, "b", "5"), "c=2"));
  CHECK(same_text(sought_pair(at, KIST_SEEK_LE, "b", "4"), "b=3"));
  CHECK(same_text(sought_pair(at, KIST_SEEK_LT, "b", "1"), "a=1"));

  kist_bytes values[4];
  size_t read = 0;
  CHECK(same_text(sought(at, KIST_SEEK_EQ, "b"), "b=1"));
  CHECK_OK(kist_cursor_read_values(at, values, 2, &read, &error));
  CHECK(read == 2 && bytes_equal(values[1], "3") && same_text(record_at(at), "b=3"));
  CHECK_OK(kist_cursor_read_values(at, values, 4, &read, &error));
  CHECK(read == 2 && bytes_equal(values[0], "3") && bytes_equal(values[1], "5"));
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_cursor_read_value_block(at, &value, &error));

  CHECK_OK(kist_cursor_set_value(at, "4", 1, &error));
  CHECK(same_text(record_at(at), "b=4"));
  CHECK_OK(kist_cursor_erase(at, &flag, &error));
  CHECK(flag && same_text(moved(at, KIST_CURSOR_PREV), "b=3"));
  CHECK_OK(kist_cursor_erase_key(at, &flag, &error));
  CHECK(flag && same_text(records_of(txn, table), "a=1,c=2,"));
  bool found = false;
  CHECK_OK(kist_txn_has_pair(txn, table, "c", 1, "2", 1, &found, &error));
  CHECK(found);
  CHECK_OK(kist_txn_erase_pair(txn, table, "c", 1, "2", 1, &found, &error));
  CHECK(found);
  CHECK_OK(kist_cursor_close(at, &error));
  commit(txn);
}

static void blocks_of_values_of_one_size(kist_db db) {
  const kist_table table =
      make_table(db, "dense", (kist_table_options){.multi = true, .value_order = KIST_ORDER_U32});
  kist_txn txn = begin_write(db);
  uint8_t number[4];
  for (uint32_t i = 0; i < 1000; ++i) {
    kist_key_of_u32(i, number);
    CHECK_OK(kist_txn_put(txn, table, "k", 1, number, 4, KIST_PUT_APPEND, NULL, &error));
  }
  kist_cursor at = open_cursor(txn, table);
  bool found = false;
  CHECK_OK(kist_cursor_move(at, KIST_CURSOR_FIRST, NULL, NULL, &found, &error));
  uint32_t next = 0;
  do {
    kist_bytes block;
    CHECK_OK(kist_cursor_read_value_block(at, &block, &error));
    CHECK(block.size >= 4 && block.size % 4 == 0);
    for (size_t i = 0; i < block.size; i += 4) CHECK(kist_u32_of_key(block.data + i) == next++);
    CHECK_OK(kist_cursor_move(at, KIST_CURSOR_NEXT_VALUE, NULL, NULL, &found, &error));
  } while (found);
  CHECK(next == 1000);
  /* More at a time than is moved between the languages at once. */
  static kist_bytes values[1000];
  size_t read = 0;
  CHECK_OK(kist_cursor_move(at, KIST_CURSOR_FIRST, NULL, NULL, NULL, &error));
  CHECK_OK(kist_cursor_read_values(at, values, 1000, &read, &error));
  CHECK(read == 1000);
  for (uint32_t i = 0; i < 1000; ++i) CHECK(kist_u32_of_key(values[i].data) == i);
  CHECK_OK(kist_cursor_close(at, &error));
  commit(txn);
}

static bool add_size(void* context, const kist_pair* record) {
  CHECK(record->key.size == 4);
  *(size_t*)context += record->value.size;
  return *(size_t*)context < 500;
}

/* A visitor that ends the transaction it is called in. */
static bool end_it(void* context, const kist_pair* record) {
  CHECK(record->key.size == 4);
  end(*(kist_txn*)context);
  return true;
}

static void many_records_at_a_call(kist_db db) {
  const kist_table table =
      make_table(db, "many", (kist_table_options){.key_order = KIST_ORDER_U32});
  kist_txn txn = begin_write(db);
  uint8_t number[4];
  for (uint32_t i = 0; i < 1000; ++i) {
    kist_key_of_u32(i, number);
    CHECK_OK(kist_txn_put(txn, table, number, 4, "ab", 2, KIST_PUT_APPEND, NULL, &error));
  }
  commit(txn);
  txn = begin_read(db);
  kist_cursor at = open_cursor(txn, table);
  static kist_pair records[700];
  size_t read = 0;
  CHECK_OK(kist_cursor_read(at, records, 700, &read, &error));
  CHECK(read == 700);
  for (uint32_t i = 0; i < 700; ++i) CHECK(kist_u32_of_key(records[i].key.data) == i);
  CHECK_OK(kist_cursor_read(at, records, 700, &read, &error));
  CHECK(read == 300 && kist_u32_of_key(records[299].key.data) == 999);
  CHECK_OK(kist_cursor_read(at, records, 700, &read, &error));
  CHECK(read == 0);

  kist_pairs copies;
  CHECK_OK(kist_cursor_rebind(at, txn, &error));
  CHECK_OK(kist_cursor_read_copies(at, 10, 1000000, &copies, &error));
  CHECK(copies.count == 10);
  kist_pairs more;
  CHECK_OK(kist_cursor_read_copies(at, 1000, 60, &more, &error));
  CHECK(more.count == 11 && kist_u32_of_key(more.items[0].key.data) == 10);
  kist_pairs_free(&more);
  CHECK(more.items == NULL && more.count == 0);
  kist_pairs_free(&more);
  kist_pairs_free(NULL);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "max_count",
              kist_cursor_read_copies(at, 0, 60, &more, &error));

  size_t sum = 0;
  uint64_t visited = 0;
  CHECK_OK(kist_cursor_scan(at, add_size, &sum, &visited, &error));
  CHECK(sum == 500 && visited == 250);
  CHECK_OK(kist_cursor_scroll(at, 700, NULL, NULL, NULL, &error));
  sum = 0;
  CHECK_OK(kist_cursor_scan(at, add_size, &sum, &visited, &error));
  CHECK(sum == 2 * visited && visited < 30);
  CHECK_OK(kist_cursor_move(at, KIST_CURSOR_FIRST, NULL, NULL, NULL, &error));
  CHECK_FAILS(KIST_ERROR_TRANSACTION_ENDED, "",
              kist_cursor_scan(at, end_it, &txn, &visited, &error));
  CHECK(visited == 1);
  CHECK_OK(kist_cursor_close(at, &error));
  /* The copies are the caller's. */
  CHECK(kist_u32_of_key(copies.items[9].key.data) == 9);
  kist_pairs_free(&copies);
}

int main(void) {
  make_test_directory();
  kist_db db = open_db("cursor");
  moves_over_records(db);
  positions_stay_whatever_is_written(db);
  groups_of_values(db);
  blocks_of_values_of_one_size(db);
  many_records_at_a_call(db);
  close_clean(db);
  return 0;
}
