/* What the C tests share: checks that end the program, and a directory that is removed at its end.
 */
#pragma once

#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kist/kist.h>

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                  \
    }                                                                           \
  } while (0)

/* The call takes `&error` as its last argument; must succeed, and leave no message. */
#define CHECK_OK(call)                                                                       \
  do {                                                                                       \
    kist_error error;                                                                        \
    const kist_code got = (call);                                                            \
    if (got != KIST_OK) {                                                                    \
      fprintf(stderr, "%s:%d: %s: %s: %s\n", __FILE__, __LINE__, #call, kist_code_name(got), \
              error.message);                                                                \
      exit(1);                                                                               \
    }                                                                                        \
    CHECK(error.code == KIST_OK && error.message == NULL);                                   \
  } while (0)

/* The call takes `&error` as its last argument; must fail with that code and a message in which
 * `part` stands. */
#define CHECK_FAILS(expected, part, call)                                                        \
  do {                                                                                           \
    kist_error error;                                                                            \
    const kist_code got = (call);                                                                \
    if (got != (expected)) {                                                                     \
      fprintf(stderr, "%s:%d: %s: got %s, expected %s\n", __FILE__, __LINE__, #call,             \
              kist_code_name(got), kist_code_name(expected));                                    \
      exit(1);                                                                                   \
    }                                                                                            \
    CHECK(error.code == got && error.message != NULL);                                           \
    CHECK(strlen(error.message) == error.message_size);                                          \
    if (strstr(error.message, (part)) == NULL) {                                                 \
      fprintf(stderr, "%s:%d: %s: '%s' is not in the message '%s'\n", __FILE__, __LINE__, #call, \
              (part), error.message);                                                            \
      exit(1);                                                                                   \
    }                                                                                            \
    kist_error_free(&error);                                                                     \
    kist_error_free(&error);                                                                     \
  } while (0)

static inline int remove_one(const char* path, const struct stat* status, int kind,
                             struct FTW* at) {
  (void)status;
  (void)kind;
  (void)at;
  return remove(path);
}

static char test_directory[4096];
static pid_t test_process;

static inline void remove_test_directory(void) {
  /* A child made by fork leaves the directory to its parent. */
  if (getpid() == test_process) nftw(test_directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Makes test_directory, which is removed when the program ends. */
static inline void make_test_directory(void) {
  const char* base = getenv("TMPDIR");
  snprintf(test_directory, sizeof test_directory, "%s/kist-c-XXXXXX",
           base != NULL && base[0] != '\0' ? base : "/tmp");
  CHECK(mkdtemp(test_directory) != NULL);
  test_process = getpid();
  CHECK(atexit(remove_test_directory) == 0);
}

/* Opens the profile in test_directory/`name`, creating it. */
static inline kist_profile open_profile(const char* name) {
  char path[8192];
  const int size = snprintf(path, sizeof path, "%s/%s", test_directory, name);
  const kist_profile_options options = {.struct_size = sizeof options, .create = true};
  kist_profile profile;
  CHECK_OK(kist_profile_open(path, (size_t)size, &options, &profile, &error));
  return profile;
}

static inline kist_store open_store(kist_profile profile, const char* name) {
  kist_store store;
  CHECK_OK(kist_store_open(profile, name, strlen(name), true, &store, &error));
  return store;
}

static inline void put(kist_store store, const char* key, kist_value value) {
  CHECK_OK(kist_store_put(store, key, strlen(key), &value, &error));
}

static inline kist_value text(const char* string) {
  return kist_value_string(string, strlen(string));
}

static inline bool bytes_equal(kist_bytes bytes, const char* string) {
  return bytes.size == strlen(string) && memcmp(bytes.data, string, bytes.size) == 0;
}
