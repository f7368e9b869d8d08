package org.kist;

/** What the native library tells of an operation. */
@FunctionalInterface
interface Completion {
  /** Moment of a write: everybody sees it. */
  int COMMITTED = 1;

  /** Moment of a write: it is on the device. */
  int DURABLE = 2;

  /**
   * How it ended.
   *
   * @param moment of a write; 0 for a read
   * @param failure why it did not happen, or null
   * @param value what it gave, as {@link Wire} has it, or null
   */
  void tell(int moment, KistException failure, byte[] value);
}
