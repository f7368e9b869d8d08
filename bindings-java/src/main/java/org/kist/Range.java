package org.kist;

import java.util.Objects;

/**
 * Which entries of a store to walk, and how. Bounds hold together: an entry is walked when it satisfies all of them. Keys are
 * ordered byte by byte, as unsigned numbers. Immutable; each method gives a new range.
 *
 * <pre>{@code
 * store.entries(Range.all().prefix("network.").reversed().limit(10))
 * }</pre>
 */
public final class Range {
  private static final Range ALL = new Range(new byte[0], new byte[0], null, false, Long.MAX_VALUE);

  final byte[] prefix;
  final byte[] from;
  /** Null when there is no upper bound. */
  final byte[] to;
  final boolean reverse;
  final long limit;

  private Range(byte[] prefix, byte[] from, byte[] to, boolean reverse, long limit) {
    this.prefix = prefix;
    this.from = from;
    this.to = to;
    this.reverse = reverse;
    this.limit = limit;
  }

  /**
   * All entries, in ascending order of their keys.
   *
   * @return the range
   */
  public static Range all() {
    return ALL;
  }

  /**
   * Only keys that begin with a string.
   *
   * @param start what they begin with
   * @return the narrower range
   */
  public Range prefix(String start) {
    return prefix(Utf8.encode(start));
  }

  /**
   * Only keys that begin with some bytes.
   *
   * @param start what they begin with
   * @return the narrower range
   */
  public Range prefix(byte[] start) {
    return new Range(start.clone(), from, to, reverse, limit);
  }

  /**
   * Only keys that are not before a bound.
   *
   * @param bound the smallest key
   * @return the narrower range
   */
  public Range from(String bound) {
    return from(Utf8.encode(bound));
  }

  /**
   * Only keys that are not before a bound.
   *
   * @param bound the smallest key
   * @return the narrower range
   */
  public Range from(byte[] bound) {
    return new Range(prefix, bound.clone(), to, reverse, limit);
  }

  /**
   * Only keys before a bound.
   *
   * @param bound the first key that does not belong to the range any more
   * @return the narrower range
   */
  public Range to(String bound) {
    return to(Utf8.encode(bound));
  }

  /**
   * Only keys before a bound.
   *
   * @param bound the first key that does not belong to the range any more
   * @return the narrower range
   */
  public Range to(byte[] bound) {
    return new Range(prefix, from, Objects.requireNonNull(bound).clone(), reverse, limit);
  }

  /**
   * The same entries in the opposite order. A limit counts from the other end then.
   *
   * @return the turned range
   */
  public Range reversed() {
    return new Range(prefix, from, to, !reverse, limit);
  }

  /**
   * At most so many entries.
   *
   * @param count 0 or more
   * @return the narrower range
   * @throws IllegalArgumentException when the count is negative
   */
  public Range limit(long count) {
    if (count < 0) {
      throw new IllegalArgumentException("limit " + count + " is negative");
    }
    return new Range(prefix, from, to, reverse, count);
  }
}
