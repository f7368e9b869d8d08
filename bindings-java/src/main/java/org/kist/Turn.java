package org.kist;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Waiting for the turn to write. A thread of the system waits inside the native library. A virtual thread that did so would keep its
 * carrier; once all carriers wait, a writer that gave up its own carrier meanwhile could never go on. So virtual threads queue up
 * here, and the first of the queue asks again and again, parked in between.
 */
final class Turn {
  /** Negative: for ever. */
  static final long FOREVER = -1;

  private static final long SHORTEST_PAUSE_NANOS = 20_000;
  private static final long LONGEST_PAUSE_NANOS = 2_000_000;

  /** Thread.isVirtual(), where there are virtual threads (Java 21 and later); otherwise null. */
  private static final MethodHandle IS_VIRTUAL = findIsVirtual();

  private final ReentrantLock queue = new ReentrantLock(true);

  /** Begins the write transaction of a profile; gives its native handle. */
  long await(long profile, long timeoutMillis) {
    return onVirtualThread() ? poll(profile, timeoutMillis) : Native.beginWriter(profile, timeoutMillis);
  }

  static boolean onVirtualThread() {
    if (IS_VIRTUAL == null) {
      return false;
    }
    try {
      return (boolean) IS_VIRTUAL.invokeExact(Thread.currentThread());
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** As await() on a virtual thread. An interruption changes nothing and is kept, as it is inside the native library. */
  long poll(long profile, long timeoutMillis) {
    long end = timeoutMillis < 0 ? Long.MAX_VALUE : System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    long writer = 0;
    boolean first = false;
    boolean interrupted = false;
    long pause = SHORTEST_PAUSE_NANOS;
    try {
      do {
        try {
          first = first || queue.tryLock(remaining(end), TimeUnit.NANOSECONDS);
        } catch (InterruptedException noted) {
          interrupted = true;
          continue;
        }
        if (first) {
          writer = Native.tryBeginWriter(profile);
        }
        if (writer == 0) {
          LockSupport.parkNanos(Math.min(pause, remaining(end)));
          interrupted |= Thread.interrupted();
          pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
        }
      } while (writer == 0 && remaining(end) > 0);
    } finally {
      if (first) {
        queue.unlock();
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    if (writer == 0) {
      ErrorCode code = timeoutMillis == 0 ? ErrorCode.BUSY : ErrorCode.TIMED_OUT;
      throw new BusyException(code, "another writer is open, after " + timeoutMillis + " ms of waiting");
    }
    return writer;
  }

  private static long remaining(long end) {
    return end == Long.MAX_VALUE ? Long.MAX_VALUE : Math.max(0, end - System.nanoTime());
  }

  private static MethodHandle findIsVirtual() {
    try {
      return MethodHandles.publicLookup().findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
    } catch (ReflectiveOperationException olderJava) {
      return null;
    }
  }
}
