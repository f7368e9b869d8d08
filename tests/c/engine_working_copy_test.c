/* Environments through a local copy. */
#define _XOPEN_SOURCE 700

#include <sys/stat.h>

#include "engine_check.h"

static bool count_calls(void* context, uint64_t done, uint64_t total) {
  CHECK(total == 0 || done <= total);
  ++*(int*)context;
  return true;
}

static void expect_in_original(const char* value) {
  kist_db db = open_db("store");
  kist_txn txn = begin_read(db);
  CHECK(has_text(txn, kDefault, "key", value));
  end(txn);
  close_clean(db);
}

static void write_value(kist_db db, const char* value) {
  kist_txn txn = begin_write(db);
  put_text(txn, kDefault, "key", value);
  commit(txn);
}

int main(void) {
  make_test_directory();
  char path[8192];
  char directory[8192];
  const size_t path_size = (size_t)snprintf(path, sizeof path, "%s/store", test_directory);
  const size_t directory_size =
      (size_t)snprintf(directory, sizeof directory, "%s/local", test_directory);
  CHECK(mkdir(directory, 0700) == 0);
  kist_db db = open_db("store");
  write_value(db, "first");
  close_clean(db);

  int calls = 0;
  const kist_db_options create = {.struct_size = sizeof create, .create = true};
  kist_working_copy_options options = {.struct_size = sizeof options,
                                       .directory = directory,
                                       .directory_size = directory_size,
                                       .always = true,
                                       .options = &create,
                                       .progress = count_calls,
                                       .context = &calls};
  kist_working_copy copy;
  options.conflict = 3;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "conflict",
              kist_working_copy_open(path, path_size, &options, &copy, &db, &error));
  options.conflict = KIST_CONFLICT_REFUSE;
  CHECK_OK(kist_working_copy_open(path, path_size, &options, &copy, &db, &error));
  CHECK(calls > 0);
  bool copied = true;
  CHECK_OK(kist_working_copy_copy_back(copy, &copied, &error));
  CHECK(!copied);
  write_value(db, "second");
  CHECK_OK(kist_working_copy_copy_back(copy, &copied, &error));
  CHECK(copied);
  write_value(db, "third");
  CHECK_OK(kist_working_copy_close(copy, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "", kist_working_copy_close(copy, &error));
  kist_txn txn;
  CHECK_FAILS(KIST_ERROR_CLOSED, "", kist_txn_begin_read(db, &txn, &error));
  expect_in_original("third");

  /* Changed on both sides: somebody has to say what is to be kept. */
  CHECK_OK(kist_working_copy_open(path, path_size, &options, &copy, &db, &error));
  write_value(db, "ours");
  kist_db other = open_db("store");
  write_value(other, "theirs");
  close_clean(other);
  CHECK_FAILS(KIST_ERROR_CONFLICT, "somebody else",
              kist_working_copy_copy_back(copy, NULL, &error));
  CHECK_FAILS(KIST_ERROR_CONFLICT, "somebody else", kist_working_copy_close(copy, &error));
  CHECK_FAILS(KIST_ERROR_CONFLICT, "changed, too",
              kist_working_copy_open(path, path_size, &options, &copy, &db, &error));
  options.conflict = KIST_CONFLICT_USE_COPY;
  CHECK_OK(kist_working_copy_open(path, path_size, &options, &copy, &db, &error));
  CHECK_OK(kist_working_copy_close(copy, &error));
  expect_in_original("ours");

  /* Where no copy is needed, there is none. */
  options.always = false;
  CHECK_OK(kist_working_copy_open(path, path_size, &options, &copy, &db, &error));
  write_value(db, "fourth");
  CHECK_OK(kist_working_copy_copy_back(copy, &copied, &error));
  CHECK(!copied);
  CHECK_OK(kist_working_copy_close(copy, &error));
  expect_in_original("fourth");
  return 0;
}
