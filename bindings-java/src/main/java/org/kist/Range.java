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
  private static final Range ALL = new Range(new byte[0], null, null, null, false, Long.MAX_VALUE);

  final byte[] prefix;
  /** Null when there is no lower bound. */
  final byte[] from;
  /** Null when there is no upper bound. */
  final byte[] to;
  /** Null when it is not about one key. */
  final byte[] key;
  final boolean reverse;
  final long limit;

  private Range(byte[] prefix, byte[] from, byte[] to, byte[] key, boolean reverse, long limit) {
    this.prefix = prefix;
    this.from = from;
    this.to = to;
    this.key = key;
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
   * The entries of one key: all its values, in a multi store.
   *
   * @param key the key
   * @return the range
   */
  public static Range only(String key) {
    return only(Utf8.encode(key));
  }

  /**
   * The entries of one key: all its values, in a multi store.
   *
   * @param key the key
   * @return the range
   */
  public static Range only(byte[] key) {
    return new Range(ALL.prefix, null, null, key.clone(), false, ALL.limit);
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
    return new Range(start.clone(), from, to, key, reverse, limit);
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
    return new Range(prefix, bound.clone(), to, key, reverse, limit);
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
    return new Range(prefix, from, Objects.requireNonNull(bound).clone(), key, reverse, limit);
  }

  /**
   * The same entries in the opposite order. A limit counts from the other end then.
   *
   * @return the turned range
   */
  public Range reversed() {
    return new Range(prefix, from, to, key, !reverse, limit);
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
    return new Range(prefix, from, to, key, reverse, count);
  }

  /** What takes a range apart: a native method. */
  interface Sink<R> {
    R take(byte[] prefix, byte[] from, byte[] to, byte[] key, boolean reverse, long limit);
  }

  /** Takes the range apart. A limit of 0 has to be seen to before: to the native library it is none. */
  <R> R send(Sink<R> sink) {
    return sink.take(prefix, from, to, key, reverse, limit == Long.MAX_VALUE ? 0 : limit);
  }

  /** As {@link #send}, of a range to be deleted, where any limit is refused. */
  <R> R sendToDelete(Sink<R> sink) {
    return (limit == 0 ? limit(1) : this).send(sink);
  }
}
