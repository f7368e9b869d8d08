package org.kist;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Strings to and from UTF-8, byte for byte: nothing is replaced or normalised. */
final class Utf8 {
  private Utf8() {}

  /** UTF-8 of a string; a surrogate without its other half has none and is refused. */
  static byte[] encode(String text) {
    int length = text.length();
    for (int i = 0; i < length; ++i) {
      char each = text.charAt(i);
      if (!Character.isSurrogate(each)) {
        continue;
      }
      if (Character.isLowSurrogate(each) || i + 1 == length || !Character.isLowSurrogate(text.charAt(i + 1))) {
        throw new KistException(
            ErrorCode.INVALID_TEXT, String.format("lone surrogate \\u%04x at index %d of a string", (int) each, i));
      }
      ++i;
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The string that bytes spell; bytes that are not UTF-8 are refused. */
  static String decode(byte[] bytes, int from, int to) {
    String text = new String(bytes, from, to - from, StandardCharsets.UTF_8);
    // The quick way above puts U+FFFD in place of what it cannot read.
    if (text.indexOf('\ufffd') >= 0) {
      try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, to - from));
      } catch (CharacterCodingException malformed) {
        throw new KistException(ErrorCode.INVALID_TEXT, "these bytes are not UTF-8");
      }
    }
    return text;
  }

  static String decode(byte[] bytes) {
    return decode(bytes, 0, bytes.length);
  }
}
