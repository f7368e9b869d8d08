package org.kist;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.UUID;

/** A typed value. Immutable; equal values have equal types and contents. */
public sealed interface Value {
  /**
   * Type of the value.
   *
   * @return the stable tag, the same in every language
   */
  ValueTag tag();

  /**
   * True or false.
   *
   * @param value the truth value
   */
  record Bool(boolean value) implements Value {
    @Override
    public ValueTag tag() {
      return ValueTag.BOOL;
    }
  }

  /**
   * An unsigned integer of 64 bits. Java has no such type: the bits are kept in a {@code long}, which is negative for numbers
   * from 2^63. {@link Long#toUnsignedString(long)}, {@link Long#compareUnsigned} and the like work with it.
   *
   * @param bits the 64 bits
   */
  record U64(long bits) implements Value, Comparable<U64> {
    private static final BigInteger MODULUS = BigInteger.ONE.shiftLeft(64);

    /**
     * From a number of any size.
     *
     * @param number from 0 to 2^64 - 1
     * @return the value
     * @throws ArithmeticException when the number is outside that range
     */
    public static U64 of(BigInteger number) {
      if (number.signum() < 0 || number.bitLength() > 64) {
        throw new ArithmeticException(number + " is no unsigned integer of 64 bits");
      }
      return new U64(number.longValue());
    }

    /**
     * From decimal digits.
     *
     * @param digits from "0" to "18446744073709551615"
     * @return the value
     * @throws NumberFormatException when they are no such number
     */
    public static U64 parse(String digits) {
      return new U64(Long.parseUnsignedLong(digits));
    }

    /**
     * The number.
     *
     * @return 0 to 2^64 - 1
     */
    public BigInteger toBigInteger() {
      BigInteger number = BigInteger.valueOf(bits);
      return bits < 0 ? number.add(MODULUS) : number;
    }

    /**
     * The number as a {@code long}, when it fits.
     *
     * @return 0 to 2^63 - 1
     * @throws ArithmeticException when it is greater
     */
    public long toLongExact() {
      if (bits < 0) {
        throw new ArithmeticException(Long.toUnsignedString(bits) + " does not fit a long");
      }
      return bits;
    }

    @Override
    public int compareTo(U64 other) {
      return Long.compareUnsigned(bits, other.bits);
    }

    @Override
    public ValueTag tag() {
      return ValueTag.U64;
    }

    @Override
    public String toString() {
      return "U64[" + Long.toUnsignedString(bits) + "]";
    }
  }

  /**
   * A signed integer of 64 bits.
   *
   * @param value the number
   */
  record I64(long value) implements Value {
    @Override
    public ValueTag tag() {
      return ValueTag.I64;
    }
  }

  /**
   * A floating-point number. Every bit pattern is kept, those of NaNs included; values are equal when their bits are.
   *
   * @param value the number
   */
  record F64(double value) implements Value {
    @Override
    public boolean equals(Object other) {
      return other instanceof F64 that && Double.doubleToRawLongBits(value) == Double.doubleToRawLongBits(that.value);
    }

    @Override
    public int hashCode() {
      return Long.hashCode(Double.doubleToRawLongBits(value));
    }

    @Override
    public ValueTag tag() {
      return ValueTag.F64;
    }
  }

  /**
   * A point in time, in whole milliseconds; what is finer is cut off (towards the past).
   *
   * @param value the point in time
   */
  record Instant(java.time.Instant value) implements Value {
    /**
     * Makes the value.
     *
     * @throws ArithmeticException when the milliseconds since 1970 do not fit 64 bits (292 million years away)
     */
    public Instant {
      value = java.time.Instant.ofEpochMilli(value.toEpochMilli());
    }

    @Override
    public ValueTag tag() {
      return ValueTag.INSTANT;
    }
  }

  /**
   * A UUID.
   *
   * @param value the UUID
   */
  record Uuid(UUID value) implements Value {
    /** Makes the value. */
    public Uuid {
      Objects.requireNonNull(value);
    }

    @Override
    public ValueTag tag() {
      return ValueTag.UUID;
    }
  }

  /**
   * A string. It is stored as UTF-8 without any change, NUL included; a string with a lone surrogate has no UTF-8 and is refused
   * when it is put ({@link ErrorCode#INVALID_TEXT}).
   *
   * @param value the string
   */
  record Text(String value) implements Value {
    /** Makes the value. */
    public Text {
      Objects.requireNonNull(value);
    }

    @Override
    public ValueTag tag() {
      return ValueTag.STRING;
    }
  }

  /**
   * A JSON document as text, stored as it is. Text that does not parse is refused when it is put ({@link
   * ErrorCode#INVALID_JSON}).
   *
   * @param text the document
   */
  record Json(String text) implements Value {
    /** Makes the value. */
    public Json {
      Objects.requireNonNull(text);
    }

    @Override
    public ValueTag tag() {
      return ValueTag.JSON;
    }
  }

  /** Any bytes. */
  final class Blob implements Value {
    private final byte[] bytes;

    /**
     * Makes a value of a copy of the bytes.
     *
     * @param bytes any bytes
     */
    public Blob(byte[] bytes) {
      this(bytes.clone(), true);
    }

    private Blob(byte[] bytes, boolean owned) {
      this.bytes = bytes;
    }

    /** A value of the array itself, which nobody may change any more. */
    static Blob owning(byte[] bytes) {
      return new Blob(bytes, true);
    }

    /** The array itself. */
    byte[] shared() {
      return bytes;
    }

    /**
     * The bytes.
     *
     * @return a copy, the caller's own
     */
    public byte[] bytes() {
      return bytes.clone();
    }

    /**
     * The bytes without a copy.
     *
     * @return a read-only buffer over all of them
     */
    public ByteBuffer buffer() {
      return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    /**
     * Number of bytes.
     *
     * @return the number
     */
    public int size() {
      return bytes.length;
    }

    @Override
    public ValueTag tag() {
      return ValueTag.BLOB;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Blob that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      int shown = Math.min(bytes.length, 16);
      String hex = HexFormat.of().formatHex(bytes, 0, shown);
      return "Blob[" + bytes.length + " bytes: " + hex + (shown < bytes.length ? "..." : "") + "]";
    }
  }

  /**
   * A truth value.
   *
   * @param value the truth value
   * @return the value
   */
  static Value of(boolean value) {
    return new Bool(value);
  }

  /**
   * A signed integer. For an unsigned one: {@link #u64(long)}.
   *
   * @param value the number
   * @return the value
   */
  static Value of(long value) {
    return new I64(value);
  }

  /**
   * A floating-point number.
   *
   * @param value the number
   * @return the value
   */
  static Value of(double value) {
    return new F64(value);
  }

  /**
   * A point in time.
   *
   * @param value the point in time, cut to milliseconds
   * @return the value
   */
  static Value of(java.time.Instant value) {
    return new Instant(value);
  }

  /**
   * A UUID.
   *
   * @param value the UUID
   * @return the value
   */
  static Value of(UUID value) {
    return new Uuid(value);
  }

  /**
   * A string. For JSON: {@link #json(String)}.
   *
   * @param value the string
   * @return the value
   */
  static Value of(String value) {
    return new Text(value);
  }

  /**
   * Bytes.
   *
   * @param value the bytes, which are copied
   * @return the value
   */
  static Value of(byte[] value) {
    return new Blob(value);
  }

  /**
   * An unsigned integer.
   *
   * @param bits its 64 bits; negative for numbers from 2^63
   * @return the value
   */
  static Value u64(long bits) {
    return new U64(bits);
  }

  /**
   * A JSON document.
   *
   * @param text the document
   * @return the value
   */
  static Value json(String text) {
    return new Json(text);
  }
}
