/* What is no profile, may not be opened or belongs to a newer version: a clear error each. */
#define _XOPEN_SOURCE 700

#include <fcntl.h>
#include <sys/wait.h>

#include "check.h"

static kist_profile nobody_opens_this;

/* Opens test_directory/`name` in the given way, which must fail; creating is asked for too, since
 * that must not replace what is there. */
static void fails_to_open(const char* name, kist_code code, const char* part) {
  char path[8192];
  const int size = snprintf(path, sizeof path, "%s/%s", test_directory, name);
  kist_profile_options options = {.struct_size = sizeof options};
  CHECK_FAILS(code, part,
              kist_profile_open(path, (size_t)size, &options, &nobody_opens_this, &error));
  options.create = true;
  CHECK_FAILS(code, part,
              kist_profile_open(path, (size_t)size, &options, &nobody_opens_this, &error));
  CHECK(nobody_opens_this.id == 0);
}

static void make_directory(const char* name) {
  char path[8192];
  snprintf(path, sizeof path, "%s/%s", test_directory, name);
  CHECK(mkdir(path, 0700) == 0);
}

static void write_data_file(const char* directory, const void* data, size_t size) {
  char path[8192];
  snprintf(path, sizeof path, "%s/%s/data.kist", test_directory, directory);
  FILE* file = fopen(path, "wb");
  CHECK(file != NULL);
  CHECK(fwrite(data, 1, size, file) == size);
  CHECK(fclose(file) == 0);
}

static void missing_profiles(void) {
  char path[8192];
  int size = snprintf(path, sizeof path, "%s/nowhere", test_directory);
  CHECK_FAILS(KIST_ERROR_NOT_FOUND, "nowhere",
              kist_profile_open(path, (size_t)size, NULL, &nobody_opens_this, &error));
  make_directory("bare");
  size = snprintf(path, sizeof path, "%s/bare", test_directory);
  CHECK_FAILS(KIST_ERROR_NOT_FOUND, "bare",
              kist_profile_open(path, (size_t)size, NULL, &nobody_opens_this, &error));
}

static void files_that_are_no_store(void) {
  char* noise = malloc(40000);
  CHECK(noise != NULL);
  for (size_t i = 0; i < 40000; ++i) noise[i] = (char)(i * 2654435761U >> 11);
  make_directory("noise");
  write_data_file("noise", noise, 40000);
  fails_to_open("noise", KIST_ERROR_NOT_A_STORE, "data.kist");
  make_directory("text");
  write_data_file("text", "[{\"this\": \"is JSON\"}]\n", 22);
  fails_to_open("text", KIST_ERROR_NOT_A_STORE, "data.kist");
  /* A file system may give this back for a file that it lost. */
  make_directory("zeros");
  memset(noise, 0, 40000);
  write_data_file("zeros", noise, 40000);
  fails_to_open("zeros", KIST_ERROR_DAMAGED, "data.kist");
  free(noise);
}

static void a_file_in_place_of_the_directory(void) {
  char path[8192];
  const int size = snprintf(path, sizeof path, "%s/file", test_directory);
  FILE* file = fopen(path, "wb");
  CHECK(file != NULL && fclose(file) == 0);
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "file",
              kist_profile_open(path, (size_t)size, NULL, &nobody_opens_this, &error));
}

/* The file stands in tests/compat, two folders up from this source. */
static void a_store_of_a_newer_version(void) {
  char path[8192];
  const char* slash = strrchr(__FILE__, '/');
  CHECK(slash != NULL);
  snprintf(path, sizeof path, "%.*s/../compat/newer_version/data.kist", (int)(slash - __FILE__),
           __FILE__);
  FILE* file = fopen(path, "rb");
  CHECK(file != NULL);
  static char data[16384];
  CHECK(fread(data, 1, sizeof data, file) == sizeof data);
  CHECK(fclose(file) == 0);
  make_directory("newer");
  write_data_file("newer", data, sizeof data);
  fails_to_open("newer", KIST_ERROR_NEWER_FORMAT, "data.kist");
}

static void paths_that_are_none(void) {
  kist_profile profile;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "path",
              kist_profile_open(NULL, 5, NULL, &profile, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "path",
              kist_profile_open("", 0, NULL, &profile, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "NUL",
              kist_profile_open("a\0b", 3, NULL, &profile, &error));
}

static void directories_without_permission(void) {
  kist_profile profile = open_profile("private");
  put(open_store(profile, "s"), "k", kist_value_bool(true));
  CHECK_OK(kist_profile_close(profile, &error));
  make_directory("locked");
  char path[8192];
  snprintf(path, sizeof path, "%s/locked", test_directory);
  CHECK(chmod(path, 0) == 0);
  CHECK(chmod(test_directory, 0755) == 0);
  snprintf(path, sizeof path, "%s/private", test_directory);
  CHECK(chmod(path, 0755) == 0);

  /* Root may do everything, so a child becomes somebody else. */
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    if (geteuid() == 0)
      CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    else
      CHECK(strcat(path, "/data.kist") != NULL && chmod(path, 0) == 0);
    fails_to_open("locked", KIST_ERROR_PERMISSION, "locked");
    fails_to_open("private", KIST_ERROR_PERMISSION, "data.kist");
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  snprintf(path, sizeof path, "%s/locked", test_directory);
  CHECK(chmod(path, 0700) == 0);
}

int main(void) {
  make_test_directory();
  missing_profiles();
  files_that_are_no_store();
  a_file_in_place_of_the_directory();
  a_store_of_a_newer_version();
  paths_that_are_none();
  directories_without_permission();
  return 0;
}
