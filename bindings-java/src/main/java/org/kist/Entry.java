package org.kist;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/** A key and its value. Immutable. */
public final class Entry {
  private final byte[] key;
  private final Value value;

  Entry(byte[] key, Value value) {
    this.key = key;
    this.value = value;
  }

  /**
   * The key as a string.
   *
   * @return the key
   * @throws KistException with {@link ErrorCode#INVALID_TEXT} when its bytes are not UTF-8; {@link #keyBytes()} gives any key
   */
  public String key() {
    return Utf8.decode(key);
  }

  /**
   * The key.
   *
   * @return a copy of its bytes, the caller's own
   */
  public byte[] keyBytes() {
    return key.clone();
  }

  /**
   * The value.
   *
   * @return the value, of whatever type
   */
  public Value value() {
    return value;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Entry that && Arrays.equals(key, that.key) && value.equals(that.value);
  }

  @Override
  public int hashCode() {
    return Objects.hash(Arrays.hashCode(key), value);
  }

  @Override
  public String toString() {
    return new String(key, StandardCharsets.UTF_8) + " = " + value;
  }
}
