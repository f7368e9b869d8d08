/* Threads use a database and all that belongs to it while others end transactions under them and
 * close the database: each call finishes or says that its object is gone, and nothing crashes. */
#define _XOPEN_SOURCE 700

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "engine_check.h"

enum { kRounds = 40, kUsers = 4 };

static kist_db db;
static kist_txn read_txn;
static kist_txn write_txn;
static kist_txn uncommitted;
static kist_cursor read_cursor;
static kist_cursor write_cursor;
static kist_cursor wandering;
static kist_diff diff;
static atomic_int calls_that_succeeded;

/* True while the call may go on: success counts; that something is gone ends the round; anything
 * else is a failure. */
static bool goes_on(kist_code code) {
  if (code == KIST_OK) {
    atomic_fetch_add(&calls_that_succeeded, 1);
    return true;
  }
  if (code != KIST_ERROR_CLOSED && code != KIST_ERROR_TRANSACTION_ENDED) {
    fprintf(stderr, "got %s\n", kist_code_name(code));
    exit(1);
  }
  return false;
}

/* Each user calls until all that it uses is gone. */
static void* use_reads(void* unused) {
  (void)unused;
  bool more = true;
  while (more) {
    kist_buffer value;
    kist_pairs pairs;
    more = goes_on(kist_txn_get_copy(read_txn, kDefault, "k50", 3, &value, NULL, NULL));
    kist_buffer_free(&value);
    more |= goes_on(kist_cursor_move(read_cursor, KIST_CURSOR_FIRST, NULL, NULL, NULL, NULL));
    more |= goes_on(kist_cursor_read_copies(read_cursor, 20, 10000, &pairs, NULL));
    kist_pairs_free(&pairs);
    more |= goes_on(kist_cursor_rebind(wandering, read_txn, NULL));
    more |= goes_on(kist_cursor_read_copies(wandering, 20, 10000, &pairs, NULL));
    kist_pairs_free(&pairs);
  }
  return NULL;
}

static void* use_writes(void* unused) {
  (void)unused;
  bool more = true;
  while (more) {
    kist_savepoint point;
    more = goes_on(kist_txn_put(write_txn, kDefault, "w", 1, "x", 1, 0, NULL, NULL));
    more |= goes_on(kist_cursor_put(write_cursor, "v", 1, "x", 1, 0, NULL, NULL));
    more |= goes_on(kist_cursor_erase(write_cursor, NULL, NULL));
    more |= goes_on(kist_txn_savepoint(write_txn, &point, NULL));
    more |= goes_on(kist_txn_rollback_to(write_txn, point, NULL));
    more |= goes_on(kist_txn_release(write_txn, point, NULL));
    more |= goes_on(kist_cursor_rebind(wandering, write_txn, NULL));
  }
  return NULL;
}

static void* use_uncommitted(void* unused) {
  (void)unused;
  bool more = true;
  while (more) {
    kist_buffer value;
    kist_pairs pairs;
    kist_txn again;
    kist_cursor cursor;
    more = goes_on(kist_txn_get_copy(uncommitted, kDefault, "k7", 2, &value, NULL, NULL));
    kist_buffer_free(&value);
    if (!goes_on(kist_txn_begin_uncommitted(write_txn, &again, NULL))) continue;
    if (goes_on(kist_cursor_open(again, kDefault, &cursor, NULL))) {
      while (goes_on(kist_cursor_read_copies(cursor, 20, 10000, &pairs, NULL)) && pairs.count > 0) {
        kist_pairs_free(&pairs);
      }
      kist_pairs_free(&pairs);
      goes_on(kist_cursor_close(cursor, NULL));
    }
    goes_on(kist_txn_abort(again, NULL));
    more = true;
  }
  return NULL;
}

static void* use_both(void* unused) {
  (void)unused;
  bool more = true;
  while (more) {
    kist_diff again;
    kist_txn clone;
    kist_change change;
    bool found = false;
    more = goes_on(kist_txn_clone(read_txn, &clone, NULL));
    if (more) goes_on(kist_txn_abort(clone, NULL));
    if (!goes_on(kist_diff_open(read_txn, uncommitted, kDefault, &again, NULL))) continue;
    more = true;
    do {
      if (!goes_on(kist_diff_next(again, &change, &found, NULL))) break;
    } while (found);
    goes_on(kist_diff_close(again, NULL));
    goes_on(kist_diff_next(diff, &change, &found, NULL));
  }
  return NULL;
}

static void open_all(void) {
  db = open_db("concurrent");
  write_txn = begin_write(db);
  char key[16];
  for (int i = 0; i < 200; ++i) {
    snprintf(key, sizeof key, "k%d", i);
    put_text(write_txn, kDefault, key, "value");
  }
  commit(write_txn);
  read_txn = begin_read(db);
  write_txn = begin_write(db);
  put_text(write_txn, kDefault, "k7", "changed");
  CHECK_OK(kist_txn_begin_uncommitted(write_txn, &uncommitted, &error));
  CHECK_OK(kist_cursor_open(read_txn, kDefault, &read_cursor, &error));
  CHECK_OK(kist_cursor_open(write_txn, kDefault, &write_cursor, &error));
  CHECK_OK(kist_cursor_open(read_txn, kDefault, &wandering, &error));
  CHECK_OK(kist_diff_open(read_txn, uncommitted, kDefault, &diff, &error));
}

static void wait_microseconds(long microseconds) {
  const struct timespec time = {0, microseconds * 1000};
  nanosleep(&time, NULL);
}

static void* close_it(void* result) {
  *(kist_code*)result = kist_db_close(db, NULL);
  return NULL;
}

/* Two threads end the same transaction; one does. */
static void* commit_it(void* result) {
  *(kist_code*)result = kist_txn_commit(write_txn, KIST_DURABILITY_RELAXED, NULL, NULL);
  return NULL;
}

static void race(void* (*call)(void*)) {
  kist_code codes[2];
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) CHECK(pthread_create(&threads[i], NULL, call, &codes[i]) == 0);
  for (int i = 0; i < 2; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK((codes[0] == KIST_OK && codes[1] == KIST_ERROR_CLOSED) ||
        (codes[1] == KIST_OK && codes[0] == KIST_ERROR_CLOSED));
}

int main(void) {
  make_test_directory();
  void* (*const users[kUsers])(void*) = {use_reads, use_writes, use_uncommitted, use_both};
  for (int round = 0; round < kRounds; ++round) {
    open_all();
    pthread_t threads[kUsers];
    for (int i = 0; i < kUsers; ++i) {
      CHECK(pthread_create(&threads[i], NULL, users[i], NULL) == 0);
    }
    wait_microseconds(137L * round);
    if (round % 2 == 0) race(commit_it);
    wait_microseconds(137L * (kRounds - round));
    race(close_it);
    for (int i = 0; i < kUsers; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  }
  CHECK(calls_that_succeeded > 0);
  close_clean(open_db("concurrent"));
  return 0;
}
