/* Handles of the engine outlive their objects: use after close in every order, stale and foreign
 * handles, NULL pointers, and a fork. None may crash. */
#define _XOPEN_SOURCE 700

#include <sys/wait.h>

#include "engine_check.h"

/* One handle of each kind. */
typedef struct handles {
  kist_db db;
  kist_txn read;
  kist_txn write;
  kist_cursor cursor;       /* Of the write transaction. */
  kist_cursor read_cursor;  /* Of the read transaction. */
  kist_value_reader reader; /* Of the read transaction. */
  kist_value_writer writer; /* Of the write transaction. */
  kist_diff diff;           /* Of both. */
} handles;

static handles open_all(void) {
  handles h;
  h.db = open_db("lifetime");
  h.write = begin_write(h.db);
  put_text(h.write, kDefault, "k", "v");
  CHECK_OK(kist_txn_erase(h.write, kDefault, "uncommitted", 11, NULL, &error));
  commit(h.write);
  h.read = begin_read(h.db);
  h.write = begin_write(h.db);
  put_text(h.write, kDefault, "uncommitted", "v");
  CHECK_OK(kist_cursor_open(h.write, kDefault, &h.cursor, &error));
  CHECK_OK(kist_cursor_open(h.read, kDefault, &h.read_cursor, &error));
  CHECK_OK(kist_value_reader_open(h.read, kDefault, "k", 1, &h.reader, NULL, &error));
  CHECK_OK(kist_value_writer_open(h.write, kDefault, "streamed", 8, 4, &h.writer, &error));
  CHECK_OK(kist_value_writer_write(h.writer, "ab", 2, &error));
  CHECK_OK(kist_diff_open(h.read, h.write, kDefault, &h.diff, &error));
  return h;
}

/* Where calls put what they find; all of it is "nothing" after a failure. */
static struct {
  kist_bytes bytes;
  kist_bytes more_bytes;
  kist_buffer buffer;
  kist_pair pair;
  kist_pairs pairs;
  kist_names names;
  kist_change change;
  kist_check_report report;
  kist_txn txn;
  kist_table table;
  kist_cursor cursor;
  kist_value_reader reader;
  kist_value_writer writer;
  kist_diff diff;
  kist_savepoint point;
  bool flag;
  int order;
  int64_t distance;
  uint64_t number;
  uint32_t place;
  size_t size;
  uint8_t* data;
  uint8_t room[4];
} out;

static int compare_nothing(void* context, const uint8_t* a, size_t a_size, const uint8_t* b,
                           size_t b_size) {
  (void)context;
  (void)a;
  (void)a_size;
  (void)b;
  (void)b_size;
  return 0;
}

static bool visit_nothing(void* context, const kist_pair* record) {
  (void)context;
  (void)record;
  return true;
}

static void no_call_on_a_database(kist_db db, kist_code code) {
  kist_engine_stats stats = {.struct_size = sizeof stats};
  kist_engine_limits limits = {.struct_size = sizeof limits};
  CHECK_FAILS(code, "database", kist_db_sync(db, &error));
  CHECK_FAILS(code, "database", kist_db_check(db, &out.report, &error));
  CHECK_FAILS(code, "database", kist_db_stats(db, &stats, &error));
  CHECK_FAILS(code, "database", kist_db_limits(db, &limits, &error));
  CHECK_FAILS(code, "database", kist_db_path(db, &out.buffer, &error));
  CHECK_FAILS(code, "database", kist_db_table(db, "t", 1, &out.table, &error));
  CHECK_FAILS(code, "database",
              kist_db_register_comparator(db, "c", 1, compare_nothing, NULL, NULL, &error));
  CHECK_FAILS(code, "database", kist_txn_begin_read(db, &out.txn, &error));
  CHECK_FAILS(code, "database", kist_txn_begin_write(db, 0, &out.txn, &error));
  CHECK(out.report.text == NULL && out.buffer.data == NULL && out.table.id == 0 && out.txn.id == 0);
}

static void no_read_of_a_transaction(kist_txn txn, kist_code code) {
  const kist_bytes key = bytes("k");
  kist_table_options options = {.struct_size = sizeof options};
  kist_table_stats stats = {.struct_size = sizeof stats};
  const char* what = "transaction";
  CHECK_FAILS(code, what, kist_txn_id(txn, &out.number, &error));
  CHECK_FAILS(code, what, kist_txn_lag(txn, &out.number, &error));
  CHECK_FAILS(code, what, kist_txn_outlives_writes(txn, "k", 1, &out.flag, &error));
  CHECK_FAILS(code, what, kist_txn_get(txn, kDefault, "k", 1, &out.bytes, &out.flag, &error));
  CHECK_FAILS(code, what, kist_txn_get_copy(txn, kDefault, "k", 1, &out.buffer, &out.flag, &error));
  CHECK_FAILS(code, what, kist_txn_get_many(txn, kDefault, &key, 1, &out.bytes, &error));
  CHECK_FAILS(code, what, kist_txn_has(txn, kDefault, "k", 1, &out.flag, &error));
  CHECK_FAILS(code, what, kist_txn_has_pair(txn, kDefault, "k", 1, "v", 1, &out.flag, &error));
  CHECK_FAILS(code, what, kist_txn_count_values(txn, kDefault, "k", 1, &out.number, &error));
  CHECK_FAILS(code, what, kist_txn_count(txn, kDefault, 0, &out.number, &error));
  CHECK_FAILS(code, what, kist_txn_rank(txn, kDefault, "k", 1, 0, &out.number, &error));
  CHECK_FAILS(code, what, kist_txn_count_range(txn, kDefault, NULL, NULL, 0, &out.number, &error));
  CHECK_FAILS(code, what, kist_txn_count_prefix(txn, kDefault, "k", 1, 0, &out.number, &error));
  CHECK_FAILS(code, what, kist_txn_nth(txn, kDefault, 0, 0, &out.pair, &out.flag, &error));
  CHECK_FAILS(code, what, kist_txn_split(txn, kDefault, 2, NULL, NULL, &out.names, &error));
  CHECK_FAILS(code, what, kist_txn_sample(txn, kDefault, 1, 1, &out.pair, &out.size, &error));
  CHECK_FAILS(code, what, kist_txn_table_exists(txn, kDefault, &out.flag, &error));
  CHECK_FAILS(code, what, kist_txn_table_options(txn, kDefault, &options, &error));
  CHECK_FAILS(code, what, kist_txn_table_names(txn, &out.names, &error));
  CHECK_FAILS(code, what, kist_txn_table_stats(txn, kDefault, &stats, &error));
  CHECK_FAILS(code, what, kist_txn_compare_keys(txn, kDefault, "", 0, "", 0, &out.order, &error));
  CHECK_FAILS(code, what, kist_txn_compare_values(txn, kDefault, "", 0, "", 0, &out.order, &error));
  CHECK_FAILS(code, what, kist_txn_sequence(txn, kDefault, &out.number, &error));
  CHECK_FAILS(code, what, kist_cursor_open(txn, kDefault, &out.cursor, &error));
  CHECK_FAILS(code, what,
              kist_value_reader_open(txn, kDefault, "k", 1, &out.reader, &out.flag, &error));
  CHECK_FAILS(code, what, kist_diff_open(txn, txn, kDefault, &out.diff, &error));
  CHECK(out.bytes.data == NULL && out.buffer.data == NULL && out.pair.key.data == NULL);
  CHECK(out.cursor.id == 0 && out.reader.id == 0 && out.diff.id == 0 && out.names.count == 0);
}

static void no_way_on_for_a_transaction(kist_txn txn, kist_code code) {
  const char* what = "transaction";
  CHECK_FAILS(code, what, kist_txn_clone(txn, &out.txn, &error));
  CHECK_FAILS(code, what, kist_txn_reset(txn, &error));
  CHECK_FAILS(code, what, kist_txn_renew(txn, &out.flag, &error));
  CHECK_FAILS(code, what, kist_txn_upgrade(txn, 0, &error));
  CHECK_FAILS(code, what, kist_txn_begin_nested(txn, &out.txn, &error));
  CHECK_FAILS(code, what, kist_txn_begin_uncommitted(txn, &out.txn, &error));
  CHECK_FAILS(code, what, kist_txn_commit_and_continue(txn, 0, &out.number, &error));
  CHECK_FAILS(code, what, kist_txn_commit_and_read(txn, 0, &out.number, &error));
  CHECK_FAILS(code, what, kist_txn_savepoint(txn, &out.point, &error));
  CHECK_FAILS(code, what, kist_txn_rollback_to(txn, out.point, &error));
  CHECK_FAILS(code, what, kist_txn_release(txn, out.point, &error));
  CHECK_FAILS(code, what, kist_txn_memory_used(txn, &out.number, &error));
  CHECK(out.txn.id == 0 && out.point.id == 0);
}

static void no_write_of_a_transaction(kist_txn txn, kist_code code) {
  const kist_pair pair = {bytes("k"), bytes("v")};
  const kist_bytes value = bytes("v");
  const char* what = "transaction";
  CHECK_FAILS(code, what, kist_txn_put(txn, kDefault, "k", 1, "v", 1, 0, &out.flag, &error));
  CHECK_FAILS(code, what, kist_txn_put_many(txn, kDefault, &pair, 1, 0, &out.number, &error));
  CHECK_FAILS(code, what, kist_txn_reserve(txn, kDefault, "k", 1, 1, &out.data, &error));
  CHECK_FAILS(code, what, kist_txn_erase(txn, kDefault, "k", 1, &out.flag, &error));
  CHECK_FAILS(code, what, kist_txn_erase_pair(txn, kDefault, "k", 1, "v", 1, &out.flag, &error));
  CHECK_FAILS(code, what,
              kist_txn_compare_and_set(txn, kDefault, "k", 1, NULL, &value, &out.flag, &error));
  CHECK_FAILS(code, what, kist_txn_replace(txn, kDefault, "k", 1, "v", 1, &out.buffer, &error));
  CHECK_FAILS(code, what, kist_txn_take(txn, kDefault, "k", 1, &out.buffer, &error));
  CHECK_FAILS(code, what, kist_txn_erase_range(txn, kDefault, NULL, NULL, &out.number, &error));
  CHECK_FAILS(code, what, kist_txn_erase_prefix(txn, kDefault, "k", 1, &out.number, &error));
  CHECK_FAILS(code, what, kist_value_writer_open(txn, kDefault, "k", 1, 1, &out.writer, &error));
  CHECK_FAILS(code, what, kist_txn_create_table(txn, kDefault, NULL, true, &error));
  CHECK_FAILS(code, what, kist_txn_drop_table(txn, kDefault, &error));
  CHECK_FAILS(code, what, kist_txn_rename_table(txn, kDefault, kDefault, &error));
  CHECK_FAILS(code, what, kist_txn_clear_table(txn, kDefault, &out.number, &error));
  CHECK_FAILS(code, what, kist_txn_advance_sequence(txn, kDefault, 1, &out.number, &error));
  CHECK(out.data == NULL && out.buffer.data == NULL && out.writer.id == 0);
}

static void no_call_on_a_cursor(kist_cursor cursor, kist_code code, const char* what) {
  kist_bytes* key = &out.bytes;
  kist_bytes* value = &out.more_bytes;
  CHECK_FAILS(code, what, kist_cursor_move(cursor, 1, key, value, &out.flag, &error));
  CHECK_FAILS(code, what, kist_cursor_move(cursor, 3, NULL, NULL, &out.flag, &error));
  CHECK_FAILS(code, what, kist_cursor_seek(cursor, 1, "k", 1, key, value, &out.flag, &error));
  CHECK_FAILS(code, what,
              kist_cursor_seek_pair(cursor, 1, "k", 1, "", 0, key, value, &out.flag, &error));
  CHECK_FAILS(code, what, kist_cursor_seek_value(cursor, "", 0, value, &out.flag, &error));
  CHECK_FAILS(code, what, kist_cursor_seek_nth(cursor, 0, key, value, &out.flag, &error));
  CHECK_FAILS(code, what, kist_cursor_scroll(cursor, 1, key, value, &out.flag, &error));
  CHECK_FAILS(code, what, kist_cursor_get(cursor, key, value, &out.flag, &error));
  CHECK_FAILS(code, what, kist_cursor_read(cursor, &out.pair, 1, &out.size, &error));
  CHECK_FAILS(code, what, kist_cursor_read_copies(cursor, 1, 1, &out.pairs, &error));
  CHECK_FAILS(code, what, kist_cursor_read_values(cursor, key, 1, &out.size, &error));
  CHECK_FAILS(code, what, kist_cursor_read_value_block(cursor, key, &error));
  CHECK_FAILS(code, what, kist_cursor_scan(cursor, visit_nothing, NULL, &out.number, &error));
  CHECK_FAILS(code, what, kist_cursor_value_count(cursor, &out.number, &error));
  CHECK_FAILS(code, what, kist_cursor_put(cursor, "k", 1, "v", 1, 0, &out.flag, &error));
  CHECK_FAILS(code, what, kist_cursor_set_value(cursor, "v", 1, &error));
  CHECK_FAILS(code, what, kist_cursor_erase(cursor, &out.flag, &error));
  CHECK_FAILS(code, what, kist_cursor_erase_key(cursor, &out.flag, &error));
  CHECK_FAILS(code, what, kist_cursor_place(cursor, &out.place, &error));
  CHECK_FAILS(code, what, kist_cursor_rank(cursor, &out.number, &error));
  CHECK_FAILS(code, what, kist_cursor_compare(cursor, cursor, &out.order, &error));
  CHECK_FAILS(code, what, kist_cursor_distance(cursor, cursor, &out.distance, &error));
  CHECK(out.bytes.data == NULL && out.more_bytes.data == NULL && out.pairs.items == NULL);
  CHECK(!out.flag && out.place == 0);
}

static void no_call_on_streams(handles h, kist_code code, const char* reader, const char* writer,
                               const char* diff) {
  CHECK_FAILS(code, reader,
              kist_value_reader_read(h.reader, 0, out.room, sizeof out.room, &out.size, &error));
  CHECK_FAILS(code, writer, kist_value_writer_write(h.writer, "a", 1, &error));
  CHECK_FAILS(code, writer, kist_value_writer_finish(h.writer, &error));
  CHECK_FAILS(code, diff, kist_diff_next(h.diff, &out.change, &out.flag, &error));
  CHECK(out.change.key.data == NULL && out.size == 0);
}

static void nothing_works(handles h, kist_code code) {
  no_call_on_a_database(h.db, code);
  no_read_of_a_transaction(h.read, code);
  no_read_of_a_transaction(h.write, code);
  no_way_on_for_a_transaction(h.read, code);
  no_way_on_for_a_transaction(h.write, code);
  no_write_of_a_transaction(h.write, code);
  no_call_on_a_cursor(h.cursor, code, "cursor");
  no_call_on_a_cursor(h.read_cursor, code, "cursor");
  CHECK_FAILS(code, "cursor", kist_cursor_copy(h.cursor, &out.cursor, &error));
  CHECK_FAILS(code, "cursor", kist_cursor_rebind(h.cursor, h.read, &error));
  no_call_on_streams(h, code, "value reader", "value writer", "difference");
  CHECK_FAILS(code, "value reader", kist_value_reader_size(h.reader, &out.number, &error));
  CHECK_FAILS(code, "difference", kist_diff_pages_visited(h.diff, &out.number, &error));
}

static void every_close_fails(handles h, kist_code code) {
  CHECK_FAILS(code, "database", kist_db_close(h.db, &error));
  CHECK_FAILS(code, "transaction", kist_txn_abort(h.read, &error));
  CHECK_FAILS(code, "transaction", kist_txn_abort(h.write, &error));
  CHECK_FAILS(code, "transaction", kist_txn_commit(h.write, 0, NULL, &error));
  CHECK_FAILS(code, "cursor", kist_cursor_close(h.cursor, &error));
  CHECK_FAILS(code, "value reader", kist_value_reader_close(h.reader, &error));
  CHECK_FAILS(code, "value writer", kist_value_writer_close(h.writer, &error));
  CHECK_FAILS(code, "difference", kist_diff_close(h.diff, &error));
}

static void close_what_is_left(handles h) {
  CHECK_OK(kist_cursor_close(h.cursor, &error));
  CHECK_OK(kist_cursor_close(h.read_cursor, &error));
  CHECK_OK(kist_value_reader_close(h.reader, &error));
  CHECK_OK(kist_value_writer_close(h.writer, &error));
  CHECK_OK(kist_diff_close(h.diff, &error));
}

static void closing_a_database_closes_all(void) {
  handles h = open_all();
  CHECK_OK(kist_db_close(h.db, &error));
  nothing_works(h, KIST_ERROR_CLOSED);
  every_close_fails(h, KIST_ERROR_CLOSED);
  /* New objects in the same places do not bring old handles to life. */
  handles later = open_all();
  nothing_works(h, KIST_ERROR_CLOSED);
  every_close_fails(h, KIST_ERROR_CLOSED);
  CHECK(has_text(later.read, kDefault, "uncommitted", NULL));
  CHECK_OK(kist_db_close(later.db, &error));
}

static void ending_transactions_first(void) {
  handles h = open_all();
  end(h.read);
  const kist_code ended = KIST_ERROR_TRANSACTION_ENDED;
  no_call_on_a_cursor(h.read_cursor, ended, "ended");
  no_read_of_a_transaction(h.read, KIST_ERROR_CLOSED);
  end(h.write);
  no_call_on_a_cursor(h.cursor, ended, "ended");
  no_write_of_a_transaction(h.write, KIST_ERROR_CLOSED);
  no_call_on_streams(h, ended, "ended", "ended", "ended");
  CHECK_FAILS(KIST_ERROR_CLOSED, "transaction", kist_txn_abort(h.write, &error));

  /* A cursor goes on in another transaction. */
  kist_txn again = begin_read(h.db);
  CHECK_OK(kist_cursor_rebind(h.cursor, again, &error));
  CHECK_OK(kist_cursor_move(h.cursor, KIST_CURSOR_FIRST, &out.bytes, NULL, &out.flag, &error));
  CHECK(out.flag && bytes_equal(out.bytes, "k"));
  kist_db other = open_db("another");
  kist_txn foreign = begin_read(other);
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_cursor_rebind(h.cursor, foreign, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_diff_open(again, foreign, kDefault, &out.diff, &error));
  close_clean(other);
  close_what_is_left(h);
  close_clean(h.db);
}

static void committing_under_what_is_open(void) {
  handles h = open_all();
  commit(h.write);
  no_call_on_a_cursor(h.cursor, KIST_ERROR_TRANSACTION_ENDED, "ended");
  CHECK_FAILS(KIST_ERROR_TRANSACTION_ENDED, "ended",
              kist_value_writer_write(h.writer, "cd", 2, &error));
  CHECK_FAILS(KIST_ERROR_TRANSACTION_ENDED, "ended",
              kist_diff_next(h.diff, &out.change, &out.flag, &error));
  kist_txn txn = begin_read(h.db);
  CHECK(has_text(txn, kDefault, "uncommitted", "v") && has_text(txn, kDefault, "streamed", NULL));
  close_what_is_left(h);
  close_clean(h.db);
}

static void closing_leaves_first(void) {
  handles h = open_all();
  close_what_is_left(h);
  CHECK_FAILS(KIST_ERROR_CLOSED, "cursor", kist_cursor_close(h.cursor, &error));
  end(h.write);
  end(h.read);
  close_clean(h.db);
  every_close_fails(h, KIST_ERROR_CLOSED);
}

/* With a second handle of the file, the environment outlives the first. */
static void closing_one_of_two_handles(void) {
  handles h = open_all();
  kist_db other = open_db("lifetime");
  CHECK_OK(kist_db_close(h.db, &error));
  nothing_works(h, KIST_ERROR_CLOSED);
  kist_txn txn = begin_write(other);
  CHECK(has_text(txn, kDefault, "uncommitted", NULL));
  end(txn);
  close_clean(other);
}

static void numbers_that_are_no_handles(void) {
  handles zero;
  memset(&zero, 0, sizeof zero);
  nothing_works(zero, KIST_ERROR_INVALID_ARGUMENT);
  every_close_fails(zero, KIST_ERROR_INVALID_ARGUMENT);
  handles noise = {{~UINT64_C(0)},         {1}, {4711}, {UINT64_C(1) << 63},
                   {UINT64_C(0xFFFFFFFF)}, {7}, {99},   {UINT64_C(5) << 28}};
  nothing_works(noise, KIST_ERROR_INVALID_ARGUMENT);
  every_close_fails(noise, KIST_ERROR_INVALID_ARGUMENT);
  handles h = open_all();
  handles mixed = {{h.read.id},   {h.cursor.id}, {h.diff.id},   {h.db.id},
                   {h.reader.id}, {h.writer.id}, {h.cursor.id}, {h.write.id}};
  nothing_works(mixed, KIST_ERROR_INVALID_ARGUMENT);
  every_close_fails(mixed, KIST_ERROR_INVALID_ARGUMENT);
  CHECK_OK(kist_db_close(h.db, &error));
}

static void null_pointers(void) {
  handles h = open_all();
  kist_txn w = h.write;
  const kist_code bad = KIST_ERROR_INVALID_ARGUMENT;
  const kist_bytes hollow = {NULL, 3};
  const kist_pair hollow_pair = {bytes("k"), hollow};
  kist_db no_db;
  CHECK_FAILS(bad, "db", kist_db_open("x", 1, NULL, NULL, &error));
  CHECK_FAILS(bad, "path", kist_db_open(NULL, 1, NULL, &no_db, &error));
  CHECK_FAILS(bad, "report", kist_db_check(h.db, NULL, &error));
  CHECK_FAILS(bad, "stats", kist_db_stats(h.db, NULL, &error));
  CHECK_FAILS(bad, "limits", kist_db_limits(h.db, NULL, &error));
  CHECK_FAILS(bad, "path", kist_db_path(h.db, NULL, &error));
  CHECK_FAILS(bad, "name", kist_db_table(h.db, NULL, 1, &out.table, &error));
  CHECK_FAILS(bad, "table", kist_db_table(h.db, "t", 1, NULL, &error));
  CHECK_FAILS(bad, "compare", kist_db_register_comparator(h.db, "c", 1, NULL, NULL, NULL, &error));
  CHECK_FAILS(bad, "txn", kist_txn_begin_read(h.db, NULL, &error));
  CHECK_FAILS(bad, "txn", kist_txn_begin_write(h.db, 0, NULL, &error));
  CHECK_FAILS(bad, "txn", kist_txn_begin_nested(w, NULL, &error));
  CHECK_FAILS(bad, "id", kist_txn_id(w, NULL, &error));
  CHECK_FAILS(bad, "key", kist_txn_get(w, kDefault, NULL, 1, &out.bytes, NULL, &error));
  CHECK_FAILS(bad, "value", kist_txn_get(w, kDefault, "k", 1, NULL, NULL, &error));
  CHECK_FAILS(bad, "negative", kist_txn_get(w, kDefault, "k", SIZE_MAX, &out.bytes, NULL, &error));
  CHECK_FAILS(bad, "keys", kist_txn_get_many(w, kDefault, NULL, 1, &out.bytes, &error));
  CHECK_FAILS(bad, "values", kist_txn_get_many(w, kDefault, &hollow, 1, NULL, &error));
  CHECK_FAILS(bad, "keys[i]", kist_txn_get_many(w, kDefault, &hollow, 1, &out.bytes, &error));
  CHECK_FAILS(bad, "negative", kist_txn_get_many(w, kDefault, &hollow, SIZE_MAX / 2, NULL, &error));
  CHECK_FAILS(bad, "value", kist_txn_put(w, kDefault, "k", 1, NULL, 1, 0, NULL, &error));
  CHECK_FAILS(bad, "records[i]", kist_txn_put_many(w, kDefault, &hollow_pair, 1, 0, NULL, &error));
  CHECK_FAILS(bad, "data", kist_txn_reserve(w, kDefault, "k", 1, 1, NULL, &error));
  CHECK_FAILS(bad, "expected",
              kist_txn_compare_and_set(w, kDefault, "k", 1, &hollow, NULL, &out.flag, &error));
  CHECK_FAILS(bad, "done", kist_txn_compare_and_set(w, kDefault, "k", 1, NULL, NULL, NULL, &error));
  CHECK_FAILS(bad, "old_value", kist_txn_take(w, kDefault, "k", 1, NULL, &error));
  CHECK_FAILS(bad, "from", kist_txn_erase_range(w, kDefault, &hollow, NULL, NULL, &error));
  CHECK_FAILS(bad, "to", kist_txn_erase_range(w, kDefault, NULL, &hollow, NULL, &error));
  CHECK_FAILS(bad, "drawn", kist_txn_sample(w, kDefault, 1, 1, &out.pair, NULL, &error));
  CHECK_FAILS(bad, "records", kist_txn_sample(w, kDefault, 1, 1, NULL, &out.size, &error));
  CHECK_FAILS(bad, "cursor", kist_cursor_open(w, kDefault, NULL, &error));
  CHECK_FAILS(bad, "copy", kist_cursor_copy(h.cursor, NULL, &error));
  CHECK_FAILS(bad, "key", kist_cursor_seek(h.cursor, 1, NULL, 1, NULL, NULL, NULL, &error));
  CHECK_FAILS(bad, "read", kist_cursor_read(h.cursor, &out.pair, 1, NULL, &error));
  CHECK_FAILS(bad, "records", kist_cursor_read(h.cursor, NULL, 1, &out.size, &error));
  CHECK_FAILS(bad, "records", kist_cursor_read_copies(h.cursor, 1, 1, NULL, &error));
  CHECK_FAILS(bad, "visit", kist_cursor_scan(h.cursor, NULL, NULL, NULL, &error));
  CHECK_FAILS(bad, "reader", kist_value_reader_open(w, kDefault, "k", 1, NULL, NULL, &error));
  CHECK_FAILS(bad, "out", kist_value_reader_read(h.reader, 0, NULL, 1, &out.size, &error));
  CHECK_FAILS(bad, "data", kist_value_writer_write(h.writer, NULL, 1, &error));
  CHECK_FAILS(bad, "diff", kist_diff_open(h.read, w, kDefault, NULL, &error));
  CHECK_FAILS(bad, "change", kist_diff_next(h.diff, NULL, &out.flag, &error));
  CHECK_FAILS(bad, "found", kist_diff_next(h.diff, &out.change, NULL, &error));
  /* An empty key is a key; a NULL of size 0 is it. What need not be known may be NULL. */
  CHECK_OK(kist_txn_put(w, kDefault, NULL, 0, NULL, 0, 0, NULL, &error));
  CHECK(has_text(w, kDefault, "", ""));
  CHECK_OK(kist_txn_erase(w, kDefault, "", 0, NULL, &error));
  CHECK_OK(kist_cursor_move(h.cursor, KIST_CURSOR_FIRST, NULL, NULL, NULL, &error));
  CHECK_OK(kist_cursor_get(h.cursor, NULL, NULL, NULL, &error));
  /* Without a kist_error the code alone tells. */
  CHECK(kist_txn_id(w, NULL, NULL) == bad);
  CHECK_OK(kist_db_close(h.db, &error));
}

/* What a child does with handles that it has inherited. */
static void use_inherited(handles h) {
  nothing_works(h, KIST_ERROR_FORKED);
  CHECK_FAILS(KIST_ERROR_FORKED, "transaction", kist_txn_commit(h.write, 0, NULL, &error));
  CHECK_OK(kist_txn_abort(h.write, &error));
  CHECK_OK(kist_txn_abort(h.read, &error));
  close_what_is_left(h);
  CHECK_OK(kist_db_close(h.db, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "database", kist_db_close(h.db, &error));

  kist_db db = open_db("lifetime");
  kist_txn txn = begin_read(db);
  CHECK(has_text(txn, kDefault, "k", "v"));
  CHECK_FAILS(KIST_ERROR_BUSY, "", kist_txn_begin_write(db, 0, &txn, &error));
  CHECK_OK(kist_db_close(db, &error));
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
  CHECK_OK(kist_value_writer_write(h.writer, "cd", 2, &error));
  CHECK_OK(kist_value_writer_finish(h.writer, &error));
  commit(h.write);
  close_clean(h.db);
}

int main(void) {
  make_test_directory();
  numbers_that_are_no_handles();
  closing_a_database_closes_all();
  ending_transactions_first();
  committing_under_what_is_open();
  closing_leaves_first();
  closing_one_of_two_handles();
  null_pointers();
  a_fork_makes_handles_stale();
  return 0;
}
