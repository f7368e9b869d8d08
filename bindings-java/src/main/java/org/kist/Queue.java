package org.kist;

import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Reads and writes of a profile that are done later, by others, in order: a read sees all writes that were queued here before it, and
 * none that were queued here after it. Writes of all queues of a profile are committed in groups, so that many callers share one
 * flush; each still happens as a whole or not at all.
 *
 * <p>Got from {@link Profile#queue()}. May be used from any thread. Calls wait only while the profile's queue is full. What is wrong
 * with a key or value, or a lack of room, ends the futures; only a closed queue throws. {@link Profile#close()} waits for all that is
 * queued.
 *
 * <pre>{@code
 * Queue queue = profile.queue();
 * Queued<Void> queued = queue.put(settings, "theme", Value.of("dark"));
 * queued.committed().thenRun(() -> show("visible"));
 * queued.durable().join();
 * }</pre>
 */
public final class Queue implements AutoCloseable {
  private final Handle handle;

  Queue(Profile profile, long timeoutMillis) {
    handle = new Handle(Native.openQueue(profile.handle().number(), timeoutMillis), profile.handle());
  }

  /**
   * Stores a value under a key.
   *
   * @param store a store of the same profile
   * @param key the key
   * @param value the value
   * @return its moments
   */
  public Queued<Void> put(Store store, String key, Value value) {
    return put(store, Utf8.encode(key), value, Durability.DEFAULT);
  }

  /**
   * Stores a value under a key.
   *
   * @param store a store of the same profile
   * @param key the key
   * @param value the value
   * @param durability durable writes are flushed at once; relaxed ones by number and age, or by {@link #flush()}
   * @return its moments
   */
  public Queued<Void> put(Store store, byte[] key, Value value, Durability durability) {
    Objects.requireNonNull(key);
    Queued<Void> queued = new Queued<>(bytes -> null);
    Wire.send(
        value,
        (tag, number, bytes) ->
            ticket(
                queued,
                Native.queuePut(
                    handle.number(), store.number(), key, tag, number, bytes, durability.number, queued)));
    return queued;
  }

  /**
   * Removes a key. The result says whether it was there.
   *
   * @param store a store of the same profile
   * @param key the key
   * @return its moments
   */
  public Queued<Boolean> delete(Store store, String key) {
    return delete(store, Utf8.encode(key), Durability.DEFAULT);
  }

  /**
   * Removes a key. The result says whether it was there.
   *
   * @param store a store of the same profile
   * @param key the key
   * @param durability as of {@link #put(Store, byte[], Value, Durability)}
   * @return its moments
   */
  public Queued<Boolean> delete(Store store, byte[] key, Durability durability) {
    Queued<Boolean> queued = new Queued<>(bytes -> ((Value.Bool) value(bytes)).value());
    ticket(queued, Native.queueDelete(handle.number(), store.number(), key, durability.number, queued));
    return queued;
  }

  /**
   * Adds to the integer under a key, which keeps its type; an absent one is the signed 0. The result is the new value.
   *
   * @param store a store of the same profile
   * @param key the key
   * @param amount what to add
   * @return its moments
   */
  public Queued<Value> add(Store store, String key, long amount) {
    return add(store, Utf8.encode(key), amount, Durability.DEFAULT);
  }

  /**
   * Adds to the integer under a key, which keeps its type; an absent one is the signed 0. The result is the new value.
   *
   * @param store a store of the same profile
   * @param key the key
   * @param amount what to add
   * @param durability as of {@link #put(Store, byte[], Value, Durability)}
   * @return its moments
   */
  public Queued<Value> add(Store store, byte[] key, long amount, Durability durability) {
    Queued<Value> queued = new Queued<>(Queue::value);
    ticket(queued, Native.queueAdd(handle.number(), store.number(), key, amount, durability.number, queued));
    return queued;
  }

  /**
   * Makes all changes of a batch, or none. The batch stays as it is.
   *
   * @param batch a batch of the same profile
   * @param durability as of {@link #put(Store, byte[], Value, Durability)}
   * @return its moments
   */
  public Queued<Void> apply(Batch batch, Durability durability) {
    Queued<Void> queued = new Queued<>(bytes -> null);
    ticket(queued, Native.queueApply(handle.number(), batch.number(), durability.number, queued));
    return queued;
  }

  /**
   * Reads the value of a key.
   *
   * @param store a store of the same profile
   * @param key the key
   * @return the value, if there is one
   */
  public CompletableFuture<Optional<Value>> get(Store store, String key) {
    return get(store, Utf8.encode(key), Value.class);
  }

  /**
   * Reads the value of a key.
   *
   * @param <V> the type wanted
   * @param store a store of the same profile
   * @param key the key
   * @param type the type wanted; a value of another ends the future with {@link WrongTypeException}
   * @return the value, if there is one
   */
  public <V extends Value> CompletableFuture<Optional<V>> get(Store store, byte[] key, Class<V> type) {
    CompletableFuture<Optional<V>> future = new CompletableFuture<>();
    Function<byte[], Optional<V>> result = bytes -> Store.found(bytes, type);
    Native.queueGet(
        handle.number(),
        store.number(),
        key,
        Wire.tagOf(type),
        (moment, failure, bytes) -> Queued.complete(future, failure, bytes, result));
    return future;
  }

  /**
   * Makes every write that was queued before, here or elsewhere in this process, durable.
   *
   * @return completed when they are
   */
  public CompletableFuture<Void> flush() {
    CompletableFuture<Void> future = new CompletableFuture<>();
    Native.queueFlush(
        handle.number(), (moment, failure, bytes) -> Queued.complete(future, failure, bytes, nothing -> null));
    return future;
  }

  /** Gives the handle back; what was queued is done all the same. Closing again does nothing. */
  @Override
  public void close() {
    handle.end(Native::closeQueue);
  }

  private void ticket(Queued<?> queued, long ticket) {
    queued.cancelBy(() -> Native.queueCancel(handle.number(), ticket));
  }

  private static Value value(byte[] bytes) {
    return Wire.receive(bytes, 0, bytes.length);
  }
}
