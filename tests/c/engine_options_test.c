/* Options of a database, one by one, what it calls back, and databases in memory. */
#define _XOPEN_SOURCE 700

#include <sys/wait.h>

#include "engine_check.h"

static char path[8192];

static kist_db_options fresh(const char* name) {
  snprintf(path, sizeof path, "%s/%s", test_directory, name);
  return (kist_db_options){.struct_size = sizeof(kist_db_options), .create = true};
}

static kist_db open_as(const kist_db_options* options) {
  kist_db db;
  CHECK_OK(kist_db_open(path, strlen(path), options, &db, &error));
  return db;
}

static void refuse(kist_db_options options, kist_code code, const char* part) {
  kist_db db;
  CHECK_FAILS(code, part, kist_db_open(path, strlen(path), &options, &db, &error));
  CHECK(db.id == 0);
}

static void numbers_are_checked(void) {
  const kist_db_options plain = fresh("numbers");
  kist_db_options options = plain;
  options.flush_bytes = -2;
  refuse(options, KIST_ERROR_INVALID_ARGUMENT, "flush_bytes");
  options = plain;
  options.flush_age_ms = INT64_MIN;
  refuse(options, KIST_ERROR_INVALID_ARGUMENT, "flush_age_ms");
  options = plain;
  options.path_check_ms = -2;
  refuse(options, KIST_ERROR_INVALID_ARGUMENT, "path_check_ms");
  options = plain;
  options.max_file_size = 1000;
  refuse(options, KIST_ERROR_INVALID_ARGUMENT, "max_file_size");
  options = plain;
  options.growth_step = UINT64_MAX;
  refuse(options, KIST_ERROR_INVALID_ARGUMENT, "growth_step");
  CHECK(access(path, F_OK) != 0);

  options = plain;
  options.growth_step = 1 << 20;
  options.shrink_threshold = UINT64_MAX;
  options.flush_bytes = INT64_MAX;
  options.flush_age_ms = INT64_MAX;
  options.path_check_ms = INT64_MAX;
  options.exact_maps = true;
  options.flush_thread = true;
  options.transaction_memory = 1;
  kist_db db = open_as(&options);
  kist_txn txn = begin_write(db);
  put_text(txn, kDefault, "k", "v");
  commit(txn);
  kist_engine_stats stats = {.struct_size = sizeof stats};
  CHECK_OK(kist_db_stats(db, &stats, &error));
  CHECK(stats.file_pages * stats.page_size >= 1 << 20 && stats.unflushed_bytes > 0);
  CHECK(stats.pages_created > 0);
  kist_db_options other = options;
  other.growth_step = 1 << 21;
  refuse(other, KIST_ERROR_OPTION_CONFLICT, "growth_step");
  other = options;
  other.shrink_threshold = 1;
  refuse(other, KIST_ERROR_OPTION_CONFLICT, "shrink_threshold");
  close_clean(db);

  options = plain;
  options.flush_bytes = options.flush_age_ms = options.path_check_ms = KIST_NEVER;
  db = open_as(&options);
  txn = begin_write(db);
  put_text(txn, kDefault, "k", "w");
  commit(txn);
  int64_t again = 0;
  CHECK_OK(kist_db_poll(db, &again, &error));
  CHECK(again == KIST_NEVER);
  close_clean(db);
}

static void files_are_as_asked(void) {
  kist_db_options options = fresh("mode");
  const mode_t before = umask(0);
  options.file_mode = 0640;
  options.has_file_group = true;
  options.file_group = (uint32_t)getgid();
  kist_db db = open_as(&options);
  umask(before);
  struct stat status;
  CHECK(stat(path, &status) == 0);
  CHECK((status.st_mode & 0777) == 0640 && status.st_gid == getgid());
  close_clean(db);
}

/* A bound of the file: what does not fit is refused, and erasing still works. */
static void the_file_has_a_bound(void) {
  kist_db_options options = fresh("bound");
  options.max_file_size = 256 << 10;
  kist_db db = open_as(&options);
  static char large[100 << 10];
  kist_txn txn = begin_write(db);
  CHECK_OK(kist_txn_put(txn, kDefault, "1", 1, large, sizeof large, 0, NULL, &error));
  CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_DURABLE, NULL, &error));
  txn = begin_write(db);
  CHECK_OK(kist_txn_put(txn, kDefault, "2", 1, large, sizeof large, 0, NULL, &error));
  CHECK_OK(kist_txn_put(txn, kDefault, "3", 1, large, sizeof large, 0, NULL, &error));
  CHECK_FAILS(KIST_ERROR_NO_SPACE, "", kist_txn_commit(txn, 0, NULL, &error));
  txn = begin_write(db);
  CHECK_OK(kist_txn_erase(txn, kDefault, "1", 1, NULL, &error));
  CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_DURABLE, NULL, &error));
  close_clean(db);
}

static void others_are_kept_out(void) {
  kist_db_options options = fresh("alone");
  options.exclusive = true;
  kist_db db = open_as(&options);
  char lock[8300];
  snprintf(lock, sizeof lock, "%s-lock", path);
  CHECK(access(lock, F_OK) != 0);
  options.exclusive = false;
  refuse(options, KIST_ERROR_OPTION_CONFLICT, "exclusive");
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    refuse(options, KIST_ERROR_BUSY, "");
    _exit(0);
  }
  int status = 1;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  kist_txn txn = begin_write(db);
  put_text(txn, kDefault, "k", "v");
  commit(txn);
  close_clean(db);
  db = open_as(&options);
  CHECK(access(lock, F_OK) == 0);
  close_clean(db);
}

static void in_memory(void) {
  kist_db_options options = fresh("");
  kist_db one;
  kist_db two;
  options.page_size = 1000;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "page_size",
              kist_db_open_in_memory(&options, &one, &error));
  CHECK(one.id == 0);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "db", kist_db_open_in_memory(NULL, NULL, &error));
  options.page_size = 512;
  CHECK_OK(kist_db_open_in_memory(&options, &one, &error));
  CHECK_OK(kist_db_open_in_memory(NULL, &two, &error));
  kist_txn txn = begin_write(one);
  put_text(txn, kDefault, "k", "v");
  CHECK_OK(kist_txn_commit(txn, KIST_DURABILITY_DURABLE, NULL, &error));
  txn = begin_read(one);
  CHECK(has_text(txn, kDefault, "k", "v"));
  end(txn);
  txn = begin_read(two);
  CHECK(has_text(txn, kDefault, "k", NULL));
  end(txn);
  kist_engine_limits limits = {.struct_size = sizeof limits};
  CHECK_OK(kist_db_limits(one, &limits, &error));
  CHECK(limits.page_size == 512);
  close_clean(one);
  close_clean(two);
}

/* What a database calls back, counted. */
typedef struct calls {
  int logs;
  int releases;
  char last[256];
} calls;

static void note(void* context, uint32_t level, const char* sentence, size_t size) {
  calls* const made = context;
  CHECK(level <= KIST_LOG_ERROR && strlen(sentence) == size);
  snprintf(made->last, sizeof made->last, "%s", sentence);
  ++made->logs;
}
static void release(void* context) {
  ++((calls*)context)->releases;
}

static void it_tells_and_releases(void) {
  calls made = {0};
  kist_db_options options = fresh("told");
  options.log = note;
  options.context = &made;
  options.release = release;
  options.page_size = 77;
  refuse(options, KIST_ERROR_INVALID_ARGUMENT, "page_size");
  CHECK(made.releases == 0);
  options.page_size = 0;
  kist_db db = open_as(&options);
  CHECK(made.releases == 0);

  /* Callbacks of later handles are not needed: those of the first count. */
  calls later = {0};
  kist_db_options second = options;
  second.context = &later;
  kist_db again = open_as(&second);
  CHECK(later.releases == 1);
  CHECK_OK(kist_db_close(again, &error));

  char moved[8300];
  snprintf(moved, sizeof moved, "%s-moved", path);
  CHECK(rename(path, moved) == 0);
  kist_txn txn;
  CHECK_FAILS(KIST_ERROR_MOVED, "", kist_txn_begin_write(db, 0, &txn, &error));
  CHECK(made.logs > 0 && strstr(made.last, "told") != NULL);
  CHECK(rename(moved, path) == 0);
  kist_db_close(db, NULL);
  CHECK(made.releases == 1 && later.releases == 1 && later.logs == 0);
  close_clean(open_db("told"));
}

int main(void) {
  make_test_directory();
  numbers_are_checked();
  files_are_as_asked();
  the_file_has_a_bound();
  others_are_kept_out();
  in_memory();
  it_tells_and_releases();
  return 0;
}
