/* Threads use a profile and all that belongs to it while another thread closes it: each call
 * finishes or finds its handle closed, and nothing crashes. */
#define _XOPEN_SOURCE 700

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "check.h"

enum { kUsers = 3, kRounds = 60 };

static kist_profile profile;
static kist_store store;
static kist_reader reader;
static kist_iterator iterator;
static kist_writer writer;
static atomic_int calls_that_succeeded;
static atomic_int threads_that_found_it_closed;

/* True while the call may go on: success counts, CLOSED ends the round, anything else is a failure.
 */
static bool goes_on(kist_code code) {
  if (code == KIST_OK) {
    atomic_fetch_add(&calls_that_succeeded, 1);
    return true;
  }
  if (code != KIST_ERROR_CLOSED) {
    fprintf(stderr, "got %s, expected OK or CLOSED\n", kist_code_name(code));
    exit(1);
  }
  return false;
}

static bool read_all(void) {
  kist_value value;
  bool found = false;
  if (!goes_on(kist_store_get(store, "key", 3, KIST_TAG_BLOB, &value, &found, NULL))) return false;
  CHECK(found && value.bytes.size == 20000 && value.bytes.data[19999] == 7);
  kist_value_free(&value);
  if (!goes_on(
          kist_reader_get_copy(reader, store, "key", 3, KIST_TAG_BLOB, &value, &found, NULL))) {
    return false;
  }
  CHECK(found && value.bytes.size == 20000 && value.bytes.data[19999] == 7);
  kist_value_free(&value);
  kist_records records;
  if (!goes_on(kist_iterator_next_many(iterator, 2, 1000, &records, NULL))) return false;
  kist_records_free(&records);
  kist_reader mine;
  if (!goes_on(kist_reader_begin(profile, &mine, NULL))) return false;
  kist_iterator walk;
  if (!goes_on(kist_iterator_begin(mine, store, NULL, &walk, NULL))) return false;
  if (!goes_on(kist_iterator_next_many(walk, 100, 1000000, &records, NULL))) return false;
  kist_records_free(&records);
  return goes_on(kist_reader_end(mine, NULL));
}

static void* use_readers(void* unused) {
  (void)unused;
  while (read_all()) continue;
  atomic_fetch_add(&threads_that_found_it_closed, 1);
  return NULL;
}

static void* use_writer(void* unused) {
  (void)unused;
  kist_value value = kist_value_u64(0);
  while (true) {
    for (value.u64 = 0; value.u64 < 20; ++value.u64) {
      if (!goes_on(kist_writer_put(writer, store, &value.u64, 8, &value, NULL))) goto closed;
    }
    if (!goes_on(kist_writer_commit(writer, KIST_DURABILITY_RELAXED, NULL, NULL))) break;
    if (!goes_on(kist_writer_begin(profile, KIST_WAIT_FOREVER, &writer, NULL))) break;
  }
closed:
  atomic_fetch_add(&threads_that_found_it_closed, 1);
  return NULL;
}

static void wait_microseconds(long microseconds) {
  const struct timespec time = {0, microseconds * 1000};
  nanosleep(&time, NULL);
}

static void* close_it(void* result) {
  *(kist_code*)result = kist_profile_close(profile, NULL);
  return NULL;
}

int main(void) {
  make_test_directory();
  static uint8_t data[20000];
  data[19999] = 7;
  for (int round = 0; round < kRounds; ++round) {
    profile = open_profile("profile");
    store = open_store(profile, "s");
    put(store, "key", kist_value_blob(data, sizeof data));
    CHECK_OK(kist_reader_begin(profile, &reader, &error));
    CHECK_OK(kist_iterator_begin(reader, store, NULL, &iterator, &error));
    CHECK_OK(kist_writer_begin(profile, KIST_WAIT_FOREVER, &writer, &error));
    pthread_t users[kUsers + 1];
    for (int i = 0; i < kUsers; ++i) CHECK(pthread_create(&users[i], NULL, use_readers, NULL) == 0);
    CHECK(pthread_create(&users[kUsers], NULL, use_writer, NULL) == 0);
    wait_microseconds(137L * round);

    /* Of two threads that close, one does. */
    kist_code codes[2];
    pthread_t closers[2];
    for (int i = 0; i < 2; ++i) CHECK(pthread_create(&closers[i], NULL, close_it, &codes[i]) == 0);
    for (int i = 0; i < 2; ++i) CHECK(pthread_join(closers[i], NULL) == 0);
    CHECK((codes[0] == KIST_OK && codes[1] == KIST_ERROR_CLOSED) ||
          (codes[1] == KIST_OK && codes[0] == KIST_ERROR_CLOSED));
    for (int i = 0; i <= kUsers; ++i) CHECK(pthread_join(users[i], NULL) == 0);
  }
  CHECK(threads_that_found_it_closed == kRounds * (kUsers + 1));
  CHECK(calls_that_succeeded > 0);

  profile = open_profile("profile");
  kist_check_report report;
  CHECK_OK(kist_profile_check(profile, &report, &error));
  if (report.violations != 0) fputs(report.text, stderr);
  CHECK(report.violations == 0);
  kist_check_report_free(&report);
  CHECK_OK(kist_profile_close(profile, &error));
  return 0;
}
