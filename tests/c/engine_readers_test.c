/* Readers: who reads, parking, and the callback that decides about slow ones. */
#include "engine_check.h"

/* What was seen of the readers. */
typedef struct seen {
  int readers;
  int parked;
  uint64_t lag;
  uint64_t held;
  uint64_t snapshot;
  bool stop;
} seen;

static bool look(void* context, const kist_reader_info* reader) {
  seen* const all = context;
  CHECK(reader->struct_size == sizeof *reader && reader->process == (uint64_t)getpid());
  ++all->readers;
  all->parked += reader->parked;
  all->lag += reader->lag;
  all->held += reader->pages_known ? reader->pages_held : 0;
  all->snapshot = reader->snapshot;
  return !all->stop;
}

static seen readers_of(kist_db db) {
  seen all = {0};
  CHECK_OK(kist_db_readers(db, look, &all, &error));
  return all;
}

/* Writes all values anew. */
static void rewrite(kist_db db, char generation) {
  static char value[3000];
  memset(value, generation, sizeof value);
  kist_txn txn = begin_write(db);
  for (char key = 'A'; key < 'A' + 50; ++key) {
    CHECK_OK(kist_txn_put(txn, kDefault, &key, 1, value, sizeof value, 0, NULL, &error));
  }
  CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_DURABLE, NULL, &error));
}

static char generation_of(kist_txn txn) {
  kist_bytes value;
  CHECK_OK(kist_txn_get(txn, kDefault, "B", 1, &value, NULL, &error));
  CHECK(value.size == 3000);
  return (char)value.data[0];
}

static void listed(void) {
  kist_db db = open_db("listed");
  rewrite(db, 'a');
  CHECK(readers_of(db).readers == 0);
  kist_txn old = begin_read(db);
  uint64_t id = 0;
  CHECK_OK(kist_txn_id(old, &id, &error));
  rewrite(db, 'b');
  rewrite(db, 'c');
  seen all = readers_of(db);
  CHECK(all.readers == 1 && all.lag == 2 && all.held >= 25 && all.snapshot == id);
  kist_txn young = begin_read(db);
  CHECK(readers_of(db).readers == 2);
  all = (seen){.stop = true};
  CHECK_OK(kist_db_readers(db, look, &all, &error));
  CHECK(all.readers == 1);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "visit", kist_db_readers(db, NULL, NULL, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "", kist_db_readers((kist_db){0}, look, &all, &error));
  end(old);
  end(young);
  CHECK(readers_of(db).readers == 0);
  close_clean(db);
}

static void parked(void) {
  kist_db db = open_db("parked");
  rewrite(db, 'a');
  kist_txn txn = begin_read(db);
  kist_cursor cursor;
  bool found = false;
  CHECK_OK(kist_cursor_open(txn, kDefault, &cursor, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_txn_unpark(txn, false, NULL, &error));
  CHECK_OK(kist_txn_park(txn, &error));
  CHECK(readers_of(db).parked == 1);
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_txn_park(txn, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_txn_has(txn, kDefault, "B", 1, &found, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "",
              kist_cursor_move(cursor, KIST_CURSOR_FIRST, NULL, NULL, &found, &error));
  rewrite(db, 'b');
  bool restarted = true;
  CHECK_OK(kist_txn_unpark(txn, true, &restarted, &error));
  CHECK(!restarted && generation_of(txn) == 'a');
  CHECK_OK(kist_cursor_move(cursor, KIST_CURSOR_FIRST, NULL, NULL, &found, &error));
  CHECK(found);
  CHECK_OK(kist_txn_park(txn, &error));
  CHECK_OK(kist_txn_renew(txn, NULL, &error));
  CHECK(generation_of(txn) == 'b');

  kist_txn clone;
  CHECK_OK(kist_txn_clone(txn, &clone, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "", kist_txn_park(txn, &error));
  end(clone);
  CHECK_OK(kist_txn_park(txn, &error));
  end(txn);
  CHECK_FAILS(KIST_ERROR_CLOSED, "", kist_txn_unpark(txn, true, NULL, &error));
  kist_txn writer = begin_write(db);
  CHECK_FAILS(KIST_ERROR_MISUSE, "read transactions", kist_txn_park(writer, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "read transactions", kist_txn_unpark(writer, false, NULL, &error));
  end(writer);
  close_clean(db);
}

/* A callback that answers as it is told, and remembers. */
typedef struct decider {
  uint32_t answer;
  kist_txn ends; /* At a bound or a full disk. */
  int asked;
  kist_slow_reader last;
  kist_reader_info reader;
} decider;

static uint32_t decide(void* context, const kist_slow_reader* slow) {
  decider* const told = context;
  CHECK(slow->struct_size == sizeof *slow && slow->readers > 0 && slow->pages_wanted > 0);
  ++told->asked;
  told->last = *slow;
  told->reader = *slow->reader;
  if (told->ends.id == 0 || slow->shortage == KIST_SHORTAGE_GROWTH) return told->answer;
  CHECK_OK(kist_txn_abort(told->ends, &error));
  told->ends.id = 0;
  return KIST_SLOW_RETRY;
}

static kist_db open_with(const char* name, decider* told, uint64_t max_file_size) {
  char path[8192];
  snprintf(path, sizeof path, "%s/%s", test_directory, name);
  const kist_db_options options = {.struct_size = sizeof options,
                                   .create = true,
                                   .max_file_size = max_file_size,
                                   .slow_reader = decide,
                                   .context = told};
  kist_db db;
  CHECK_OK(kist_db_open(path, strlen(path), &options, &db, &error));
  return db;
}

static void ousted(void) {
  decider told = {.answer = KIST_SLOW_OUST};
  kist_db db = open_with("ousted", &told, 0);
  rewrite(db, 'a');
  kist_txn txn = begin_read(db);
  kist_txn other = begin_read(db);
  CHECK_OK(kist_txn_park(txn, &error));
  CHECK_OK(kist_txn_park(other, &error));
  char generation = 'a';
  while (told.asked == 0 && generation < 'z') rewrite(db, ++generation);
  CHECK(told.asked > 0 && told.reader.parked && told.last.readers == 2);
  CHECK(told.last.shortage == KIST_SHORTAGE_GROWTH && told.last.attempt == 0);
  CHECK_FAILS(KIST_ERROR_OUSTED, "", kist_txn_unpark(txn, false, NULL, &error));
  CHECK_OK(kist_txn_renew(txn, NULL, &error));
  CHECK(generation_of(txn) == generation);
  bool restarted = false;
  CHECK_OK(kist_txn_unpark(other, true, &restarted, &error));
  CHECK(restarted && generation_of(other) == generation);
  end(txn);
  end(other);
  close_clean(db);
}

static void ended_at_the_bound(void) {
  decider told = {.answer = 99}; /* No answer: the writer goes on. */
  kist_db db = open_with("bound", &told, 640 << 10);
  rewrite(db, 'a');
  kist_txn txn = begin_read(db);
  told.ends = txn;
  for (char generation = 'b'; generation < 'z' && told.ends.id != 0; ++generation)
    rewrite(db, generation);
  CHECK(told.ends.id == 0 && told.last.shortage == KIST_SHORTAGE_LIMIT);
  CHECK_FAILS(KIST_ERROR_CLOSED, "", kist_txn_abort(txn, &error));

  /* Or let the writer fail. */
  told.answer = KIST_SLOW_FAIL;
  txn = begin_read(db);
  told.asked = 0;
  kist_code code = KIST_OK;
  for (int i = 0; i < 50 && code == KIST_OK; ++i) {
    kist_txn writer = begin_write(db);
    char value[3000];
    memset(value, i, sizeof value);
    for (char key = 'A'; key < 'A' + 50 && code == KIST_OK; ++key)
      code = kist_txn_put(writer, kDefault, &key, 1, value, sizeof value, 0, NULL, NULL);
    if (code == KIST_OK) code = kist_txn_commit(writer, KIST_DURABILITY_DURABLE, NULL, NULL);
  }
  CHECK(code == KIST_ERROR_NO_SPACE && told.asked > 0);
  end(txn);
  close_clean(db);
}

int main(void) {
  make_test_directory();
  listed();
  parked();
  ousted();
  ended_at_the_bound();
  return 0;
}
