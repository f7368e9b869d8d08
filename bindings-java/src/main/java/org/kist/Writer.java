package org.kist;

import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A write transaction over all stores of a profile: it happens as a whole, or not at all. There is one at a time, in all processes.
 * It sees its own changes; nobody else does before they are committed. Closing it without a commit forgets them. It is not tied to a
 * thread.
 *
 * <p>{@link Profile#write} begins, commits and aborts by itself; this class alone is for transactions that outlive a method.
 */
public final class Writer implements AutoCloseable {
  private final Handle handle;

  Writer(Profile profile, long timeoutMillis) {
    this.handle = new Handle(profile.turn().await(profile.handle().number(), timeoutMillis), profile.handle());
  }

  /**
   * A store as this transaction sees and changes it.
   *
   * @param store a store of the same profile
   * @return the view; any number may be taken, none needs closing
   */
  public Updatable in(Store store) {
    return new View(this, Objects.requireNonNull(store));
  }

  /**
   * Makes all changes visible at once, lasting as the profile was opened, and ends the transaction, also when it fails.
   *
   * @return number of the transaction that readers see from now on
   */
  public long commit() {
    return commit(Durability.DEFAULT);
  }

  /**
   * Makes all changes visible at once and ends the transaction, also when it fails: with {@link ErrorCode#NO_SPACE} nothing has
   * changed; after {@link ErrorCode#IO} and {@link ErrorCode#LATCHED} close the profile and open it again.
   *
   * @param durability how it lasts
   * @return number of the transaction that readers see from now on
   */
  public long commit(Durability durability) {
    Objects.requireNonNull(durability);
    try {
      return Native.commit(handle.number(), durability.number);
    } finally {
      handle.markEnded();
    }
  }

  /**
   * Forgets all changes and ends the transaction.
   *
   * @throws ClosedException when it was committed or aborted before
   */
  public void abort() {
    handle.markEnded();
    Native.abort(handle.number());
  }

  /** Aborts the transaction, unless it was committed or aborted before. Closing again does nothing. */
  @Override
  public void close() {
    handle.end(Native::abort);
  }

  boolean wasEnded() {
    return handle.wasEnded();
  }

  /** A store in the transaction. */
  record View(Writer writer, Store store) implements Updatable {
    @Override
    public <V extends Value> Optional<V> get(byte[] key, Class<V> type) {
      return Store.found(Native.writerGet(writer.handle.number(), store.number(), key, Wire.tagOf(type)), type);
    }

    @Override
    public boolean has(byte[] key) {
      return Native.writerHas(writer.handle.number(), store.number(), key);
    }

    @Override
    public void put(byte[] key, Value value) {
      Objects.requireNonNull(key);
      Wire.send(
          value,
          (tag, number, bytes) -> Native.writerPut(writer.handle.number(), store.number(), key, tag, number, bytes));
    }

    @Override
    public boolean delete(byte[] key) {
      return Native.writerDelete(writer.handle.number(), store.number(), key);
    }

    @Override
    public long clear() {
      return Native.writerClear(writer.handle.number(), store.number());
    }

    @Override
    public long count(Range range) {
      return range.limit == 0
          ? 0
          : range.send(
              (prefix, from, to, key, reverse, limit) ->
                  Native.writerCountRange(
                      writer.handle.number(), store.number(), prefix, from, to, key, reverse, limit));
    }

    @Override
    public long delete(Range range) {
      return range.sendToDelete(
          (prefix, from, to, key, reverse, limit) ->
              Native.writerDeleteRange(
                  writer.handle.number(), store.number(), prefix, from, to, key, reverse, limit));
    }

    @Override
    public boolean delete(byte[] key, Value value) {
      return Wire.ask(
          value,
          (tag, number, bytes) ->
              Native.writerDeleteValue(writer.handle.number(), store.number(), key, tag, number, bytes));
    }

    @Override
    public boolean putIfAbsent(byte[] key, Value value) {
      return Wire.ask(
          value,
          (tag, number, bytes) ->
              Native.writerPutIfAbsent(writer.handle.number(), store.number(), key, tag, number, bytes));
    }

    @Override
    public boolean compareAndSet(byte[] key, Value expected, Value value) {
      return Wire.askBoth(
          expected,
          value,
          (oldTag, oldNumber, oldBytes, tag, number, bytes) ->
              Native.writerCompareAndSet(
                  writer.handle.number(), store.number(), key, oldTag, oldNumber, oldBytes, tag, number, bytes));
    }

    @Override
    public Value add(byte[] key, long amount) {
      return Store.found(Native.writerAdd(writer.handle.number(), store.number(), key, amount), Value.class)
          .orElseThrow();
    }

    @Override
    public Value.Json mergePatch(byte[] key, Value.Json patch) {
      byte[] document =
          Native.writerMergePatch(writer.handle.number(), store.number(), key, Utf8.encode(patch.text()));
      return Store.found(document, Value.Json.class).orElseThrow();
    }

    @Override
    public Optional<Value> update(byte[] key, UnaryOperator<Optional<Value>> change) {
      store.refuseMulti("update");
      Optional<Value> next = change.apply(get(key));
      if (next.isPresent()) {
        put(key, next.get());
      } else {
        delete(key);
      }
      return next;
    }
  }
}
