package org.kist;

import java.util.Objects;
import java.util.Optional;

/**
 * A snapshot of all stores of a profile: what is committed later is not seen. Reading never waits and holds up no writer, but space
 * freed by later commits is not reused while the snapshot may see it, so close it. It is not tied to a thread.
 *
 * <pre>{@code
 * try (Reader reader = profile.reader()) {
 *   long tabs = reader.in(session).count();
 * }
 * }</pre>
 */
public final class Reader implements AutoCloseable {
  private final Handle handle;

  Reader(Profile profile) {
    this.handle = new Handle(Native.beginReader(profile.handle().number()), profile.handle());
  }

  /**
   * A store as this snapshot sees it.
   *
   * @param store a store of the same profile
   * @return the view; any number may be taken, none needs closing
   */
  public Scannable in(Store store) {
    return new View(this, Objects.requireNonNull(store));
  }

  /**
   * The transaction whose state this snapshot shows. Later commits have greater numbers.
   *
   * @return the number
   */
  public long id() {
    return Native.readerId(handle.number());
  }

  /** Ends the snapshot and every iteration over it. Closing again does nothing. */
  @Override
  public void close() {
    handle.end(Native::endReader);
  }

  /** A store in the snapshot. */
  record View(Reader reader, Store store) implements Scannable {
    @Override
    public <V extends Value> Optional<V> get(byte[] key, Class<V> type) {
      return Store.found(Native.readerGet(reader.handle.number(), store.number(), key, Wire.tagOf(type)), type);
    }

    @Override
    public Optional<Value.Json> member(byte[] key, String pointer) {
      byte[] member =
          Native.readerGetMember(reader.handle.number(), store.number(), key, Utf8.encode(pointer));
      return Store.found(member, Value.Json.class);
    }

    @Override
    public boolean has(byte[] key) {
      return Native.readerHas(reader.handle.number(), store.number(), key);
    }

    @Override
    public long count() {
      return Native.readerCount(reader.handle.number(), store.number());
    }

    @Override
    public long count(Range range) {
      return range.limit == 0
          ? 0
          : range.send(
              (prefix, from, to, key, reverse, limit) ->
                  Native.readerCountRange(
                      reader.handle.number(), store.number(), prefix, from, to, key, reverse, limit));
    }

    @Override
    public Entries entries(Range range) {
      return walk(range, null);
    }

    /** A walk that closes `owned`, when it is not null, at its end. */
    Entries walk(Range range, Reader owned) {
      if (range.limit == 0) {
        // Zero means "no limit" to the native library.
        return new Entries(null, owned);
      }
      long iterator =
          range.send(
              (prefix, from, to, key, reverse, limit) ->
                  Native.beginIterator(
                      reader.handle.number(), store.number(), prefix, from, to, key, reverse, limit));
      return new Entries(new Handle(iterator, reader.handle), owned);
    }
  }
}
