package org.kist;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * Values as they pass between Java and the native library.
 *
 * <p>Into it: a tag, a number (bool, integers, bits of a double, milliseconds) and bytes (everything else). Out of it: one byte
 * array, the tag and then the payload: 1 byte for bool, 8 little-endian for numbers, 16 for a UUID, the bytes themselves for the
 * rest. It is not the encoding of the file.
 */
final class Wire {
  private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle UUID_HALF = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final byte[] NO_BYTES = {};

  private static final Map<Class<? extends Value>, ValueTag> TAGS =
      Map.of(
          Value.Bool.class, ValueTag.BOOL,
          Value.U64.class, ValueTag.U64,
          Value.I64.class, ValueTag.I64,
          Value.F64.class, ValueTag.F64,
          Value.Instant.class, ValueTag.INSTANT,
          Value.Uuid.class, ValueTag.UUID,
          Value.Text.class, ValueTag.STRING,
          Value.Json.class, ValueTag.JSON,
          Value.Blob.class, ValueTag.BLOB);

  private Wire() {}

  /** What takes a value apart: a native method that puts it somewhere. */
  interface Sink {
    void put(int tag, long number, byte[] bytes);
  }

  /** What takes two values apart, of which tag 0 is none. */
  interface PairSink {
    boolean put(int oldTag, long oldNumber, byte[] oldBytes, int tag, long number, byte[] bytes);
  }

  /** As {@link #ask}, of two values that may be null. */
  static boolean askBoth(Value old, Value value, PairSink sink) {
    return askOptional(
        old,
        (oldTag, oldNumber, oldBytes) ->
            askOptional(value, (tag, number, bytes) -> sink.put(oldTag, oldNumber, oldBytes, tag, number, bytes)));
  }

  private static boolean askOptional(Value value, Question question) {
    return value == null ? question.ask(0, 0, NO_BYTES) : ask(value, question);
  }

  /** What takes a value apart, and answers. */
  interface Question {
    boolean ask(int tag, long number, byte[] bytes);
  }

  /** Takes a value apart, and gives the answer. */
  static boolean ask(Value value, Question question) {
    boolean[] answer = {false};
    send(value, (tag, number, bytes) -> answer[0] = question.ask(tag, number, bytes));
    return answer[0];
  }

  /** Number of the type that a class stands for; 0, any type, for Value itself. */
  static int tagOf(Class<? extends Value> type) {
    if (type == Value.class) {
      return 0;
    }
    return Objects.requireNonNull(TAGS.get(type), "no type of values").tag();
  }

  static void send(Value value, Sink sink) {
    long number = 0;
    byte[] bytes = NO_BYTES;
    if (value instanceof Value.Bool bool) {
      number = bool.value() ? 1 : 0;
    } else if (value instanceof Value.U64 u64) {
      number = u64.bits();
    } else if (value instanceof Value.I64 i64) {
      number = i64.value();
    } else if (value instanceof Value.F64 f64) {
      number = Double.doubleToRawLongBits(f64.value());
    } else if (value instanceof Value.Instant instant) {
      number = instant.value().toEpochMilli();
    } else if (value instanceof Value.Uuid uuid) {
      bytes = new byte[16];
      UUID_HALF.set(bytes, 0, uuid.value().getMostSignificantBits());
      UUID_HALF.set(bytes, 8, uuid.value().getLeastSignificantBits());
    } else if (value instanceof Value.Text text) {
      bytes = Utf8.encode(text.value());
    } else if (value instanceof Value.Json json) {
      bytes = Utf8.encode(json.text());
    } else {
      bytes = ((Value.Blob) Objects.requireNonNull(value, "value")).shared();
    }
    sink.put(value.tag().tag(), number, bytes);
  }

  /** The value in bytes[from, to). */
  static Value receive(byte[] bytes, int from, int to) {
    int start = from + 1;
    ValueTag tag = ValueTag.of(bytes[from]);
    if (tag == null) {
      throw new KistException(ErrorCode.NEWER_FORMAT, "a value has type " + bytes[from] + ", which this version does not know");
    }
    return switch (tag) {
      case BOOL -> new Value.Bool(bytes[start] != 0);
      case U64 -> new Value.U64((long) LONG.get(bytes, start));
      case I64 -> new Value.I64((long) LONG.get(bytes, start));
      case F64 -> new Value.F64(Double.longBitsToDouble((long) LONG.get(bytes, start)));
      case INSTANT -> new Value.Instant(java.time.Instant.ofEpochMilli((long) LONG.get(bytes, start)));
      case UUID -> new Value.Uuid(new UUID((long) UUID_HALF.get(bytes, start), (long) UUID_HALF.get(bytes, start + 8)));
      case STRING -> new Value.Text(Utf8.decode(bytes, start, to));
      case JSON -> new Value.Json(Utf8.decode(bytes, start, to));
      case BLOB -> Value.Blob.owning(Arrays.copyOfRange(bytes, start, to));
    };
  }
}
