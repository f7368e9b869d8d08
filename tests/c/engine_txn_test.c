/* Transactions: snapshots, one writer at a time, nested ones, savepoints, readers of uncommitted
 * state, and going on after a commit. */
#include "engine_check.h"

static uint64_t id_of(kist_txn txn) {
  uint64_t id = 0;
  CHECK_OK(kist_txn_id(txn, &id, &error));
  return id;
}

static void snapshots_stay(kist_db db) {
  kist_txn writer = begin_write(db);
  put_text(writer, kDefault, "k", "old");
  CHECK_OK(kist_txn_commit(writer, KIST_DURABILITY_DURABLE, NULL, &error));
  kist_txn reader = begin_read(db);
  kist_bytes value;
  CHECK_OK(kist_txn_get(reader, kDefault, "k", 1, &value, NULL, &error));

  writer = begin_write(db);
  put_text(writer, kDefault, "k", "new");
  CHECK(has_text(reader, kDefault, "k", "old") && has_text(writer, kDefault, "k", "new"));
  uint64_t id = 0;
  CHECK_OK(kist_txn_commit(writer, KIST_DURABILITY_RELAXED, &id, &error));
  CHECK(id > id_of(reader));
  CHECK(bytes_equal(value, "old"));
  uint64_t lag = 0;
  CHECK_OK(kist_txn_lag(reader, &lag, &error));
  CHECK(lag >= 1);

  kist_txn clone;
  CHECK_OK(kist_txn_clone(reader, &clone, &error));
  CHECK_OK(kist_txn_reset(reader, &error));
  CHECK_FAILS(KIST_ERROR_TRANSACTION_ENDED, "",
              kist_txn_get(reader, kDefault, "k", 1, &value, NULL, &error));
  CHECK(value.data == NULL);
  bool changed = false;
  CHECK_OK(kist_txn_renew(reader, &changed, &error));
  CHECK(changed && id_of(reader) == id && has_text(reader, kDefault, "k", "new"));
  CHECK_OK(kist_txn_renew(reader, &changed, &error));
  CHECK(!changed);
  CHECK_OK(kist_txn_renew(reader, NULL, &error));
  CHECK(has_text(clone, kDefault, "k", "old"));
  end(clone);
  end(reader);

  /* Without changes there is nothing to commit. */
  writer = begin_write(db);
  uint64_t same = 0;
  CHECK_OK(kist_txn_commit(writer, KIST_DURABILITY_DEFAULT, &same, &error));
  CHECK(same == id);
}

static void one_writer_at_a_time(kist_db db) {
  kist_txn writer = begin_write(db);
  kist_txn second;
  CHECK_FAILS(KIST_ERROR_BUSY, "", kist_txn_begin_write(db, 0, &second, &error));
  CHECK_FAILS(KIST_ERROR_TIMED_OUT, "", kist_txn_begin_write(db, 20, &second, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "this thread",
              kist_txn_begin_write(db, KIST_WAIT_FOREVER, &second, &error));
  CHECK(second.id == 0);
  CHECK_FAILS(KIST_ERROR_MISUSE, "this thread", kist_db_sync(db, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "durability", kist_txn_commit(writer, 3, NULL, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "read transactions", kist_txn_clone(writer, &second, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "read transactions", kist_txn_reset(writer, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "read transactions", kist_txn_renew(writer, NULL, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "read transactions", kist_txn_upgrade(writer, 0, &error));
  end(writer);
}

static void nested_ones_keep_or_undo(kist_db db) {
  kist_txn outer = begin_write(db);
  put_text(outer, kDefault, "n", "outer");
  kist_txn inner;
  CHECK_OK(kist_txn_begin_nested(outer, &inner, &error));
  put_text(inner, kDefault, "n", "inner");
  kist_txn innermost;
  CHECK_OK(kist_txn_begin_nested(inner, &innermost, &error));
  put_text(innermost, kDefault, "n", "innermost");

  kist_txn other;
  kist_cursor cursor;
  bool found = false;
  const kist_code misuse = KIST_ERROR_MISUSE;
  CHECK_FAILS(misuse, "nested", kist_txn_begin_nested(outer, &other, &error));
  CHECK_FAILS(misuse, "nested", kist_txn_has(outer, kDefault, "n", 1, &found, &error));
  CHECK_FAILS(misuse, "nested", kist_txn_put(outer, kDefault, "n", 1, "", 0, 0, NULL, &error));
  CHECK_FAILS(misuse, "nested", kist_txn_has(inner, kDefault, "n", 1, &found, &error));
  CHECK_FAILS(misuse, "nested", kist_cursor_open(inner, kDefault, &cursor, &error));
  CHECK_FAILS(misuse, "nested", kist_txn_commit(outer, 0, NULL, &error));
  CHECK_FAILS(misuse, "nested", kist_txn_commit(inner, 0, NULL, &error));
  CHECK_FAILS(misuse, "nested", kist_txn_commit_and_continue(outer, 0, NULL, &error));
  CHECK_FAILS(misuse, "outermost", kist_txn_commit_and_continue(innermost, 0, NULL, &error));
  CHECK_FAILS(misuse, "outermost", kist_txn_commit_and_read(innermost, 0, NULL, &error));

  end(innermost);
  CHECK(has_text(inner, kDefault, "n", "inner"));
  CHECK_OK(kist_txn_begin_nested(inner, &innermost, &error));
  put_text(innermost, kDefault, "m", "kept");
  commit(innermost);
  CHECK(has_text(inner, kDefault, "m", "kept"));
  commit(inner);
  CHECK(has_text(outer, kDefault, "n", "inner") && has_text(outer, kDefault, "m", "kept"));
  CHECK_FAILS(KIST_ERROR_CLOSED, "", kist_txn_abort(inner, &error));

  /* Ending one ends what is nested in it. */
  CHECK_OK(kist_txn_begin_nested(outer, &inner, &error));
  CHECK_OK(kist_txn_begin_nested(inner, &innermost, &error));
  CHECK_OK(kist_cursor_open(innermost, kDefault, &cursor, &error));
  put_text(innermost, kDefault, "n", "lost");
  end(inner);
  CHECK_FAILS(KIST_ERROR_CLOSED, "transaction", kist_txn_commit(innermost, 0, NULL, &error));
  CHECK_FAILS(KIST_ERROR_TRANSACTION_ENDED, "",
              kist_cursor_move(cursor, KIST_CURSOR_FIRST, NULL, NULL, &found, &error));
  CHECK_OK(kist_cursor_close(cursor, &error));
  CHECK(has_text(outer, kDefault, "n", "inner"));
  commit(outer);
  kist_txn reader = begin_read(db);
  CHECK(has_text(reader, kDefault, "n", "inner") && has_text(reader, kDefault, "m", "kept"));
  end(reader);
}

static void savepoints(kist_db db) {
  kist_txn txn = begin_write(db);
  kist_savepoint first;
  kist_savepoint second;
  put_text(txn, kDefault, "s", "0");
  CHECK_OK(kist_txn_savepoint(txn, &first, &error));
  put_text(txn, kDefault, "s", "1");
  CHECK_OK(kist_txn_savepoint(txn, &second, &error));
  put_text(txn, kDefault, "s", "2");
  CHECK_OK(kist_txn_rollback_to(txn, second, &error));
  CHECK(has_text(txn, kDefault, "s", "1"));
  put_text(txn, kDefault, "s", "3");
  CHECK_OK(kist_txn_rollback_to(txn, second, &error));
  CHECK(has_text(txn, kDefault, "s", "1"));
  CHECK_OK(kist_txn_rollback_to(txn, first, &error));
  CHECK(has_text(txn, kDefault, "s", "0"));
  CHECK_FAILS(KIST_ERROR_MISUSE, "savepoint", kist_txn_rollback_to(txn, second, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "savepoint", kist_txn_release(txn, second, &error));
  put_text(txn, kDefault, "s", "4");
  CHECK_OK(kist_txn_release(txn, first, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "savepoint", kist_txn_rollback_to(txn, first, &error));
  /* Any number may come. */
  const kist_savepoint noise[] = {{0}, {~UINT64_C(0)}, {4711}, {UINT64_C(1) << 63}};
  for (size_t i = 0; i < sizeof noise / sizeof *noise; ++i) {
    CHECK_FAILS(KIST_ERROR_MISUSE, "savepoint", kist_txn_rollback_to(txn, noise[i], &error));
    CHECK_FAILS(KIST_ERROR_MISUSE, "savepoint", kist_txn_release(txn, noise[i], &error));
  }
  CHECK(has_text(txn, kDefault, "s", "4"));
  uint64_t used = 0;
  CHECK_OK(kist_txn_memory_used(txn, &used, &error));
  CHECK(used > 0);
  commit(txn);
}

static void uncommitted_state_can_be_read(kist_db db) {
  kist_txn writer = begin_write(db);
  put_text(writer, kDefault, "u", "1");
  kist_txn first;
  CHECK_OK(kist_txn_begin_uncommitted(writer, &first, &error));
  kist_bytes value;
  CHECK_OK(kist_txn_get(first, kDefault, "u", 1, &value, NULL, &error));
  put_text(writer, kDefault, "u", "2");
  kist_txn second;
  CHECK_OK(kist_txn_begin_uncommitted(writer, &second, &error));
  CHECK_OK(kist_txn_erase(writer, kDefault, "u", 1, NULL, &error));
  CHECK(has_text(first, kDefault, "u", "1") && has_text(second, kDefault, "u", "2"));
  CHECK(bytes_equal(value, "1"));
  CHECK_FAILS(KIST_ERROR_READ_ONLY, "",
              kist_txn_put(first, kDefault, "u", 1, "", 0, 0, NULL, &error));
  end(first);
  kist_cursor cursor;
  CHECK_OK(kist_cursor_open(second, kDefault, &cursor, &error));
  bool found = false;
  CHECK_OK(kist_cursor_seek(cursor, KIST_SEEK_EQ, "u", 1, NULL, &value, &found, &error));
  CHECK(found && bytes_equal(value, "2"));
  end(writer);
  CHECK_FAILS(KIST_ERROR_CLOSED, "transaction",
              kist_txn_has(second, kDefault, "u", 1, &found, &error));
  CHECK_FAILS(KIST_ERROR_TRANSACTION_ENDED, "",
              kist_cursor_move(cursor, KIST_CURSOR_NEXT, NULL, NULL, &found, &error));
  CHECK_OK(kist_cursor_close(cursor, &error));
}

static void commits_that_go_on(kist_db db) {
  kist_txn txn = begin_write(db);
  kist_cursor cursor;
  put_text(txn, kDefault, "c", "1");
  CHECK_OK(kist_cursor_open(txn, kDefault, &cursor, &error));
  bool found = false;
  CHECK_OK(kist_cursor_seek(cursor, KIST_SEEK_EQ, "c", 1, NULL, NULL, &found, &error));
  uint64_t first = 0;
  CHECK_OK(kist_txn_commit_and_continue(txn, KIST_DURABILITY_DURABLE, &first, &error));
  kist_txn reader = begin_read(db);
  CHECK(id_of(reader) == first && has_text(reader, kDefault, "c", "1"));
  end(reader);
  kist_bytes key;
  CHECK_OK(kist_cursor_get(cursor, &key, NULL, &found, &error));
  CHECK(found && bytes_equal(key, "c"));
  CHECK_OK(kist_cursor_set_value(cursor, "2", 1, &error));
  kist_txn second;
  CHECK_FAILS(KIST_ERROR_BUSY, "", kist_txn_begin_write(db, 0, &second, &error));

  uint64_t id = 0;
  CHECK_OK(kist_txn_commit_and_read(txn, KIST_DURABILITY_RELAXED, &id, &error));
  CHECK(id > first && id_of(txn) == id && has_text(txn, kDefault, "c", "2"));
  CHECK_FAILS(KIST_ERROR_READ_ONLY, "",
              kist_txn_put(txn, kDefault, "c", 1, "", 0, 0, NULL, &error));
  CHECK_OK(kist_cursor_rebind(cursor, txn, &error));
  CHECK_OK(kist_cursor_seek(cursor, KIST_SEEK_EQ, "c", 1, &key, NULL, &found, &error));
  CHECK(found);

  /* Nobody has committed since, so it can write on. */
  CHECK_OK(kist_txn_upgrade(txn, KIST_WAIT_FOREVER, &error));
  put_text(txn, kDefault, "c", "3");
  CHECK_FAILS(KIST_ERROR_BUSY, "", kist_txn_begin_write(db, 0, &second, &error));
  reader = begin_read(db);
  CHECK_FAILS(KIST_ERROR_BUSY, "", kist_txn_upgrade(reader, 0, &error));
  CHECK_FAILS(KIST_ERROR_TIMED_OUT, "", kist_txn_upgrade(reader, 20, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "this thread",
              kist_txn_upgrade(reader, KIST_WAIT_FOREVER, &error));
  CHECK(has_text(reader, kDefault, "c", "2"));
  commit(txn);
  CHECK_FAILS(KIST_ERROR_CONFLICT, "", kist_txn_upgrade(reader, KIST_WAIT_FOREVER, &error));
  CHECK(has_text(reader, kDefault, "c", "2"));
  CHECK_OK(kist_txn_renew(reader, NULL, &error));
  CHECK_OK(kist_txn_upgrade(reader, 0, &error));
  CHECK(has_text(reader, kDefault, "c", "3"));
  end(reader);
  CHECK_OK(kist_cursor_close(cursor, &error));
}

int main(void) {
  make_test_directory();
  kist_db db = open_db("txn");
  snapshots_stay(db);
  one_writer_at_a_time(db);
  nested_ones_keep_or_undo(db);
  savepoints(db);
  uncommitted_state_can_be_read(db);
  commits_that_go_on(db);
  close_clean(db);
  return 0;
}
