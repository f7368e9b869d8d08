/* The file beneath a database: memory, compaction, pages, older states. */
#include "engine_check.h"

static char path[8192];

static const char* file(const char* name) {
  snprintf(path, sizeof path, "%s/%s", test_directory, name);
  return path;
}

static void fill(kist_db db, kist_table table, int from, int to) {
  static const char value[500] = "v";
  kist_txn txn = begin_write(db);
  CHECK_OK(kist_txn_create_table(txn, table, NULL, true, &error));
  for (int i = from; i < to; ++i) {
    char key[32];
    const int size = snprintf(key, sizeof key, "key %06d", i);
    CHECK_OK(kist_txn_put(txn, table, key, (size_t)size, value, sizeof value, 0, NULL, &error));
  }
  CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_DURABLE, NULL, &error));
}

static void memory(void) {
  kist_db db = open_db("memory");
  fill(db, table_named(db, "t"), 0, 1000);
  uint64_t all = 0;
  uint64_t some = 0;
  CHECK_OK(kist_db_warm_up(db, UINT64_MAX, &all, &error));
  CHECK_OK(kist_db_warm_up(db, 8192, &some, &error));
  CHECK(all > 500000 && some == 8192);
  CHECK_OK(kist_db_warm_up(db, 0, NULL, &error));
  for (uint32_t access = KIST_ACCESS_NORMAL; access <= KIST_ACCESS_WILL_NEED; ++access)
    CHECK_OK(kist_db_advise(db, access, &error));
  CHECK_OK(kist_db_advise(db, KIST_ACCESS_NORMAL, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "access", kist_db_advise(db, 4, &error));
  const kist_code locked = kist_db_lock_in_memory(db, true, NULL);
  CHECK(locked == KIST_OK || locked == KIST_ERROR_OUT_OF_MEMORY || locked == KIST_ERROR_PERMISSION);
  if (locked == KIST_OK) CHECK_OK(kist_db_lock_in_memory(db, false, &error));
  close_clean(db);
}

static void compacted(void) {
  kist_db db = open_db("large");
  const kist_table table = table_named(db, "t");
  fill(db, table, 0, 4000);
  kist_txn txn = begin_write(db);
  for (int i = 0; i < 4000; ++i) {
    char key[32];
    const int size = snprintf(key, sizeof key, "key %06d", i);
    if (i % 10 != 0) CHECK_OK(kist_txn_erase(txn, table, key, (size_t)size, NULL, &error));
  }
  CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_DURABLE, NULL, &error));

  kist_compact_budget budget = {.struct_size = sizeof budget, .pages = 20, .time_ms = UINT64_MAX};
  kist_compact_progress progress = {.struct_size = sizeof progress};
  uint64_t moved = 0;
  struct stat before;
  CHECK(stat(file("large"), &before) == 0);
  int steps = 0;
  for (; !progress.done && steps < 1000; ++steps) {
    CHECK_OK(kist_db_compact(db, &budget, KIST_WAIT_FOREVER, &progress, &error));
    moved += progress.pages_moved;
  }
  struct stat after;
  CHECK(stat(file("large"), &after) == 0);
  CHECK(progress.done && moved > 0 && after.st_size < before.st_size / 2);
  CHECK(progress.file_pages == (uint64_t)after.st_size / 4096);
  CHECK_OK(kist_db_compact(db, NULL, KIST_WAIT_FOREVER, NULL, &error));
  budget.struct_size = 4;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "budget", kist_db_compact(db, &budget, 0, NULL, &error));
  progress.struct_size = 8;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "progress",
              kist_db_compact(db, NULL, 0, &progress, &error));
  txn = begin_write(db);
  CHECK_FAILS(KIST_ERROR_BUSY, "", kist_db_compact(db, NULL, 0, NULL, &error));
  uint64_t records = 0;
  CHECK_OK(kist_txn_count(txn, table, KIST_COUNT_PAIRS, &records, &error));
  CHECK(records == 400);
  end(txn);
  close_clean(db);
}

/* Pages by use, and whether a walk is to be cut short. */
typedef struct counted {
  uint64_t pages[KIST_PAGE_PENDING + 1];
  uint64_t of_table;
  int stretches;
  int most;
} counted;

static bool count(void* context, const kist_page_usage* usage) {
  counted* const all = context;
  CHECK(usage->struct_size == sizeof *usage && usage->use <= KIST_PAGE_PENDING);
  CHECK(usage->table.data != NULL);
  all->pages[usage->use] += usage->pages;
  if (bytes_equal(usage->table, "t")) all->of_table += usage->pages;
  return ++all->stretches != all->most;
}

static bool count_table(void* context, const kist_table_pages* table) {
  CHECK(table->struct_size == sizeof *table);
  if (bytes_equal(table->name, "t")) {
    *(uint64_t*)context = table->leaf.pages + table->branch.pages + table->large_value.pages;
  }
  return true;
}

static void pages(void) {
  kist_db db = open_db("pages");
  const kist_table table = table_named(db, "t");
  fill(db, table, 0, 1000);
  kist_txn txn = begin_write(db);
  put_text(txn, table, "key 000500", "other");
  uint64_t dirty = 0;
  kist_page_operations operations = {.struct_size = sizeof operations};
  CHECK_OK(kist_txn_dirty_pages(txn, &dirty, &error));
  CHECK_OK(kist_txn_page_operations(txn, &operations, &error));
  CHECK(dirty >= 2 && operations.copied >= 2 && operations.created == 0);
  operations.struct_size = 8;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "operations",
              kist_txn_page_operations(txn, &operations, &error));
  end(txn);
  txn = begin_read(db);
  CHECK_FAILS(KIST_ERROR_READ_ONLY, "", kist_txn_dirty_pages(txn, &dirty, &error));
  end(txn);

  counted all = {0};
  CHECK_OK(kist_db_walk_pages(db, count, &all, &error));
  kist_engine_stats stats = {.struct_size = sizeof stats};
  CHECK_OK(kist_db_stats(db, &stats, &error));
  uint64_t sum = 0;
  for (int use = 0; use <= KIST_PAGE_PENDING; ++use) sum += all.pages[use];
  CHECK(sum == stats.file_pages && all.pages[KIST_PAGE_META_SLOTS] == 4);
  counted few = {.most = 3};
  CHECK_OK(kist_db_walk_pages(db, count, &few, &error));
  CHECK(few.stretches == 3);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "visit", kist_db_walk_pages(db, NULL, NULL, &error));

  kist_page_stats by_use = {.struct_size = sizeof by_use};
  uint64_t of_table = 0;
  CHECK_OK(kist_db_page_stats(db, &by_use, count_table, &of_table, &error));
  CHECK(by_use.page_size == 4096 && by_use.leaf.pages == all.pages[KIST_PAGE_LEAF]);
  CHECK(by_use.branch.pages == all.pages[KIST_PAGE_BRANCH] && by_use.meta.pages == 4);
  CHECK(by_use.leaf.bytes_used > 500000 && of_table == all.of_table && of_table > 100);
  CHECK_OK(kist_db_page_stats(db, &by_use, NULL, NULL, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "stats",
              kist_db_page_stats(db, NULL, NULL, NULL, &error));
  close_clean(db);
}

/* The states of a file, newest first. */
typedef struct states {
  kist_stored_snapshot all[4];
  int count;
} states;

static bool remember(void* context, const kist_stored_snapshot* snapshot) {
  states* const found = context;
  CHECK(snapshot->struct_size == sizeof *snapshot && found->count < 4);
  CHECK(snapshot->whole == (snapshot->missing[0] == '\0'));
  found->all[found->count++] = *snapshot;
  return true;
}

static void older_states(void) {
  kist_db db = open_db("older");
  const kist_table table = table_named(db, "t");
  fill(db, table, 0, 100);
  for (char value[] = "0"; value[0] < '4'; ++value[0]) {
    kist_txn txn = begin_write(db);
    put_text(txn, kDefault, "state", value);
    CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_DURABLE, NULL, &error));
  }
  close_clean(db);
  states found = {.count = 0};
  file("older");
  CHECK_OK(kist_list_snapshots(path, strlen(path), remember, &found, &error));
  CHECK(found.count >= 2 && found.all[0].whole && found.all[0].tables == 1);
  CHECK(found.all[0].records == 1 && found.all[0].file_pages > 10);
  const kist_stored_snapshot* older = NULL;
  for (int i = 1; i < found.count && older == NULL; ++i) {
    if (found.all[i].whole && found.all[i].id < found.all[0].id) older = &found.all[i];
  }
  CHECK(older != NULL);

  kist_db_options options = {.struct_size = sizeof options, .read_only = true};
  options.snapshot = older->id;
  CHECK_OK(kist_db_open(path, strlen(path), &options, &db, &error));
  kist_txn txn = begin_read(db);
  uint64_t id = 0;
  CHECK_OK(kist_txn_id(txn, &id, &error));
  CHECK(id == older->id && !has_text(txn, kDefault, "state", "3"));
  end(txn);
  CHECK_OK(kist_db_close(db, &error));
  options.snapshot = found.all[0].id + 1000;
  CHECK_FAILS(KIST_ERROR_SNAPSHOT_GONE, "",
              kist_db_open(path, strlen(path), &options, &db, &error));

  /* Adopted, it is the newest. */
  options.read_only = false;
  options.snapshot = older->id;
  CHECK_OK(kist_db_open(path, strlen(path), &options, &db, &error));
  close_clean(db);
  db = open_db("older");
  txn = begin_read(db);
  CHECK(!has_text(txn, kDefault, "state", "3"));
  end(txn);
  close_clean(db);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "visit",
              kist_list_snapshots(path, strlen(path), NULL, NULL, &error));
  file("none");
  CHECK_FAILS(KIST_ERROR_NOT_FOUND, "none",
              kist_list_snapshots(path, strlen(path), remember, &found, &error));
}

int main(void) {
  make_test_directory();
  memory();
  compacted();
  pages();
  older_states();
  return 0;
}
