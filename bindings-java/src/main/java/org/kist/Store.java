package org.kist;

import java.util.Objects;
import java.util.Optional;

/**
 * A named map from keys (any bytes, ordered byte by byte) to typed values, within a profile. Each call is a transaction of its own:
 * it reads the newest commit, or is atomic and lasting when it returns (in relaxed profiles: visible). Several things that belong
 * together go through {@link Profile#write} and {@link Profile#read}. May be used from any thread.
 *
 * <p>It closes with its profile; closing it earlier gives its handle back.
 */
public final class Store implements Scannable, Updatable, AutoCloseable {
  private final Profile profile;
  private final Handle handle;
  private final String name;

  Store(Profile profile, String name, boolean create) {
    this.profile = profile;
    this.name = name;
    this.handle = new Handle(Native.openStore(profile.handle().number(), Utf8.encode(name), create), profile.handle());
  }

  /**
   * Name of the store.
   *
   * @return the name
   */
  public String name() {
    return name;
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
    profile.refuseInsideWrite();
    if (Turn.onVirtualThread()) {
      profile.write(writer -> writer.in(this).put(key, value));
      return;
    }
    Wire.send(value, (tag, number, bytes) -> Native.storePut(number(), key, tag, number, bytes));
  }

  @Override
  public boolean delete(byte[] key) {
    profile.refuseInsideWrite();
    if (Turn.onVirtualThread()) {
      return profile.update(writer -> writer.in(this).delete(key));
    }
    return Native.storeDelete(number(), key);
  }

  @Override
  public long clear() {
    profile.refuseInsideWrite();
    if (Turn.onVirtualThread()) {
      return profile.update(writer -> writer.in(this).clear());
    }
    return Native.storeClear(number());
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

  /** What a native get has given: a value as {@link Wire} has it, or null. */
  static <V extends Value> Optional<V> found(byte[] bytes, Class<V> type) {
    return bytes == null ? Optional.empty() : Optional.of(type.cast(Wire.receive(bytes, 0, bytes.length)));
  }
}
