/* What changed between two snapshots. */
#include "engine_check.h"

/* The next change as "key: before -> after", "." when there are no more. */
static const char* next_change(kist_diff diff) {
  static char text[256];
  kist_change change;
  bool found = false;
  CHECK_OK(kist_diff_next(diff, &change, &found, &error));
  if (!found) return ".";
  const char* none = "(none)";
  const kist_bytes before = change.before.data != NULL ? change.before : bytes(none);
  const kist_bytes after = change.after.data != NULL ? change.after : bytes(none);
  snprintf(text, sizeof text, "%.*s: %.*s -> %.*s", (int)change.key.size,
           (const char*)change.key.data, (int)before.size, (const char*)before.data,
           (int)after.size, (const char*)after.data);
  return text;
}

static void changes_of_records(kist_db db) {
  const kist_table table = make_table(db, "t", (kist_table_options){0});
  kist_txn txn = begin_write(db);
  char key[16];
  for (int i = 0; i < 10000; ++i) {
    snprintf(key, sizeof key, "%05d", i);
    put_text(txn, table, key, "same");
  }
  commit(txn);
  kist_txn before = begin_read(db);
  txn = begin_write(db);
  CHECK_OK(kist_txn_erase(txn, table, "00500", 5, NULL, &error));
  put_text(txn, table, "05000", "other");
  put_text(txn, table, "050005", "new");
  commit(txn);
  kist_txn after = begin_read(db);

  kist_diff diff;
  CHECK_OK(kist_diff_open(before, after, table, &diff, &error));
  CHECK(same_text(next_change(diff), "00500: same -> (none)"));
  CHECK(same_text(next_change(diff), "05000: same -> other"));
  CHECK(same_text(next_change(diff), "050005: (none) -> new"));
  CHECK(same_text(next_change(diff), "."));
  CHECK(same_text(next_change(diff), "."));
  uint64_t pages = 0;
  CHECK_OK(kist_diff_pages_visited(diff, &pages, &error));
  CHECK(pages > 0 && pages < 30);
  CHECK_OK(kist_diff_close(diff, &error));

  CHECK_OK(kist_diff_open(after, before, table, &diff, &error));
  CHECK(same_text(next_change(diff), "00500: (none) -> same"));
  CHECK_OK(kist_diff_close(diff, &error));

  /* A table that one of them does not have is empty there. */
  txn = begin_write(db);
  CHECK_OK(kist_txn_drop_table(txn, table, &error));
  CHECK_OK(kist_diff_open(txn, before, table, &diff, &error));
  CHECK(same_text(next_change(diff), "00000: (none) -> same"));
  put_text(txn, kDefault, "a", "write");
  kist_change change;
  bool found = true;
  CHECK_FAILS(KIST_ERROR_CURSOR_INVALID, "", kist_diff_next(diff, &change, &found, &error));
  CHECK(!found && change.key.data == NULL);
  CHECK_OK(kist_diff_close(diff, &error));
  end(txn);

  CHECK_OK(kist_diff_open(before, after, table, &diff, &error));
  end(after);
  CHECK_FAILS(KIST_ERROR_TRANSACTION_ENDED, "", kist_diff_next(diff, &change, &found, &error));
  CHECK_OK(kist_diff_close(diff, &error));
  end(before);
}

static void changes_of_pairs(kist_db db) {
  const kist_table table = make_multimap(db, "multi");
  kist_txn txn = begin_write(db);
  put_text(txn, table, "k", "1");
  put_text(txn, table, "k", "2");
  commit(txn);
  kist_txn before = begin_read(db);
  txn = begin_write(db);
  CHECK_OK(kist_txn_erase_pair(txn, table, "k", 1, "1", 1, NULL, &error));
  put_text(txn, table, "k", "3");
  kist_diff diff;
  CHECK_OK(kist_diff_open(before, txn, table, &diff, &error));
  CHECK(same_text(next_change(diff), "k: 1 -> (none)"));
  CHECK(same_text(next_change(diff), "k: (none) -> 3"));
  CHECK(same_text(next_change(diff), "."));
  CHECK_OK(kist_diff_close(diff, &error));
  end(before);
  commit(txn);
}

int main(void) {
  make_test_directory();
  kist_db db = open_db("difference");
  changes_of_records(db);
  changes_of_pairs(db);
  close_clean(db);
  return 0;
}
