/* Commits: both moments, automatic flushes, two phases, and what is committed beside records. */
#include "engine_check.h"

static uint64_t commit_as(kist_db db, const char* value, uint32_t durability) {
  uint64_t id = 0;
  kist_txn txn = begin_write(db);
  put_text(txn, kDefault, "k", value);
  CHECK_OK(kist_txn_commit(txn, durability, &id, &error));
  return id;
}

static uint64_t durable_id(kist_db db) {
  uint64_t id = 0;
  CHECK_OK(kist_db_durable_id(db, &id, &error));
  return id;
}

static void visible_then_durable(void) {
  kist_db db = open_db("moments");
  uint64_t id = commit_as(db, "durable", KIST_DURABILITY_DURABLE);
  CHECK(durable_id(db) == id);
  id = commit_as(db, "relaxed", KIST_DURABILITY_RELAXED);
  CHECK(durable_id(db) < id);
  CHECK_OK(kist_db_wait_durable(db, id, KIST_WAIT_FOREVER, &error));
  CHECK(durable_id(db) >= id);
  CHECK_OK(kist_db_wait_durable(db, id, 0, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "",
              kist_db_wait_durable(db, id + 1, KIST_WAIT_FOREVER, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "id", kist_db_durable_id(db, NULL, &error));
  id = commit_as(db, "synced", KIST_DURABILITY_RELAXED);
  CHECK_OK(kist_db_sync(db, &error));
  CHECK(durable_id(db) >= id);
  close_clean(db);
}

static void polled(void) {
  char path[8192];
  snprintf(path, sizeof path, "%s/polled", test_directory);
  kist_db_options options = {.struct_size = sizeof options, .create = true};
  options.flush_age_ms = 1000 * 60 * 60;
  options.flush_bytes = 1 << 20;
  kist_db db;
  CHECK_OK(kist_db_open(path, strlen(path), &options, &db, &error));
  int64_t again = 0;
  CHECK_OK(kist_db_poll(db, &again, &error));
  CHECK(again == KIST_NEVER);
  uint64_t id = commit_as(db, "1", KIST_DURABILITY_RELAXED);
  CHECK_OK(kist_db_poll(db, &again, &error));
  CHECK(again > 0 && again <= options.flush_age_ms && durable_id(db) < id);
  CHECK_OK(kist_db_poll(db, NULL, &error));

  /* So many bytes that a commit flushes by itself. */
  static char large[300 << 10];
  for (int i = 0; i < 4; ++i) {
    kist_txn txn = begin_write(db);
    const char key = (char)('a' + i); /* what was overwritten does not count */
    memset(large, key, sizeof large);
    CHECK_OK(kist_txn_put(txn, kDefault, &key, 1, large, sizeof large, 0, NULL, &error));
    CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_RELAXED, &id, &error));
  }
  CHECK(durable_id(db) == id);
  close_clean(db);
}

static uint64_t sum(const kist_latency* latency) {
  uint64_t all = 0;
  for (size_t i = 0; i < sizeof latency->buckets / sizeof *latency->buckets; ++i)
    all += latency->buckets[i];
  return all;
}

static void where_the_time_goes(void) {
  kist_db db = open_db("profile");
  for (int i = 0; i < 3; ++i) commit_as(db, i % 2 == 0 ? "a" : "b", KIST_DURABILITY_DURABLE);
  commit_as(db, "c", KIST_DURABILITY_RELAXED);
  kist_commit_profile profile = {.struct_size = sizeof profile};
  CHECK_OK(kist_db_commit_profile(db, &profile, &error));
  CHECK(profile.lock.count == 4 && profile.tree.count == 4 && profile.flush.count == 3);
  const kist_latency* const all[] = {&profile.lock, &profile.tree, &profile.hash, &profile.write,
                                     &profile.flush};
  for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
    CHECK(sum(all[i]) == all[i]->count && all[i]->longest <= all[i]->total);
  }
  profile.struct_size = 4;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "profile", kist_db_commit_profile(db, &profile, &error));
  close_clean(db);
}

static kist_txn change(kist_db db, const char* value) {
  const uint64_t markers[] = {7, 8, UINT64_MAX};
  kist_txn txn = begin_write(db);
  put_text(txn, kDefault, "k", value);
  CHECK_OK(kist_txn_set_markers(txn, markers, &error));
  return txn;
}

static void expect(kist_db db, const char* value) {
  kist_txn txn = begin_read(db);
  CHECK(has_text(txn, kDefault, "k", value));
  end(txn);
}

static uint64_t prepared(kist_db db) {
  kist_prepared waiting = {.struct_size = sizeof waiting};
  CHECK_OK(kist_db_prepared(db, &waiting, &error));
  CHECK(waiting.markers[2] == (waiting.id == 0 ? 0 : UINT64_MAX));
  return waiting.id;
}

static void two_phases(void) {
  kist_db db = open_db("phases");
  commit_as(db, "old", KIST_DURABILITY_DURABLE);
  CHECK(prepared(db) == 0);

  kist_txn reader = begin_read(db);
  uint64_t id = 0;
  CHECK_FAILS(KIST_ERROR_READ_ONLY, "", kist_txn_prepare(reader, &id, &error));
  CHECK(has_text(reader, kDefault, "k", "old"));
  kist_txn txn = change(db, "new");
  kist_txn nested;
  CHECK_OK(kist_txn_begin_nested(txn, &nested, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "nested", kist_txn_prepare(txn, &id, &error));
  CHECK_FAILS(KIST_ERROR_MISUSE, "outermost", kist_txn_prepare(nested, &id, &error));
  end(nested);
  CHECK_OK(kist_txn_prepare(txn, &id, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "", kist_txn_abort(txn, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "", kist_txn_prepare(txn, NULL, &error));
  CHECK(prepared(db) == id);
  CHECK_FAILS(KIST_ERROR_PREPARED, "", kist_txn_begin_write(db, KIST_WAIT_FOREVER, &txn, &error));
  end(reader);
  expect(db, "old");

  /* It waits for its decision through a close. */
  CHECK_OK(kist_db_close(db, &error));
  db = open_db("phases");
  expect(db, "old");
  CHECK(prepared(db) == id);
  CHECK_FAILS(KIST_ERROR_NOT_FOUND, "", kist_db_commit_prepared(db, id + 1, 0, &error));
  CHECK_OK(kist_db_commit_prepared(db, id, KIST_WAIT_FOREVER, &error));
  CHECK_FAILS(KIST_ERROR_NOT_FOUND, "", kist_db_roll_back_prepared(db, id, 0, &error));
  expect(db, "new");

  CHECK_OK(kist_txn_prepare(change(db, "newest"), NULL, &error));
  CHECK_OK(kist_db_roll_back_prepared(db, prepared(db), 0, &error));
  CHECK(prepared(db) == 0);
  expect(db, "new");
  commit_as(db, "after", KIST_DURABILITY_DURABLE);
  kist_prepared small = {.struct_size = 8};
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "prepared", kist_db_prepared(db, &small, &error));
  close_clean(db);
}

static void beside_records(void) {
  kist_db db = open_db("beside");
  kist_txn reader = begin_read(db);
  kist_txn txn = change(db, "v");
  uint64_t markers[] = {1, 1, 1};
  CHECK_OK(kist_txn_markers(reader, markers, &error));
  CHECK(markers[0] == 0 && markers[1] == 0 && markers[2] == 0);
  CHECK_OK(kist_txn_markers(txn, markers, &error));
  CHECK(markers[0] == 7 && markers[1] == 8 && markers[2] == UINT64_MAX);
  CHECK_FAILS(KIST_ERROR_READ_ONLY, "", kist_txn_set_markers(reader, markers, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "markers", kist_txn_set_markers(txn, NULL, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "markers", kist_txn_markers(txn, NULL, &error));

  char metadata[129] = "about the environment";
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "",
              kist_txn_set_metadata(txn, metadata, sizeof metadata, &error));
  CHECK_OK(kist_txn_set_metadata(txn, metadata, 21, &error));
  CHECK_OK(kist_txn_set_domain_version(txn, 5, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "", kist_txn_set_domain_version(txn, 4, &error));
  kist_buffer told;
  CHECK_OK(kist_db_metadata(db, &told, &error));
  CHECK(told.size == 0);
  kist_buffer_free(&told);
  commit(txn);
  uint64_t version = 1;
  CHECK_OK(kist_txn_domain_version(reader, &version, &error));
  CHECK(version == 0);
  end(reader);
  CHECK_OK(kist_db_close(db, &error));

  char path[8192];
  snprintf(path, sizeof path, "%s/beside", test_directory);
  kist_db_options options = {.struct_size = sizeof options, .has_domain_version = true};
  CHECK_FAILS(KIST_ERROR_WRONG_VERSION, "5",
              kist_db_open(path, strlen(path), &options, &db, &error));
  options.domain_version = 5;
  CHECK_OK(kist_db_open(path, strlen(path), &options, &db, &error));
  reader = begin_read(db);
  CHECK_OK(kist_txn_domain_version(reader, &version, &error));
  CHECK_OK(kist_txn_markers(reader, markers, &error));
  CHECK(version == 5 && markers[0] == 7);
  end(reader);
  CHECK_OK(kist_db_metadata(db, &told, &error));
  CHECK(told.size == 21 && memcmp(told.data, metadata, 21) == 0);
  kist_buffer_free(&told);
  close_clean(db);
}

int main(void) {
  make_test_directory();
  visible_then_durable();
  polled();
  where_the_time_goes();
  two_phases();
  beside_records();
  return 0;
}
