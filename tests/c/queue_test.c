/* Operations that are done later: order, moments, errors, cancellation, closing. */
#define _XOPEN_SOURCE 700

#include <pthread.h>

#include "check.h"

/* Counts calls, and keeps what the last one said. */
struct told {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int calls;
  int committed;
  int durable;
  uint32_t last; /* Moment. */
  kist_code code;
  kist_value value; /* Numbers only. */
  char text[64];
  bool found;
};

static struct told* new_told(void) {
  struct told* told = calloc(1, sizeof *told);
  CHECK(told != NULL);
  pthread_mutex_init(&told->mutex, NULL);
  pthread_cond_init(&told->changed, NULL);
  return told;
}

static void free_told(struct told* told) {
  pthread_mutex_destroy(&told->mutex);
  pthread_cond_destroy(&told->changed);
  free(told);
}

static void wrote(void* context, uint32_t moment, kist_code code, const char* message,
                  size_t message_size, const kist_value* value) {
  struct told* told = context;
  pthread_mutex_lock(&told->mutex);
  CHECK(strlen(message) == message_size);
  CHECK((code == KIST_OK) == (message_size == 0));
  ++told->calls;
  told->last = moment;
  if (moment == KIST_MOMENT_COMMITTED) ++told->committed;
  if (moment == KIST_MOMENT_DURABLE) ++told->durable;
  told->code = code;
  told->value = *value;
  pthread_cond_broadcast(&told->changed);
  pthread_mutex_unlock(&told->mutex);
}

static void has_read(void* context, kist_code code, const char* message, size_t message_size,
                     const kist_value* value, bool found) {
  struct told* told = context;
  pthread_mutex_lock(&told->mutex);
  CHECK(strlen(message) == message_size);
  ++told->calls;
  told->code = code;
  told->found = found;
  told->value = *value;
  if (value->tag == KIST_TAG_STRING) {
    snprintf(told->text, sizeof told->text, "%.*s", (int)value->bytes.size,
             (const char*)value->bytes.data);
  }
  pthread_cond_broadcast(&told->changed);
  pthread_mutex_unlock(&told->mutex);
}

static void wait_for_calls(struct told* told, int calls) {
  pthread_mutex_lock(&told->mutex);
  while (told->calls < calls) pthread_cond_wait(&told->changed, &told->mutex);
  CHECK(told->calls == calls);
  pthread_mutex_unlock(&told->mutex);
}

static kist_completion completion(struct told* told, uint32_t moments) {
  return (kist_completion){
      .struct_size = sizeof(kist_completion), .moments = moments, .done = wrote, .context = told};
}

static kist_queue open_queue(kist_profile profile) {
  kist_queue queue;
  CHECK_OK(kist_queue_open(profile, KIST_WAIT_FOREVER, &queue, &error));
  return queue;
}

static void writes_and_reads(kist_profile profile) {
  const kist_store store = open_store(profile, "s");
  const kist_queue queue = open_queue(profile);
  struct told* told = new_told();
  const kist_completion both = completion(told, KIST_MOMENT_COMMITTED | KIST_MOMENT_DURABLE);
  const kist_value dark = text("dark");
  CHECK_OK(kist_queue_put(queue, store, "theme", 5, &dark, &both, NULL, &error));
  struct told* read = new_told();
  CHECK_OK(kist_queue_get(queue, store, "theme", 5, KIST_TAG_NONE, has_read, read, NULL, &error));
  wait_for_calls(read, 1);
  CHECK(read->code == KIST_OK && read->found && strcmp(read->text, "dark") == 0);
  wait_for_calls(told, 2);
  CHECK(told->code == KIST_OK && told->committed == 1 && told->durable == 1);
  CHECK(told->last == KIST_MOMENT_DURABLE);

  const kist_completion one = completion(told, KIST_MOMENT_COMMITTED);
  CHECK_OK(kist_queue_delete(queue, store, "theme", 5, &one, NULL, &error));
  wait_for_calls(told, 3);
  CHECK(told->value.tag == KIST_TAG_BOOL && told->value.boolean);
  CHECK_OK(kist_queue_add(queue, store, "n", 1, 7, &one, NULL, &error));
  wait_for_calls(told, 4);
  CHECK(told->value.tag == KIST_TAG_I64 && told->value.i64 == 7);
  CHECK_OK(kist_queue_get(queue, store, "n", 1, KIST_TAG_STRING, has_read, read, NULL, &error));
  wait_for_calls(read, 2);
  CHECK(read->code == KIST_ERROR_WRONG_TYPE && !read->found);
  CHECK_OK(kist_queue_get(queue, store, "x", 1, KIST_TAG_NONE, has_read, read, NULL, &error));
  wait_for_calls(read, 3);
  CHECK(read->code == KIST_OK && !read->found);

  const kist_value bad = kist_value_json("{", 1);
  CHECK_OK(kist_queue_put(queue, store, "j", 1, &bad, &both, NULL, &error));
  wait_for_calls(told, 6);
  CHECK(told->code == KIST_ERROR_INVALID_JSON);

  kist_batch batch;
  CHECK_OK(kist_batch_make(profile, &batch, &error));
  CHECK_OK(kist_batch_put(batch, store, "a", 1, &dark, &error));
  CHECK_OK(kist_batch_delete(batch, store, "n", 1, &error));
  CHECK_OK(kist_queue_apply(queue, batch, &one, NULL, &error));
  wait_for_calls(told, 7);
  uint64_t count = 0;
  CHECK_OK(kist_store_count(store, &count, &error));
  CHECK(count == 1);
  CHECK_OK(kist_batch_close(batch, &error));

  CHECK_OK(kist_queue_put(queue, store, "b", 1, &dark, NULL, NULL, &error));
  const kist_completion none = {.struct_size = sizeof none, .done = wrote, .context = told};
  CHECK_OK(kist_queue_flush(queue, &none, &error));
  wait_for_calls(told, 8);
  kist_queue_stats stats = {.struct_size = sizeof stats};
  CHECK_OK(kist_queue_get_stats(queue, &stats, &error));
  CHECK(stats.waiting == 0 && stats.unflushed == 0 && stats.writes == 5 && stats.groups <= 5);

  const kist_completion odd = {.struct_size = sizeof odd, .moments = 4, .done = wrote};
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "completion.moments is 4",
              kist_queue_put(queue, store, "b", 1, &dark, &odd, NULL, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "done is NULL",
              kist_queue_get(queue, store, "b", 1, KIST_TAG_NONE, NULL, NULL, NULL, &error));
  CHECK_OK(kist_queue_close(queue, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "queue",
              kist_queue_put(queue, store, "b", 1, &dark, NULL, NULL, &error));
  free_told(told);
  free_told(read);
}

struct work {
  struct told* told;
  kist_store store;
  kist_reader reader;
};

static void count_records(void* context, kist_code code, const char* message, size_t message_size,
                          kist_reader reader) {
  struct work* work = context;
  CHECK(code == KIST_OK && message_size == 0 && message != NULL);
  uint64_t count = 0;
  CHECK_OK(kist_reader_count(reader, work->store, &count, &error));
  work->reader = reader;
  const kist_value value = kist_value_u64(count);
  has_read(work->told, KIST_OK, "", 0, &value, true);
}

static void snapshots(kist_profile profile) {
  const kist_queue queue = open_queue(profile);
  struct work work = {.told = new_told(), .store = open_store(profile, "snapshots")};
  const kist_value one = kist_value_u64(1);
  for (int i = 0; i < 10; ++i) {
    CHECK_OK(kist_queue_put(queue, work.store, &i, sizeof i, &one, NULL, NULL, &error));
  }
  CHECK_OK(kist_queue_read(queue, count_records, &work, NULL, &error));
  CHECK_OK(kist_queue_put(queue, work.store, "later", 5, &one, NULL, NULL, &error));
  wait_for_calls(work.told, 1);
  CHECK(work.told->value.u64 == 10);
  /* The snapshot goes with the call, at the latest when another was made after it. */
  uint64_t count = 0;
  kist_code code = KIST_OK;
  while (code != KIST_ERROR_CLOSED) code = kist_reader_count(work.reader, work.store, &count, NULL);
  free_told(work.told);
}

static void cancelling(kist_profile profile) {
  const kist_queue queue = open_queue(profile);
  const kist_store store = open_store(profile, "cancelled");
  struct told* told = new_told();
  const kist_completion both = completion(told, KIST_MOMENT_COMMITTED | KIST_MOMENT_DURABLE);
  const kist_value one = kist_value_u64(1);
  kist_writer writer;
  CHECK_OK(kist_writer_begin(profile, KIST_WAIT_FOREVER, &writer, &error));
  uint64_t first = 0;
  uint64_t second = 0;
  CHECK_OK(kist_queue_put(queue, store, "a", 1, &one, &both, &first, &error));
  CHECK_OK(kist_queue_put(queue, store, "b", 1, &one, NULL, &second, &error));
  CHECK(first != 0 && second != first);
  bool cancelled = false;
  CHECK_OK(kist_queue_cancel(queue, first, &cancelled, &error));
  CHECK(cancelled);
  CHECK(told->calls == 2 && told->code == KIST_ERROR_CANCELLED);
  CHECK_OK(kist_queue_cancel(queue, first, &cancelled, &error));
  CHECK(!cancelled);
  CHECK_OK(kist_queue_cancel(queue, 12345, &cancelled, &error));
  CHECK(!cancelled);
  CHECK_OK(kist_writer_abort(writer, &error));
  const kist_completion durable = completion(told, KIST_MOMENT_DURABLE);
  CHECK_OK(kist_queue_put(queue, store, "c", 1, &one, &durable, NULL, &error));
  wait_for_calls(told, 3);
  uint64_t count = 0;
  CHECK_OK(kist_store_count(store, &count, &error));
  CHECK(count == 2);
  free_told(told);
}

/* What is queued is done, and told, when the close returns. */
static void closing(void) {
  const kist_profile profile = open_profile("closing");
  const kist_store store = open_store(profile, "s");
  const kist_queue queue = open_queue(profile);
  struct told* told = new_told();
  const kist_completion durable = completion(told, KIST_MOMENT_DURABLE);
  for (int i = 0; i < 100; ++i) {
    CHECK_OK(kist_queue_add(queue, store, "n", 1, 1, &durable, NULL, &error));
  }
  CHECK_OK(kist_profile_close(profile, &error));
  CHECK(told->calls == 100 && told->code == KIST_OK && told->value.i64 == 100);
  free_told(told);
}

static void shutting_down(void) {
  const kist_profile profile = open_profile("closing");
  const kist_store store = open_store(profile, "s");
  const kist_queue queue = open_queue(profile);
  const kist_value one = kist_value_u64(1);
  CHECK_OK(kist_queue_put(queue, store, "k", 1, &one, NULL, NULL, &error));
  CHECK_OK(kist_shutdown(60000, &error));
  CHECK_FAILS(KIST_ERROR_CLOSED, "closed", kist_store_put(store, "k", 1, &one, &error));
  CHECK_FAILS(KIST_ERROR_INVALID_ARGUMENT, "negative", kist_shutdown(-1, &error));
  const kist_profile again = open_profile("closing");
  uint64_t count = 0;
  CHECK_OK(kist_store_count(open_store(again, "s"), &count, &error));
  CHECK(count == 2);
  CHECK_OK(kist_profile_close(again, &error));
}

/* Profiles that share an environment, whose relaxed writes are flushed by their number alone. */
static void options(void) {
  char own[8192];
  char shared[8192];
  const int own_size = snprintf(own, sizeof own, "%s/own", test_directory);
  const int shared_size = snprintf(shared, sizeof shared, "%s/shared", test_directory);
  kist_profile_options options = {.struct_size = sizeof options,
                                  .create = true,
                                  .durability = KIST_DURABILITY_RELAXED,
                                  .environment = {(const uint8_t*)shared, (size_t)shared_size},
                                  .flush_bytes = KIST_NEVER,
                                  .flush_age_ms = KIST_NEVER,
                                  .flush_operations = 3,
                                  .queue_bytes = 1 << 20,
                                  .queue_operations = 2};
  kist_profile profile;
  CHECK_OK(kist_profile_open(own, (size_t)own_size, &options, &profile, &error));
  options.environment = (kist_bytes){0};
  options.flush_operations = 4;
  kist_profile other;
  CHECK_FAILS(KIST_ERROR_OPTION_CONFLICT, "flush_operations = 3, asked for 4",
              kist_profile_open(shared, (size_t)shared_size, &options, &other, &error));
  options.flush_operations = 3;
  CHECK_OK(kist_profile_open(shared, (size_t)shared_size, &options, &other, &error));
  const kist_store store = open_store(profile, "s");
  struct told* told = new_told();
  const kist_completion durable = completion(told, KIST_MOMENT_DURABLE);
  const kist_queue queue = open_queue(profile);
  for (int i = 0; i < 3; ++i) {
    CHECK_OK(kist_queue_add(queue, store, "n", 1, 1, &durable, NULL, &error));
  }
  wait_for_calls(told, 3);
  uint64_t count = 0;
  CHECK_OK(kist_store_count(open_store(other, "s"), &count, &error));
  CHECK(count == 1);
  CHECK_OK(kist_profile_close(profile, &error));
  CHECK_OK(kist_profile_close(other, &error));
  free_told(told);
}

int main(void) {
  make_test_directory();
  const kist_profile profile = open_profile("queues");
  writes_and_reads(profile);
  snapshots(profile);
  cancelling(profile);
  CHECK_OK(kist_profile_close(profile, &error));
  closing();
  shutting_down();
  options();
  return 0;
}
