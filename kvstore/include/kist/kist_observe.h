/* Being told of changes to a store, whichever process makes them. A part of kist.h, whose head says
 * what holds for all functions; kvstore/docs/observe.md says what is promised.
 *
 * Deliveries. An observer is told how the newest snapshot differs from the one that it was told of
 * before, so a record that changed twice comes once. Its callback runs on one thread of Kist for
 * each environment in a process, one call at a time for all its observers. It may use every
 * function of Kist, also close observers and the profile; it must not raise exceptions. While it
 * runs that thread watches nothing else, so it should be short; nothing is lost if it is not. What
 * it is given is borrowed until it returns. */
#pragma once

#include "kist.h"

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
typedef struct kist_observer { uint64_t id; } kist_observer;
/* clang-format on */

/* What a snapshot can be recognised by later, in whatever process. All zero: none. */
typedef struct kist_mark {
  uint64_t id;    /* As kist_reader_id gives it. */
  uint64_t nonce; /* Random number of that commit. */
} kist_mark;

/* A record that differs; in a multi store, one value that came or went. */
typedef struct kist_record_change {
  kist_bytes key;
  kist_value before; /* KIST_TAG_NONE: it was not there. */
  kist_value after;  /* KIST_TAG_NONE: it is gone. */
} kist_record_change;

enum {
  KIST_DELIVERY_CHANGES = 0, /* `changes` is what there is to know; at least one. */
  /* The difference cannot be told: its older snapshot is gone, there is too much of it, or a value
   * cannot be decoded. Read what is observed anew, with a reader that begins now. Deliveries go on
   * from `to`. */
  KIST_DELIVERY_RELOAD = 1,
  KIST_DELIVERY_ENDED = 2 /* The last one, because of `code`. Not told when the observer or its
                             profile is closed by its handle. */
};

typedef struct kist_delivery {
  uint32_t struct_size;              /* What the library knows: sizeof(kist_delivery) there. */
  uint32_t kind;                     /* KIST_DELIVERY_... */
  const kist_record_change* changes; /* In the order of their keys. */
  size_t count;
  kist_mark from; /* The older snapshot, */
  kist_mark to;   /* and the newer one. */
  kist_code code; /* Of KIST_DELIVERY_ENDED; else KIST_OK. */
  const char* message;
  size_t message_size;
} kist_delivery;

typedef void (*kist_observer_callback)(void* context, const kist_delivery* delivery);

/* How to observe. Set struct_size to sizeof(kist_observe_options) and everything else to zero; then
 * set `callback` and change what is wanted. */
typedef struct kist_observe_options {
  uint32_t struct_size;
  kist_observer_callback callback;
  void* context;
  /* Called once when the observer is done with `context`: `callback` is not running then, and not
   * called again. May be NULL. Not called when kist_store_observe fails. */
  void (*release)(void* context);
  /* Begin with the snapshot of this reader, so that nothing after it is missed; it can be ended at
   * once. Zero: with the newest snapshot. */
  kist_reader reader;
  /* Begin with a snapshot that was remembered. Good while it is the newest still; else the first
   * delivery is a KIST_DELIVERY_RELOAD. Zero: not so. */
  kist_mark since;
  /* Bytes of keys and values in one delivery; KIST_DELIVERY_RELOAD where there are more. 0: 16 MiB.
   */
  uint64_t max_bytes;
} kist_observe_options;

/* Calls the callback after each change within a range, which has no order and no limit (NULL: in
 * the whole store), until the observer is closed. It belongs to the profile. Errors: CLOSED,
 * INVALID_ARGUMENT, WRONG_KIND, MISUSE (both `reader` and `since`), OUT_OF_MEMORY (no thread could
 * be started). */
KIST_API kist_code kist_store_observe(kist_store store, const kist_range* range,
                                      const kist_observe_options* options, kist_observer* observer,
                                      kist_error* error) KIST_NOEXCEPT;

/* The snapshot up to which everything was delivered: to be remembered for `since`. */
KIST_API kist_code kist_observer_seen(kist_observer observer, kist_mark* mark,
                                      kist_error* error) KIST_NOEXCEPT;

/* Ends the deliveries. The callback is not running when this returns, nor will it, unless it is the
 * callback that calls this. Waits for it, so hold no lock that it needs. Errors: CLOSED. */
KIST_API kist_code kist_observer_close(kist_observer observer, kist_error* error) KIST_NOEXCEPT;

/* What the snapshot of a reader can be recognised by later. */
KIST_API kist_code kist_reader_mark(kist_reader reader, kist_mark* mark,
                                    kist_error* error) KIST_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif
