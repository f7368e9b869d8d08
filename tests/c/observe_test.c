/* Being told of changes: kinds of deliveries, beginnings, ends, and what belongs to whom. */
#define _XOPEN_SOURCE 700

#include <pthread.h>
#include <sys/wait.h>

#include "check.h"

/* Keeps what the last delivery said. */
struct told {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int calls;
  int releases;
  uint32_t kind;
  size_t count;
  char key[64];    /* Of the first change. */
  uint64_t before; /* Its values, of type U64; 0 where there is none. */
  uint64_t after;
  kist_mark from;
  kist_mark to;
  kist_code code;
  kist_observer close; /* Is closed by the callback, if it is one. */
  kist_code closed;
};

static struct told* new_told(void) {
  struct told* told = calloc(1, sizeof *told);
  CHECK(told != NULL);
  pthread_mutex_init(&told->mutex, NULL);
  pthread_cond_init(&told->changed, NULL);
  return told;
}

static void free_told(struct told* told) {
  CHECK(told->releases == 1);
  pthread_mutex_destroy(&told->mutex);
  pthread_cond_destroy(&told->changed);
  free(told);
}

static uint64_t number_of(kist_value value) {
  CHECK(value.tag == KIST_TAG_NONE || value.tag == KIST_TAG_U64);
  return value.tag == KIST_TAG_NONE ? 0 : value.u64;
}

static void deliver(void* context, const kist_delivery* delivery) {
  struct told* told = context;
  CHECK(delivery->struct_size >= sizeof(kist_delivery));
  CHECK(strlen(delivery->message) == delivery->message_size);
  pthread_mutex_lock(&told->mutex);
  ++told->calls;
  told->kind = delivery->kind;
  told->count = delivery->count;
  told->from = delivery->from;
  told->to = delivery->to;
  told->code = delivery->code;
  if (delivery->count > 0) {
    const kist_record_change* change = delivery->changes;
    snprintf(told->key, sizeof told->key, "%.*s", (int)change->key.size,
             (const char*)change->key.data);
    told->before = number_of(change->before);
    told->after = number_of(change->after);
  }
  if (told->close.id != 0) {
    told->closed = kist_observer_close(told->close, NULL);
    told->close.id = 0;
  }
  pthread_cond_broadcast(&told->changed);
  pthread_mutex_unlock(&told->mutex);
}

static void release(void* context) {
  struct told* told = context;
  pthread_mutex_lock(&told->mutex);
  ++told->releases;
  pthread_cond_broadcast(&told->changed);
  pthread_mutex_unlock(&told->mutex);
}

static void wait_for(struct told* told, const int* number, int value) {
  pthread_mutex_lock(&told->mutex);
  while (*number < value) pthread_cond_wait(&told->changed, &told->mutex);
  CHECK(*number == value);
  pthread_mutex_unlock(&told->mutex);
}

static kist_observe_options options_for(struct told* told) {
  return (kist_observe_options){.struct_size = sizeof(kist_observe_options),
                                .callback = deliver,
                                .context = told,
                                .release = release};
}

static kist_observer observe(kist_store store, struct told* told) {
  const kist_observe_options options = options_for(told);
  kist_observer observer;
  CHECK_OK(kist_store_observe(store, NULL, &options, &observer, &error));
  return observer;
}

static void changes(kist_profile profile) {
  const kist_store store = open_store(profile, "s");
  struct told* told = new_told();
  const kist_observer observer = observe(store, told);
  put(store, "k", kist_value_u64(1));
  wait_for(told, &told->calls, 1);
  CHECK(told->kind == KIST_DELIVERY_CHANGES && told->count == 1 && strcmp(told->key, "k") == 0);
  CHECK(told->before == 0 && told->after == 1 && told->code == KIST_OK);
  put(store, "k", kist_value_u64(2));
  wait_for(told, &told->calls, 2);
  CHECK(told->before == 1 && told->after == 2);
  bool existed = false;
  CHECK_OK(kist_store_delete(store, "k", 1, &existed, &error));
  wait_for(told, &told->calls, 3);
  CHECK(told->before == 2 && told->after == 0 && told->from.id < told->to.id);
  CHECK(told->releases == 0);
  CHECK_OK(kist_observer_close(observer, &error));
  CHECK(told->releases == 1);
  put(store, "k", kist_value_u64(3));
  CHECK(told->calls == 3);
  CHECK_FAILS(KIST_ERROR_CLOSED, "observer", kist_observer_close(observer, &error));
  free_told(told);
}

static void ranges(kist_profile profile) {
  const kist_store store = open_store(profile, "s");
  struct told* told = new_told();
  const kist_observe_options options = options_for(told);
  kist_range range = {.struct_size = sizeof range};
  range.prefix = (kist_bytes){(const uint8_t*)"ab", 2};
  kist_observer observer;
  CHECK_OK(kist_store_observe(store, &range, &options, &observer, &error));
  put(store, "b", kist_value_u64(1));
  put(store, "abc", kist_value_u64(1));
  wait_for(told, &told->calls, 1);
  CHECK(told->count == 1 && strcmp(told->key, "abc") == 0);
  kist_observer none;
  range.reverse = true;
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "order",
              kist_store_observe(store, &range, &options, &none, &error));
  CHECK(none.id == 0 && told->releases == 0);
  const kist_observe_options without = {.struct_size = sizeof without};
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "callback",
              kist_store_observe(store, NULL, &without, &none, &error));
  CHECK_OK(kist_observer_close(observer, &error));
  free_told(told);
}

static void beginnings(kist_profile profile) {
  const kist_store store = open_store(profile, "s");
  put(store, "n", kist_value_u64(1));
  kist_reader reader;
  CHECK_OK(kist_reader_begin(profile, &reader, &error));
  kist_mark mark;
  CHECK_OK(kist_reader_mark(reader, &mark, &error));
  put(store, "n", kist_value_u64(2));
  struct told* told = new_told();
  kist_observe_options options = options_for(told);
  options.reader = reader;
  kist_observer observer;
  CHECK_OK(kist_store_observe(store, NULL, &options, &observer, &error));
  wait_for(told, &told->calls, 1);
  CHECK(told->before == 1 && told->after == 2);
  CHECK(told->from.id == mark.id && told->from.nonce == mark.nonce);
  options.since = mark;
  kist_observer none;
  CHECK_FAILS(KIST_ERROR_MISUSE, "both", kist_store_observe(store, NULL, &options, &none, &error));
  CHECK_OK(kist_reader_end(reader, &error));

  struct told* late = new_told();
  kist_observe_options remembered = options_for(late);
  remembered.since = mark;
  remembered.max_bytes = 1;
  kist_observer other;
  CHECK_OK(kist_store_observe(store, NULL, &remembered, &other, &error));
  wait_for(late, &late->calls, 1);
  CHECK(late->kind == KIST_DELIVERY_RELOAD && late->count == 0 && late->from.id == mark.id);
  put(store, "n", kist_value_u64(3));
  wait_for(late, &late->calls, 2);
  CHECK(late->kind == KIST_DELIVERY_RELOAD);
  kist_mark seen;
  do {
    CHECK_OK(kist_observer_seen(other, &seen, &error));
  } while (seen.id != late->to.id);
  CHECK(seen.nonce == late->to.nonce);
  CHECK_OK(kist_observer_close(other, &error));
  CHECK_OK(kist_observer_close(observer, &error));
  free_told(late);
  free_told(told);
}

static void closing(void) {
  const kist_profile profile = open_profile("closing");
  const kist_store store = open_store(profile, "s");
  struct told* in_callback = new_told();
  pthread_mutex_lock(&in_callback->mutex);
  in_callback->close = observe(store, in_callback);
  pthread_mutex_unlock(&in_callback->mutex);
  put(store, "k", kist_value_u64(1));
  wait_for(in_callback, &in_callback->releases, 1);
  CHECK(in_callback->calls == 1 && in_callback->closed == KIST_OK);
  free_told(in_callback);
  struct told* with_profile = new_told();
  observe(store, with_profile);
  CHECK_OK(kist_profile_close(profile, &error));
  CHECK(with_profile->releases == 1);
  free_told(with_profile);

  const kist_profile other = open_profile("closing");
  struct told* shut = new_told();
  const kist_observer observer = observe(open_store(other, "s"), shut);
  CHECK_OK(kist_shutdown(60000, &error));
  CHECK(shut->calls == 1 && shut->kind == KIST_DELIVERY_ENDED && shut->code == KIST_ERROR_CLOSED);
  CHECK(shut->releases == 1);
  CHECK_OK(kist_observer_close(observer, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "closed", kist_profile_close(other, &error));
  free_told(shut);
}

static void other_processes(void) {
  fflush(NULL);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    const kist_profile profile = open_profile("shared");
    const kist_store store = open_store(profile, "s");
    struct told* told = new_told();
    const kist_observer observer = observe(store, told);
    put(store, "ready", kist_value_u64(1));
    pthread_mutex_lock(&told->mutex);
    while (strcmp(told->key, "go") != 0) pthread_cond_wait(&told->changed, &told->mutex);
    CHECK(told->after == 7);
    pthread_mutex_unlock(&told->mutex);
    CHECK_OK(kist_observer_close(observer, &error));
    free_told(told);
    CHECK_OK(kist_profile_close(profile, &error));
    exit(0);
  }
  const kist_profile profile = open_profile("shared");
  const kist_store store = open_store(profile, "s");
  for (bool ready = false; !ready;) {
    CHECK_OK(kist_store_has(store, "ready", 5, &ready, &error));
  }
  put(store, "go", kist_value_u64(7));
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK_OK(kist_profile_close(profile, &error));
}

int main(void) {
  make_test_directory();
  other_processes(); /* Before this process has threads. */
  const kist_profile profile = open_profile("observed");
  changes(profile);
  ranges(profile);
  beginnings(profile);
  CHECK_OK(kist_profile_close(profile, &error));
  closing();
  return 0;
}
