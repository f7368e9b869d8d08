package org.kist;

import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * A named map from keys to typed values, within a profile. Keys are any bytes, ordered byte by byte, or integers, made by {@link
 * #key(long)}; a key has one value, or in a multi store any number of distinct ones, sorted by their encodings: {@link #put} adds
 * one, {@link #get} gives the first, {@link #values} all, {@link #delete(byte[])} removes all. {@link StoreOptions} choose when a
 * store is created.
 *
 * <p>Each call is a transaction of its own: it reads the newest commit, or is atomic and lasting when it returns (in relaxed profiles: visible). Several things that belong
 * together go through {@link Profile#write} and {@link Profile#read}. May be used from any thread.
 *
 * <p>It closes with its profile; closing it earlier gives its handle back.
 */
public final class Store implements Scannable, Updatable, AutoCloseable {
  private final Profile profile;
  private final Handle handle;
  private final String name;
  private final StoreOptions options;

  Store(Profile profile, String name, StoreOptions options) {
    this.profile = profile;
    this.name = name;
    this.options = options;
    long number =
        Native.openStore(
            profile.handle().number(),
            Utf8.encode(name),
            options.create(),
            options.multi(),
            options.keys().number());
    this.handle = new Handle(number, profile.handle());
  }

  /**
   * Name of the store.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * Whether a key may have several values.
   *
   * @return true in a multi store
   */
  public boolean multi() {
    return options.multi();
  }

  /**
   * What its keys are.
   *
   * @return the type
   */
  public KeyType keys() {
    return options.keys();
  }

  /**
   * The key of a number, in a store whose keys are integers.
   *
   * @param number the number; of {@link KeyType#U64} its 64 bits
   * @return the key
   * @throws KistException with {@link ErrorCode#WRONG_KIND} where keys are bytes, {@link ErrorCode#OUT_OF_RANGE} when it does not
   *     fit
   */
  public byte[] key(long number) {
    return keys().encode(number, this);
  }

  /**
   * The number of a key of this store, whose keys are integers.
   *
   * @param key a key, as {@link Entry#keyBytes()} gives it
   * @return the number; of {@link KeyType#U64} its 64 bits
   * @throws KistException with {@link ErrorCode#WRONG_KIND} where keys are bytes, {@link ErrorCode#INVALID_ARGUMENT} for a key of
   *     another size
   */
  public long number(byte[] key) {
    return keys().decode(key, this);
  }

  @Override
  public <V extends Value> Optional<V> get(byte[] key, Class<V> type) {
    return found(Native.storeGet(number(), key, Wire.tagOf(type)), type);
  }

  @Override
  public boolean has(byte[] key) {
    return Native.storeHas(number(), key);
  }

  @Override
  public long count() {
    return Native.storeCount(number());
  }

  @Override
  public long count(Range range) {
    return range.limit == 0
        ? 0
        : range.send(
            (prefix, from, to, key, reverse, limit) ->
                Native.storeCountRange(number(), prefix, from, to, key, reverse, limit));
  }

  @Override
  public Entries entries(Range range) {
    Objects.requireNonNull(range);
    Reader reader = profile.reader();
    try {
      return new Reader.View(reader, this).walk(range, reader);
    } catch (Throwable failure) {
      reader.close();
      throw failure;
    }
  }

  @Override
  public void put(byte[] key, Value value) {
    Objects.requireNonNull(key);
    change(
        within -> {
          within.put(key, value);
          return null;
        },
        () -> {
          Wire.send(value, (tag, number, bytes) -> Native.storePut(number(), key, tag, number, bytes));
          return null;
        });
  }

  @Override
  public boolean delete(byte[] key) {
    return change(within -> within.delete(key), () -> Native.storeDelete(number(), key));
  }

  @Override
  public boolean delete(byte[] key, Value value) {
    return change(
        within -> within.delete(key, value),
        () ->
            Wire.ask(
                value, (tag, number, bytes) -> Native.storeDeleteValue(number(), key, tag, number, bytes)));
  }

  @Override
  public long delete(Range range) {
    return change(
        within -> within.delete(range),
        () ->
            range.sendToDelete(
                (prefix, from, to, key, reverse, limit) ->
                    Native.storeDeleteRange(number(), prefix, from, to, key, reverse, limit)));
  }

  @Override
  public long clear() {
    return change(Updatable::clear, () -> Native.storeClear(number()));
  }

  @Override
  public boolean putIfAbsent(byte[] key, Value value) {
    return change(
        within -> within.putIfAbsent(key, value),
        () ->
            Wire.ask(
                value, (tag, number, bytes) -> Native.storePutIfAbsent(number(), key, tag, number, bytes)));
  }

  @Override
  public boolean compareAndSet(byte[] key, Value expected, Value value) {
    return change(
        within -> within.compareAndSet(key, expected, value),
        () ->
            Wire.askBoth(
                expected,
                value,
                (oldTag, oldNumber, oldBytes, tag, number, bytes) ->
                    Native.storeCompareAndSet(
                        number(), key, oldTag, oldNumber, oldBytes, tag, number, bytes)));
  }

  @Override
  public Value add(byte[] key, long amount) {
    return change(
        within -> within.add(key, amount),
        () -> found(Native.storeAdd(number(), key, amount), Value.class).orElseThrow());
  }

  @Override
  public Optional<Value.Json> member(byte[] key, String pointer) {
    return found(Native.storeGetMember(number(), key, Utf8.encode(pointer)), Value.Json.class);
  }

  @Override
  public Value.Json mergePatch(byte[] key, Value.Json patch) {
    return change(
        within -> within.mergePatch(key, patch),
        () ->
            found(Native.storeMergePatch(number(), key, Utf8.encode(patch.text())), Value.Json.class)
                .orElseThrow());
  }

  @Override
  public Optional<Value> update(byte[] key, UnaryOperator<Optional<Value>> change) {
    return profile.update(writer -> writer.in(this).update(key, change));
  }

  /**
   * One change in a transaction of its own: by the native library, which makes it, or on a virtual thread, which waits for other
   * writers outside of it, by a writer.
   */
  private <R> R change(Function<Updatable, R> within, Supplier<R> alone) {
    profile.refuseInsideWrite();
    return Turn.onVirtualThread() ? profile.update(writer -> within.apply(writer.in(this))) : alone.get();
  }

  /** Gives the handle back; the data stays. Closing again does nothing. */
  @Override
  public void close() {
    handle.end(Native::closeStore);
  }

  @Override
  public String toString() {
    return "Store[" + name + "]";
  }

  long number() {
    return handle.number();
  }

  /** Refuses what needs one value a key. */
  void refuseMulti(String operation) {
    if (multi()) {
      throw new KistException(ErrorCode.WRONG_KIND, "store '" + name + "': " + operation + " needs one value a key");
    }
  }

  /** What a native get has given: a value as {@link Wire} has it, or null. */
  static <V extends Value> Optional<V> found(byte[] bytes, Class<V> type) {
    return bytes == null ? Optional.empty() : Optional.of(type.cast(Wire.receive(bytes, 0, bytes.length)));
  }
}
