package org.kist;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * A write that was queued, with both its moments. When it fails, or is cancelled, both futures end with the {@link KistException}.
 * What is done with them runs on the common pool.
 *
 * @param <T> what the write gives
 */
public final class Queued<T> implements Completion {
  private final CompletableFuture<T> committed = new CompletableFuture<>();
  private final CompletableFuture<T> durable = new CompletableFuture<>();
  private final Function<byte[], T> result;
  private BooleanSupplier cancel = () -> false;

  /**
   * @param result makes what the write gives of what the native library told
   */
  Queued(Function<byte[], T> result) {
    this.result = result;
  }

  /** Whom to ask for a cancellation. Before the object is given away. */
  void cancelBy(BooleanSupplier how) {
    cancel = how;
  }

  /**
   * Completed when everybody sees the write.
   *
   * @return the future
   */
  public CompletableFuture<T> committed() {
    return committed;
  }

  /**
   * Completed when the write is on the device; never before {@link #committed()}.
   *
   * @return the future
   */
  public CompletableFuture<T> durable() {
    return durable;
  }

  /**
   * Keeps the write from beginning: it ends with {@link ErrorCode#CANCELLED}.
   *
   * @return whether it had not begun
   */
  public boolean cancel() {
    return cancel.getAsBoolean();
  }

  /** For the native library. */
  @Override
  public void tell(int moment, KistException failure, byte[] value) {
    complete(moment == COMMITTED ? committed : durable, failure, value, result);
  }

  /** Completes a future on the common pool: what depends on it may wait, and threads of Kist must not. */
  static <T> void complete(
      CompletableFuture<T> future, KistException failure, byte[] value, Function<byte[], T> result) {
    ForkJoinPool.commonPool()
        .execute(
            () -> {
              if (failure != null) {
                future.completeExceptionally(failure);
                return;
              }
              try {
                future.complete(result.apply(value));
              } catch (RuntimeException | Error unreadable) {
                future.completeExceptionally(unreadable);
              }
            });
  }
}
