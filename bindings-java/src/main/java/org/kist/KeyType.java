package org.kist;

/** What the keys of a store are; chosen when it is created. */
public enum KeyType {
  /** Any bytes, ordered byte by byte. */
  BYTES,
  /** Unsigned integers of 8 bits; these and all further ones are ordered as numbers. */
  U8,
  /** Unsigned integers of 16 bits. */
  U16,
  /** Unsigned integers of 32 bits. */
  U32,
  /** Unsigned integers of 64 bits, as those bits in a long. */
  U64,
  /** Signed integers of 8 bits. */
  I8,
  /** Signed integers of 16 bits. */
  I16,
  /** Signed integers of 32 bits. */
  I32,
  /** Signed integers of 64 bits. */
  I64;

  private static final KeyType[] BY_NUMBER = values();

  /** The number in the C interface. */
  int number() {
    return ordinal();
  }

  static KeyType of(int number) {
    return BY_NUMBER[number];
  }

  private int bits() {
    return 8 << ((ordinal() - 1) % 4);
  }

  private boolean signed() {
    return compareTo(I8) >= 0;
  }

  /** The bytes of a key, big-endian, with the sign bit turned where there is one. */
  byte[] encode(long number, Store store) {
    refuseBytes(store);
    int unused = 64 - bits();
    boolean fits = (signed() ? number << unused >> unused : number << unused >>> unused) == number;
    if (!fits) {
      throw new KistException(
          ErrorCode.OUT_OF_RANGE, "store '" + store.name() + "': the keys are " + this + ", " + number + " does not fit");
    }
    long ordered = signed() ? number ^ (1L << (bits() - 1)) : number;
    byte[] key = new byte[bits() / 8];
    for (int i = key.length - 1; i >= 0; --i) {
      key[i] = (byte) ordered;
      ordered >>>= 8;
    }
    return key;
  }

  /** The number of a key. */
  long decode(byte[] key, Store store) {
    refuseBytes(store);
    if (key.length * 8 != bits()) {
      throw new KistException(
          ErrorCode.INVALID_ARGUMENT,
          "store '" + store.name() + "': the keys are " + this + ", not " + key.length + " bytes long");
    }
    long number = 0;
    for (byte each : key) {
      number = number << 8 | (each & 0xff);
    }
    if (!signed()) {
      return number;
    }
    int unused = 64 - bits();
    return (number ^ (1L << (bits() - 1))) << unused >> unused;
  }

  private void refuseBytes(Store store) {
    if (this == BYTES) {
      throw new KistException(ErrorCode.WRONG_KIND, "store '" + store.name() + "': the keys are bytes, not integers");
    }
  }
}
