/*
 * The C process of the stress over several languages, over kist.h alone; see transfers.cc.
 *
 *     kist_transfers_c PROFILE_DIR SECONDS SEED
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <kist/kist.h>

enum { ACCOUNTS = 10, SUM = 10000, LEAST_TRANSACTIONS = 10000, TRANSACTIONS_PER_CHECK = 100 };

static const char* const counter = "count/c";

typedef struct transfers {
  kist_profile profile;
  kist_store accounts;
  kist_store counters;
  uint64_t random;
  uint64_t transactions;
  uint64_t checks;
} transfers;

/* Whether a call succeeded; prints its error otherwise, and frees it. */
static bool done(kist_code code, kist_error* error) {
  if (code == KIST_OK) return true;
  fprintf(stderr, "c: %s: %s\n", kist_code_name(code),
          error->message != NULL ? error->message : kist_code_description(code));
  kist_error_free(error);
  return false;
}

/* Xorshift64* (Vigna 2016). */
static uint64_t next_random(transfers* state) {
  state->random ^= state->random >> 12;
  state->random ^= state->random << 25;
  state->random ^= state->random >> 27;
  return state->random * UINT64_C(2685821657736338717) >> 32;
}

/* Adds `amount` to an account. */
static bool add(const transfers* state, kist_writer writer, uint64_t account, int64_t amount) {
  const char key[2] = {'a', (char)('0' + account)};
  kist_error error;
  kist_value value;
  bool found = false;
  if (!done(kist_writer_get(writer, state->accounts, key, sizeof key, KIST_TAG_I64, &value, &found,
                            &error),
            &error)) {
    return false;
  }
  if (!found) {
    fprintf(stderr, "c: account %.2s is missing\n", key);
    return false;
  }
  value.i64 += amount;
  return done(kist_writer_put(writer, state->accounts, key, sizeof key, &value, &error), &error);
}

static bool count(const transfers* state, kist_writer writer) {
  kist_error error;
  kist_value value;
  if (!done(kist_writer_get(writer, state->counters, counter, strlen(counter), KIST_TAG_U64, &value,
                            NULL, &error),
            &error)) {
    return false;
  }
  value = kist_value_u64(value.tag == KIST_TAG_NONE ? 1 : value.u64 + 1);
  return done(kist_writer_put(writer, state->counters, counter, strlen(counter), &value, &error),
              &error);
}

/* Moves an amount between two accounts, which may be the same, and counts. */
static bool transfer(transfers* state) {
  const uint64_t from = next_random(state) % ACCOUNTS;
  const uint64_t to = next_random(state) % ACCOUNTS;
  const int64_t amount = (int64_t)(next_random(state) % 100);
  kist_error error;
  kist_writer writer;
  if (!done(kist_writer_begin(state->profile, KIST_WAIT_FOREVER, &writer, &error), &error)) {
    return false;
  }
  if (!add(state, writer, from, -amount) || !add(state, writer, to, amount) ||
      !count(state, writer)) {
    kist_writer_abort(writer, NULL);
    return false;
  }
  return done(kist_writer_commit(writer, KIST_DURABILITY_RELAXED, NULL, &error), &error);
}

/* Whether one snapshot shows the right sum. */
static bool check(const transfers* state) {
  kist_error error;
  kist_reader reader;
  kist_iterator iterator;
  if (!done(kist_reader_begin(state->profile, &reader, &error), &error)) return false;
  bool good = done(kist_iterator_begin(reader, state->accounts, NULL, &iterator, &error), &error);
  int64_t sum = 0;
  while (good) {
    kist_record record;
    bool found = false;
    good = done(kist_iterator_next(iterator, &record, &found, &error), &error);
    if (!found) break;
    sum += record.value.i64;
  }
  /* Closes the iterator too. */
  kist_reader_end(reader, NULL);
  if (good && sum != SUM) fprintf(stderr, "c: a snapshot has a sum of %" PRId64 "\n", sum);
  return good && sum == SUM;
}

static bool run(transfers* state, const char* directory, double seconds) {
  kist_error error;
  if (!done(kist_profile_open(directory, strlen(directory), NULL, &state->profile, &error),
            &error) ||
      !done(kist_store_open(state->profile, "accounts", 8, false, &state->accounts, &error),
            &error) ||
      !done(kist_store_open(state->profile, "counters", 8, true, &state->counters, &error),
            &error)) {
    return false;
  }
  struct timespec start;
  timespec_get(&start, TIME_UTC);
  double elapsed = 0;
  while (state->transactions < LEAST_TRANSACTIONS || elapsed < seconds) {
    if (!transfer(state)) return false;
    if (++state->transactions % TRANSACTIONS_PER_CHECK != 0) continue;
    if (!check(state)) return false;
    ++state->checks;
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    elapsed = difftime(now.tv_sec, start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) * 1e-9;
  }
  return done(kist_profile_close(state->profile, &error), &error);
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fputs("usage: kist_transfers_c PROFILE_DIR SECONDS SEED\n", stderr);
    return 2;
  }
  transfers state = {.random = strtoull(argv[3], NULL, 10) | UINT64_C(1) << 40};
  const bool ok = run(&state, argv[1], strtod(argv[2], NULL));
  printf("{\"language\":\"c\",\"transactions\":%" PRIu64 ",\"checks\":%" PRIu64 ",\"ok\":%s}\n",
         state.transactions, state.checks, ok ? "true" : "false");
  return ok ? 0 : 1;
}
