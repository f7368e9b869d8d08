package org.kist;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;

/**
 * The number by which the native library knows an object. The library answers for stale numbers with CLOSED, from any thread and at
 * any time, so nothing here guards a call; this only makes closing twice harmless.
 */
final class Handle {
  private final long number;
  private final Handle parent;
  private final AtomicBoolean ended = new AtomicBoolean();

  /**
   * @param number the native handle
   * @param parent what the object belongs to, or null
   */
  Handle(long number, Handle parent) {
    this.number = number;
    this.parent = parent;
  }

  long number() {
    return number;
  }

  /** Whether neither this nor what it belongs to was closed here. */
  boolean isOpen() {
    return !ended.get() && (parent == null || parent.isOpen());
  }

  /** Whether this, and not only what it belongs to, was ended. */
  boolean wasEnded() {
    return ended.get();
  }

  /** Ends the object, by the native function given, the first time it is called. */
  void end(LongConsumer close) {
    if (!ended.compareAndSet(false, true)) {
      return;
    }
    try {
      close.accept(number);
    } catch (ClosedException closedWithParent) {
      // Closing what an object belongs to has closed it, too.
    }
  }

  /** Marks the object as ended by a call that ends it whether it succeeds or not. */
  void markEnded() {
    ended.set(true);
  }
}
