package org.kist;

import java.time.Instant;
import java.util.UUID;

/**
 * Changing a store by key: a {@link Store}, where each call is a transaction of its own, or a store in a {@link Writer}, where
 * all calls are parts of one. A key is any bytes; a string stands for its UTF-8.
 *
 * <p>All methods may throw {@link ClosedException}, {@link StoreNotFoundException} and {@link KistException}; those that put
 * with {@link ErrorCode#KEY_TOO_LONG}, {@link ErrorCode#VALUE_TOO_LONG} and {@link ErrorCode#INVALID_TEXT} (a lone surrogate in a
 * string), too. In a profile that was opened for reading the code is {@link ErrorCode#READ_ONLY}. After a failure nothing has
 * changed.
 */
public sealed interface Updatable extends Lookup permits Store, Writer.View {
  /**
   * Stores a value under a key, in place of any value it had.
   *
   * @param key the key
   * @param value the value
   */
  void put(byte[] key, Value value);

  /**
   * Stores a value under a key, in place of any value it had.
   *
   * @param key the key
   * @param value the value
   */
  default void put(String key, Value value) {
    put(Utf8.encode(key), value);
  }

  /**
   * Removes a key.
   *
   * @param key the key
   * @return whether it was there
   */
  boolean delete(byte[] key);

  /**
   * Removes a key.
   *
   * @param key the key
   * @return whether it was there
   */
  default boolean delete(String key) {
    return delete(Utf8.encode(key));
  }

  /**
   * Removes all entries.
   *
   * @return how many there were
   */
  long clear();

  /**
   * Stores a truth value under a key.
   *
   * @param key the key
   * @param value a truth value
   */
  default void put(String key, boolean value) {
    put(key, Value.of(value));
  }

  /**
   * Stores a signed integer under a key.
   *
   * @param key the key
   * @param value a signed integer
   */
  default void put(String key, long value) {
    put(key, Value.of(value));
  }

  /**
   * Stores a floating-point number under a key.
   *
   * @param key the key
   * @param value a floating-point number
   */
  default void put(String key, double value) {
    put(key, Value.of(value));
  }

  /**
   * Stores a point in time, cut to milliseconds under a key.
   *
   * @param key the key
   * @param value a point in time, cut to milliseconds
   */
  default void put(String key, Instant value) {
    put(key, Value.of(value));
  }

  /**
   * Stores a UUID under a key.
   *
   * @param key the key
   * @param value a UUID
   */
  default void put(String key, UUID value) {
    put(key, Value.of(value));
  }

  /**
   * Stores a string under a key.
   *
   * @param key the key
   * @param value a string
   */
  default void put(String key, String value) {
    put(key, Value.of(value));
  }

  /**
   * Stores bytes under a key.
   *
   * @param key the key
   * @param value bytes
   */
  default void put(String key, byte[] value) {
    put(key, Value.Blob.owning(value));
  }

  /**
   * Stores an unsigned integer, as its 64 bits under a key.
   *
   * @param key the key
   * @param value an unsigned integer, as its 64 bits
   */
  default void putU64(String key, long value) {
    put(key, Value.u64(value));
  }

  /**
   * Stores a JSON document under a key.
   *
   * @param key the key
   * @param value a JSON document
   */
  default void putJson(String key, String value) {
    put(key, Value.json(value));
  }
}
