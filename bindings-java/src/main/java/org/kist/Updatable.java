package org.kist;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;

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
   * Stores a value under a key, in place of any value it had; in a multi store, beside them.
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
   * Removes a key, with all its values.
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
   * Removes one value of a key; in a store of one value a key, the key, when its value is this one.
   *
   * @param key the key
   * @param value the value, of the same type
   * @return whether it was there
   */
  boolean delete(byte[] key, Value value);

  /**
   * Removes one value of a key; in a store of one value a key, the key, when its value is this one.
   *
   * @param key the key
   * @param value the value, of the same type
   * @return whether it was there
   */
  default boolean delete(String key, Value value) {
    return delete(Utf8.encode(key), value);
  }

  /**
   * Removes the entries of a range, in the time that its borders take.
   *
   * @param range which entries; it must have no limit
   * @return how many there were
   */
  long delete(Range range);

  /**
   * Removes all entries.
   *
   * @return how many there were
   */
  long clear();

  /**
   * Number of entries in a range, in time that does not depend on it; in a multi store, of values.
   *
   * @param range which entries
   * @return the number
   */
  long count(Range range);

  /**
   * Stores a value when the key has none yet.
   *
   * @param key the key
   * @param value the value
   * @return whether it did
   */
  boolean putIfAbsent(byte[] key, Value value);

  /**
   * Stores a value when the key has none yet.
   *
   * @param key the key
   * @param value the value
   * @return whether it did
   */
  default boolean putIfAbsent(String key, Value value) {
    return putIfAbsent(Utf8.encode(key), value);
  }

  /**
   * Gives a key another value when it has the one expected, of the same type. {@link ErrorCode#AMBIGUOUS} when it has several.
   *
   * @param key the key
   * @param expected the value it must have; null: none
   * @param value the new value; null: remove the key
   * @return whether it did
   */
  boolean compareAndSet(byte[] key, Value expected, Value value);

  /**
   * Gives a key another value when it has the one expected, of the same type. {@link ErrorCode#AMBIGUOUS} when it has several.
   *
   * @param key the key
   * @param expected the value it must have; null: none
   * @param value the new value; null: remove the key
   * @return whether it did
   */
  default boolean compareAndSet(String key, Value expected, Value value) {
    return compareAndSet(Utf8.encode(key), expected, value);
  }

  /**
   * Adds to the integer under a key, which keeps its type; an absent one is the signed 0. {@link ErrorCode#OUT_OF_RANGE} when it
   * leaves its type, {@link ErrorCode#WRONG_KIND} in a multi store.
   *
   * @param key the key
   * @param amount what to add
   * @return the new value
   * @throws WrongTypeException when the value is no integer
   */
  Value add(byte[] key, long amount);

  /**
   * Adds to the integer under a key, which keeps its type; an absent one is the signed 0. {@link ErrorCode#OUT_OF_RANGE} when it
   * leaves its type, {@link ErrorCode#WRONG_KIND} in a multi store.
   *
   * @param key the key
   * @param amount what to add
   * @return the new value
   * @throws WrongTypeException when the value is no integer
   */
  default Value add(String key, long amount) {
    return add(Utf8.encode(key), amount);
  }

  /**
   * Changes the JSON value of a key by a merge patch (RFC 7386): its members take the place of the value's, null removes them, objects
   * are merged. What is not changed stays as it was written; a key without a value gets one. {@link ErrorCode#INVALID_JSON} with the
   * position, {@link ErrorCode#WRONG_KIND} in a multi store.
   *
   * @param key the key
   * @param patch the changes
   * @return the new document
   * @throws WrongTypeException when the value is no JSON
   */
  Value.Json mergePatch(byte[] key, Value.Json patch);

  /**
   * Changes the JSON value of a key by a merge patch, as {@link #mergePatch(byte[], Value.Json)} does.
   *
   * @param key the key
   * @param patch the changes
   * @return the new document
   * @throws WrongTypeException when the value is no JSON
   */
  default Value.Json mergePatch(String key, Value.Json patch) {
    return mergePatch(Utf8.encode(key), patch);
  }

  /**
   * Replaces the value of a key by what a function makes of it, in one transaction. {@link ErrorCode#WRONG_KIND} in a multi store.
   *
   * @param key the key
   * @param change makes the new value (nothing: remove the key) of the present one; what it throws leaves all as it was
   * @return the new value
   */
  Optional<Value> update(byte[] key, UnaryOperator<Optional<Value>> change);

  /**
   * Replaces the value of a key by what a function makes of it, in one transaction. {@link ErrorCode#WRONG_KIND} in a multi store.
   *
   * @param key the key
   * @param change makes the new value (nothing: remove the key) of the present one; what it throws leaves all as it was
   * @return the new value
   */
  default Optional<Value> update(String key, UnaryOperator<Optional<Value>> change) {
    return update(Utf8.encode(key), change);
  }

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
