package org.kist;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Reading by key: what {@link Store}, a store in a {@link Reader} and a store in a {@link Writer} have in common. A key is any
 * bytes; a string stands for its UTF-8.
 *
 * <p>A key that is absent gives nothing. A value of another type than the one asked for is a {@link WrongTypeException}, except
 * that signed and unsigned integers are given as each other where the number fits. All methods may also throw {@link
 * ClosedException}, {@link StoreNotFoundException} (the store was dropped, or is not in this snapshot), {@link
 * DamagedException} and {@link KistException}.
 */
public sealed interface Lookup permits Scannable, Updatable {
  /**
   * The value of a key, of any type.
   *
   * @param key the key
   * @return the value, or nothing
   */
  default Optional<Value> get(byte[] key) {
    return get(key, Value.class);
  }

  /**
   * The value of a key, of any type.
   *
   * @param key the key
   * @return the value, or nothing
   */
  default Optional<Value> get(String key) {
    return get(key, Value.class);
  }

  /**
   * The value of a key, of one type.
   *
   * @param <V> the type
   * @param key the key
   * @param type the type: one of the classes in {@link Value}, or that itself for any
   * @return the value, or nothing
   * @throws WrongTypeException when the value has another type
   */
  <V extends Value> Optional<V> get(byte[] key, Class<V> type);

  /**
   * The value of a key, of one type.
   *
   * @param <V> the type
   * @param key the key
   * @param type the type: one of the classes in {@link Value}, or that itself for any
   * @return the value, or nothing
   * @throws WrongTypeException when the value has another type
   */
  default <V extends Value> Optional<V> get(String key, Class<V> type) {
    return get(Utf8.encode(key), type);
  }

  /**
   * Whether a key has a value, of whatever type.
   *
   * @param key the key
   * @return true when it has
   */
  boolean has(byte[] key);

  /**
   * Whether a key has a value, of whatever type.
   *
   * @param key the key
   * @return true when it has
   */
  default boolean has(String key) {
    return has(Utf8.encode(key));
  }

  /**
   * A truth value.
   *
   * @param key the key
   * @return the value, or nothing
   * @throws WrongTypeException when the value has another type
   */
  default Optional<Boolean> getBool(String key) {
    return get(key, Value.Bool.class).map(Value.Bool::value);
  }

  /**
   * An unsigned integer, as its 64 bits: negative for numbers from 2^63.
   *
   * @param key the key
   * @return the value, or nothing
   * @throws WrongTypeException when the value has another type
   */
  default OptionalLong getU64(String key) {
    Optional<Value.U64> value = get(key, Value.U64.class);
    return value.isPresent() ? OptionalLong.of(value.get().bits()) : OptionalLong.empty();
  }

  /**
   * A signed integer.
   *
   * @param key the key
   * @return the value, or nothing
   * @throws WrongTypeException when the value has another type
   */
  default OptionalLong getI64(String key) {
    Optional<Value.I64> value = get(key, Value.I64.class);
    return value.isPresent() ? OptionalLong.of(value.get().value()) : OptionalLong.empty();
  }

  /**
   * A floating-point number.
   *
   * @param key the key
   * @return the value, or nothing
   * @throws WrongTypeException when the value has another type
   */
  default OptionalDouble getF64(String key) {
    Optional<Value.F64> value = get(key, Value.F64.class);
    return value.isPresent() ? OptionalDouble.of(value.get().value()) : OptionalDouble.empty();
  }

  /**
   * A point in time.
   *
   * @param key the key
   * @return the value, or nothing
   * @throws WrongTypeException when the value has another type
   */
  default Optional<Instant> getInstant(String key) {
    return get(key, Value.Instant.class).map(Value.Instant::value);
  }

  /**
   * A UUID.
   *
   * @param key the key
   * @return the value, or nothing
   * @throws WrongTypeException when the value has another type
   */
  default Optional<UUID> getUuid(String key) {
    return get(key, Value.Uuid.class).map(Value.Uuid::value);
  }

  /**
   * A string.
   *
   * @param key the key
   * @return the value, or nothing
   * @throws WrongTypeException when the value has another type
   */
  default Optional<String> getString(String key) {
    return get(key, Value.Text.class).map(Value.Text::value);
  }

  /**
   * A JSON document, as its text.
   *
   * @param key the key
   * @return the value, or nothing
   * @throws WrongTypeException when the value has another type
   */
  default Optional<String> getJson(String key) {
    return get(key, Value.Json.class).map(Value.Json::text);
  }

  /**
   * Bytes. The array is the caller's own.
   *
   * @param key the key
   * @return the value, or nothing
   * @throws WrongTypeException when the value has another type
   */
  default Optional<byte[]> getBlob(String key) {
    return get(key, Value.Blob.class).map(Value.Blob::shared);
  }
}
