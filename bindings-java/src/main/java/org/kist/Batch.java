package org.kist;

/**
 * Changes of several stores, gathered without a transaction, and made at once in the order given: all of them, or on any error none.
 * Got from {@link Profile#batch()}. May be used from any thread. A batch stays as it is when it is applied, and may be applied again.
 * Keys and values are checked and copied when they are added.
 *
 * <pre>{@code
 * try (Batch batch = profile.batch()) {
 *   batch.delete(session, Range.all().prefix("tab."));
 *   batch.put(session, "tab.1", Value.of("https://example.org/"));
 *   batch.apply();
 * }
 * }</pre>
 */
public final class Batch implements AutoCloseable {
  private final Profile profile;
  private final Handle handle;

  Batch(Profile profile) {
    this.profile = profile;
    this.handle = new Handle(Native.makeBatch(profile.handle().number()), profile.handle());
  }

  /**
   * Adds a put.
   *
   * @param store a store of the same profile
   * @param key the key
   * @param value the value
   */
  public void put(Store store, byte[] key, Value value) {
    Wire.send(
        value, (tag, number, bytes) -> Native.batchPut(number(), store.number(), key, tag, number, bytes));
  }

  /**
   * Adds a put.
   *
   * @param store a store of the same profile
   * @param key the key
   * @param value the value
   */
  public void put(Store store, String key, Value value) {
    put(store, Utf8.encode(key), value);
  }

  /**
   * Adds a delete of a key, with all its values; of what is not there is fine.
   *
   * @param store a store of the same profile
   * @param key the key
   */
  public void delete(Store store, byte[] key) {
    Native.batchDelete(number(), store.number(), key);
  }

  /**
   * Adds a delete of a key, with all its values; of what is not there is fine.
   *
   * @param store a store of the same profile
   * @param key the key
   */
  public void delete(Store store, String key) {
    delete(store, Utf8.encode(key));
  }

  /**
   * Adds a delete of one value of a key.
   *
   * @param store a store of the same profile
   * @param key the key
   * @param value the value
   */
  public void delete(Store store, byte[] key, Value value) {
    Wire.send(
        value,
        (tag, number, bytes) -> Native.batchDeleteValue(number(), store.number(), key, tag, number, bytes));
  }

  /**
   * Adds a delete of all entries in a range.
   *
   * @param store a store of the same profile
   * @param range which entries; it must have no limit
   */
  public void delete(Store store, Range range) {
    range.sendToDelete(
        (prefix, from, to, key, reverse, limit) -> {
          Native.batchDeleteRange(number(), store.number(), prefix, from, to, key, reverse, limit);
          return null;
        });
  }

  /** Makes all changes, lasting as the profile was opened. */
  public void apply() {
    apply(Durability.DEFAULT);
  }

  /**
   * Makes all changes in one transaction, or on any error none.
   *
   * @param durability how it lasts
   */
  public void apply(Durability durability) {
    profile.refuseInsideWrite();
    Native.applyBatch(number(), durability.number);
  }

  /** Gives the batch back. Closing again does nothing. */
  @Override
  public void close() {
    handle.end(Native::closeBatch);
  }

  long number() {
    return handle.number();
  }
}
