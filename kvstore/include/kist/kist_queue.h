/* Reads and writes of Kist that are done later, by others, in order. A part of kist.h, whose head
 * says what holds for all functions.
 *
 * A queue belongs to a profile. A read on it sees all writes that were queued on it before, and
 * none that were queued after. Writes of all queues of an environment are done one after the other
 * as they came, and committed in groups, so that many callers share one flush; each still happens
 * as a whole or not at all. Nothing here waits, but a write when the environment's queue is full.
 *
 * Completions. Each function that queues something takes a function and its context. When it
 * returns KIST_OK, that function is called exactly once for each moment asked for, whatever comes
 * (of writes before a close of the profile returns); otherwise never. It runs on a thread of Kist:
 * for writes one of two that belong to the environment, for reads one of a few that belong to the
 * process, and for operations that are cancelled, or cannot even begin, the thread of that call. It
 * must be short, must not wait for another operation, and must not raise exceptions; it may queue
 * operations and use other functions of Kist that do not wait for them. kist_profile_close called
 * there does not wait. What it is given is borrowed until it returns.
 *
 * Tickets. Each function can give a number (`ticket` may be NULL) by which the operation can be
 * cancelled on the same queue for as long as it has not begun. */
#pragma once

#include "kist.h"
#include "kist_store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
typedef struct kist_queue { uint64_t id; } kist_queue;
/* clang-format on */

/* Moments of a write; may be added up. */
enum {
  KIST_MOMENT_COMMITTED = 1, /* Everybody sees it. */
  KIST_MOMENT_DURABLE = 2    /* It is on the device; never before the other. */
};

/* How a write ended at `moment`. `code` is KIST_OK, or tells with `message` (`message_size` bytes
 * of UTF-8 and a NUL) why it did not happen. `value`: for kist_queue_delete a BOOL, whether the key
 * was there; for kist_queue_add the new value; otherwise of tag KIST_TAG_NONE. */
typedef void (*kist_write_done)(void* context, uint32_t moment, kist_code code, const char* message,
                                size_t message_size, const kist_value* value);

/* What a read gave. `found`: whether there is a value. */
typedef void (*kist_read_done)(void* context, kist_code code, const char* message,
                               size_t message_size, const kist_value* value, bool found);

/* Runs over a snapshot, which ends when it returns: the handle, and all that was opened with it, is
 * closed then. Without a snapshot, `code` is not KIST_OK, and `reader` names nothing. */
typedef void (*kist_read_work)(void* context, kist_code code, const char* message,
                               size_t message_size, kist_reader reader);

/* What is to be called when a write has come so far. Set struct_size to sizeof(kist_completion) and
 * everything else to zero, which means that nobody is told; then change what is wanted. */
typedef struct kist_completion {
  uint32_t struct_size;
  uint32_t moments;    /* KIST_MOMENT_..., added up. */
  uint32_t durability; /* KIST_DURABILITY_...: durable ones are flushed at once, relaxed ones by
                          number, age or bytes, or when somebody asks for it. */
  kist_write_done done;
  void* context;
} kist_completion;

/* Makes a queue. `timeout_ms`: how long a write waits for room; KIST_WAIT_FOREVER, or 0 for BUSY at
 * once. Any number of them. */
KIST_API kist_code kist_queue_open(kist_profile profile, int64_t timeout_ms, kist_queue* queue,
                                   kist_error* error) KIST_NOEXCEPT;

/* Gives the queue back. What it was given is done all the same. Errors: CLOSED. */
KIST_API kist_code kist_queue_close(kist_queue queue, kist_error* error) KIST_NOEXCEPT;

/* Queue a write. `completion` may be NULL. Key, value and batch are copied. The calls themselves
 * fail with CLOSED and INVALID_ARGUMENT; completions are told also BUSY and TIMED_OUT (no room),
 * CANCELLED, and what can be wrong with keys, values and transactions. */

KIST_API kist_code kist_queue_put(kist_queue queue, kist_store store, const void* key,
                                  size_t key_size, const kist_value* value,
                                  const kist_completion* completion, uint64_t* ticket,
                                  kist_error* error) KIST_NOEXCEPT;

KIST_API kist_code kist_queue_delete(kist_queue queue, kist_store store, const void* key,
                                     size_t key_size, const kist_completion* completion,
                                     uint64_t* ticket, kist_error* error) KIST_NOEXCEPT;

/* As kist_store_add. */
KIST_API kist_code kist_queue_add(kist_queue queue, kist_store store, const void* key,
                                  size_t key_size, int64_t amount,
                                  const kist_completion* completion, uint64_t* ticket,
                                  kist_error* error) KIST_NOEXCEPT;

/* All of the batch, or nothing of it. The batch stays as it is. */
KIST_API kist_code kist_queue_apply(kist_queue queue, kist_batch batch,
                                    const kist_completion* completion, uint64_t* ticket,
                                    kist_error* error) KIST_NOEXCEPT;

/* Makes every write queued before, on whatever queue of the process, durable; tells of
 * KIST_MOMENT_DURABLE, also when `moments` does not name it. */
KIST_API kist_code kist_queue_flush(kist_queue queue, const kist_completion* completion,
                                    kist_error* error) KIST_NOEXCEPT;

/* Reads the value of a key as kist_store_get does; `done` is told. */
KIST_API kist_code kist_queue_get(kist_queue queue, kist_store store, const void* key,
                                  size_t key_size, kist_tag expected, kist_read_done done,
                                  void* context, uint64_t* ticket, kist_error* error) KIST_NOEXCEPT;

/* Runs `work` over a snapshot. */
KIST_API kist_code kist_queue_read(kist_queue queue, kist_read_work work, void* context,
                                   uint64_t* ticket, kist_error* error) KIST_NOEXCEPT;

/* Keeps an operation from beginning; its completion is told CANCELLED, by this call. `cancelled`
 * (may be NULL): false when it had begun, or there is none of that number. */
KIST_API kist_code kist_queue_cancel(kist_queue queue, uint64_t ticket, bool* cancelled,
                                     kist_error* error) KIST_NOEXCEPT;

/* What the environment's queue holds and has done in this process. Set struct_size before. */
typedef struct kist_queue_stats {
  uint32_t struct_size;
  uint64_t waiting;       /* Writes not begun yet. */
  uint64_t waiting_bytes; /* Memory that they take, about. */
  uint64_t unflushed;     /* Writes that are committed and not durable yet. */
  uint64_t writes;        /* Writes done, all told. */
  uint64_t groups;        /* Transactions that they took. */
  uint64_t largest_group; /* Most writes in one transaction. */
  uint64_t flushes;       /* Times that the queue made commits durable. */
} kist_queue_stats;

KIST_API kist_code kist_queue_get_stats(kist_queue queue, kist_queue_stats* stats,
                                        kist_error* error) KIST_NOEXCEPT;

/* Closes all profiles of this process in order: queued writes are made durable, reads end with
 * CLOSED at their next call, and transactions are waited for, at most `deadline_ms`. Handles of
 * profiles are to be closed as ever. Errors: TIMED_OUT (naming what did not end), MISUSE (in a
 * completion). */
KIST_API kist_code kist_shutdown(int64_t deadline_ms, kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
