/*
 * The C process of the demo, over kist.h alone: reads a live profile that a C++ program keeps
 * writing, compares it with the sources that went into it, and leaves its own findings for the
 * other languages.
 *
 *     kist_demo_c PROFILE_DIR CERT_DIR SUFFIX_FILE PREFS_FILE LANGUAGES
 *
 * Prints one line of JSON; the exit status is 0 only if everything agreed.
 */

/* nanosleep() and getpid() are POSIX's. */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/demo/client_sources.h"

enum { WRITTEN = 4, POLL_MS = 5, PATIENCE_MS = 60 * 1000 };

static int64_t now_ms(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What this process has open, and what it has found. */
typedef struct demo_job {
  const char* directory;
  int64_t started;
  kist_profile profile;
  kist_store session;
  uint64_t first_heartbeat;
  uint64_t records;
  char digest[DIGEST_TEXT_SIZE];
  char* languages;
} demo_job;

/* Whether a call succeeded; prints its error otherwise, and frees it. */
static bool done(kist_code code, kist_error* error) {
  if (code == KIST_OK) return true;
  fprintf(stderr, "c: %s: %s\n", kist_code_name(code),
          error->message != NULL ? error->message : kist_code_description(code));
  kist_error_free(error);
  return false;
}

/* ---- Waiting --------------------------------------------------------------------------- */

typedef enum answer { NOT_YET, YES, FAILED } answer;

/* Asks until the answer is another than NOT_YET, for at most PATIENCE_MS. Whether it was YES. */
static bool wait_for(const char* what, answer (*ask)(demo_job*), demo_job* job) {
  const struct timespec pause = {0, POLL_MS * 1000000L};
  const int64_t end = now_ms() + PATIENCE_MS;
  while (now_ms() < end) {
    const answer given = ask(job);
    if (given != NOT_YET) return given == YES;
    nanosleep(&pause, NULL);
  }
  fprintf(stderr, "c: waited %d ms for %s\n", PATIENCE_MS, what);
  return false;
}

/* What a call means that may fail only because the engine has not come so far. */
static answer soon(kist_code code, kist_error* error) {
  if (code == KIST_ERROR_NOT_FOUND || code == KIST_ERROR_TABLE_NOT_FOUND) {
    kist_error_free(error);
    return NOT_YET;
  }
  return done(code, error) ? YES : FAILED;
}

static answer open_profile(demo_job* job) {
  kist_error error;
  return soon(
      kist_profile_open(job->directory, strlen(job->directory), NULL, &job->profile, &error),
      &error);
}

static answer open_session(demo_job* job) {
  kist_error error;
  return soon(kist_store_open(job->profile, "session", 7, false, &job->session, &error), &error);
}

/* Reads a key of the session. */
static answer session_get(const demo_job* job, const char* key, kist_tag tag, kist_value* value) {
  kist_error error;
  bool found = false;
  if (!done(kist_store_get(job->session, key, strlen(key), tag, value, &found, &error), &error)) {
    return FAILED;
  }
  return found ? YES : NOT_YET;
}

static answer engine_is_ready(demo_job* job) {
  kist_value ready;
  const answer given = session_get(job, "engine/ready", KIST_TAG_BOOL, &ready);
  return given == YES && !ready.boolean ? NOT_YET : given;
}

static answer heart_has_beaten(demo_job* job) {
  kist_value beat;
  const answer given = session_get(job, "engine/heartbeat", KIST_TAG_U64, &beat);
  if (given != YES) return given;
  if (job->first_heartbeat == 0) job->first_heartbeat = beat.u64;
  return beat.u64 > job->first_heartbeat ? YES : NOT_YET;
}

/* Whether all languages have written the same digest as this one. */
static answer others_agree(demo_job* job) {
  kist_error error;
  kist_reader reader;
  if (!done(kist_reader_begin(job->profile, &reader, &error), &error)) return FAILED;
  answer given = YES;
  for (const char* language = job->languages; given == YES && *language != '\0';) {
    const int size = (int)strcspn(language, ",");
    char key[64];
    const int key_size = snprintf(key, sizeof key, "%.*s/digest", size, language);
    kist_value digest;
    bool found = false;
    const kist_code code = kist_reader_get(reader, job->session, key, (size_t)key_size,
                                           KIST_TAG_STRING, &digest, &found, &error);
    if (!done(code, &error)) {
      given = FAILED;
    } else if (!found) {
      given = NOT_YET;
    } else if (digest.bytes.size != strlen(job->digest) ||
               memcmp(digest.bytes.data, job->digest, digest.bytes.size) != 0) {
      fprintf(stderr, "c: %s is %.*s, here it is %s\n", key, (int)digest.bytes.size,
              (const char*)digest.bytes.data, job->digest);
      given = FAILED;
    }
    language += size + (language[size] == ',');
  }
  kist_reader_end(reader, NULL);
  return given;
}

/* ---- Comparing ------------------------------------------------------------------------- */

static bool read_sources(char** paths, char text[DIGEST_TEXT_SIZE], uint64_t* records) {
  dataset sets[3] = {{0}};
  const bool read = read_certificates(paths[0], &sets[0]) && read_suffixes(paths[1], &sets[1]) &&
                    read_preferences(paths[2], &sets[2]);
  record_digest digest;
  digest_begin(&digest);
  for (int i = 0; i < 3; ++i) {
    for (size_t j = 0; j < sets[i].count; ++j) {
      const source_record* record = &sets[i].records[j];
      digest_add(&digest, record->key, record->key_size, &record->value);
    }
    dataset_free(&sets[i]);
  }
  *records = digest.records;
  digest_end(&digest, text);
  return read;
}

/* Whether a JSON text has this string under "fingerprint". What a reader lends has no NUL behind
 * it, so it is copied for strstr(). */
static bool names_fingerprint(kist_bytes json, kist_bytes fingerprint) {
  char text[8192];
  char member[256];
  snprintf(text, sizeof text, "%.*s", (int)json.size, (const char*)json.data);
  snprintf(member, sizeof member, "\"fingerprint\":\"%.*s\"", (int)fingerprint.size,
           (const char*)fingerprint.data);
  return strstr(text, member) != NULL;
}

/* Adds all records of a store to the digest; without a digest, compares their fingerprints. */
static bool read_store(const demo_job* job, kist_reader reader, const char* name,
                       record_digest* digest) {
  kist_error error;
  kist_store store;
  kist_iterator iterator;
  if (!done(kist_store_open(job->profile, name, strlen(name), false, &store, &error), &error) ||
      !done(kist_iterator_begin(reader, store, NULL, &iterator, &error), &error)) {
    return false;
  }
  bool good = true;
  while (good) {
    kist_record record;
    bool found = false;
    good = done(kist_iterator_next(iterator, &record, &found, &error), &error);
    if (!good || !found) break;
    if (digest != NULL) {
      digest_add(digest, record.key.data, record.key.size, &record.value);
    } else if (record.value.tag != KIST_TAG_JSON ||
               !names_fingerprint(record.value.bytes, record.key)) {
      fprintf(stderr, "c: %.*s has another fingerprint\n", (int)record.key.size,
              (const char*)record.key.data);
      good = false;
    }
  }
  kist_iterator_close(iterator, NULL);
  kist_store_close(store, NULL);
  return good;
}

/* Reads the profile in one snapshot. Whether it holds what the sources say. */
static bool compare_with_sources(demo_job* job, char** paths) {
  char expected[DIGEST_TEXT_SIZE];
  uint64_t expected_records = 0;
  if (!read_sources(paths, expected, &expected_records)) return false;

  kist_error error;
  kist_reader reader;
  if (!done(kist_reader_begin(job->profile, &reader, &error), &error)) return false;
  record_digest digest;
  digest_begin(&digest);
  const bool read = read_store(job, reader, "certificates", &digest) &&
                    read_store(job, reader, "suffixes", &digest) &&
                    read_store(job, reader, "preferences", &digest) &&
                    read_store(job, reader, "certificate-info", NULL);
  kist_reader_end(reader, NULL);
  job->records = digest.records;
  digest_end(&digest, job->digest);
  if (!read) return false;
  if (job->records == expected_records && strcmp(job->digest, expected) == 0) return true;
  fprintf(stderr, "c: found %" PRIu64 " records, %s; the sources give %" PRIu64 ", %s\n",
          job->records, job->digest, expected_records, expected);
  return false;
}

/* ---- Writing --------------------------------------------------------------------------- */

static bool write_session(const demo_job* job) {
  const char* keys[WRITTEN] = {"c/pid", "c/started", "c/records", "c/digest"};
  const kist_value values[WRITTEN] = {
      kist_value_u64((uint64_t)getpid()),
      kist_value_instant(job->started),
      kist_value_u64(job->records),
      kist_value_string(job->digest, strlen(job->digest)),
  };
  kist_error error;
  kist_writer writer;
  if (!done(kist_writer_begin(job->profile, KIST_WAIT_FOREVER, &writer, &error), &error)) {
    return false;
  }
  for (int i = 0; i < WRITTEN; ++i) {
    const kist_code code =
        kist_writer_put(writer, job->session, keys[i], strlen(keys[i]), &values[i], &error);
    if (!done(code, &error)) return false;
  }
  return done(kist_writer_commit(writer, KIST_DURABILITY_DEFAULT, NULL, &error), &error);
}

static bool run(demo_job* job, char** arguments) {
  job->directory = arguments[0];
  job->languages = arguments[4];
  return wait_for("the profile", open_profile, job) &&
         wait_for("the session store", open_session, job) &&
         wait_for("engine/ready", engine_is_ready, job) &&
         compare_with_sources(job, arguments + 1) &&
         wait_for("a heartbeat", heart_has_beaten, job) && write_session(job) &&
         wait_for("the other languages", others_agree, job);
}

int main(int argc, char** argv) {
  demo_job job = {.started = now_ms()};
  if (argc != 6) {
    fputs("usage: kist_demo_c PROFILE_DIR CERT_DIR SUFFIX_FILE PREFS_FILE LANGUAGES\n", stderr);
    return 2;
  }
  const bool agreed = run(&job, argv + 1);
  kist_error error;
  const bool closed = job.profile.id == 0 || done(kist_profile_close(job.profile, &error), &error);
  if (!agreed || !closed) return 1;
  printf("{\"language\":\"c\",\"pid\":%d,\"started\":%" PRId64 ",\"ended\":%" PRId64
         ",\"records\":%" PRIu64 ",\"digest\":\"%s\",\"written\":%d,\"agreed\":true}\n",
         (int)getpid(), job.started, now_ms(), job.records, job.digest, WRITTEN);
  return 0;
}
