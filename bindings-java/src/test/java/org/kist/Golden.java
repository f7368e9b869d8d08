package org.kist;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A vector of schemas/golden/values.json: a value, and the bytes that every language stores for it.
 *
 * @param name what it shows
 * @param value the value
 * @param bytes the stored bytes
 */
record Golden(String name, Value value, byte[] bytes) {
  /** A member of a flat JSON object: "name": "string" or "name": true. */
  private static final Pattern MEMBER = Pattern.compile("\"(\\w+)\": (true|false|\"(?:[^\"\\\\]|\\\\.)*\")");

  static List<Golden> all() throws IOException {
    Path file = Path.of(System.getProperty("kist.source"), "schemas", "golden", "values.json");
    List<Golden> result = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      if (line.contains("{\"name\"")) {
        result.add(parse(line));
      }
    }
    return result;
  }

  private static Golden parse(String line) {
    String[] fields = new String[4];
    List<String> names = List.of("name", "type", "value", "hex");
    // Text inside a string cannot be mistaken for a member: quotes in it are escaped, and matches do not overlap.
    Matcher member = MEMBER.matcher(line);
    while (member.find()) {
      fields[names.indexOf(member.group(1))] = unquote(member.group(2));
    }
    return new Golden(fields[0], value(fields[1], fields[2]), HexFormat.of().parseHex(fields[3]));
  }

  private static Value value(String type, String text) {
    return switch (type) {
      case "bool" -> Value.of(Boolean.parseBoolean(text));
      case "u64" -> Value.U64.of(new BigInteger(text));
      case "i64" -> Value.of(Long.parseLong(text));
      case "f64" -> Value.of(Double.longBitsToDouble(Long.parseUnsignedLong(text.substring(2), 16)));
      case "instant" -> Value.of(Instant.ofEpochMilli(Long.parseLong(text)));
      case "uuid" -> Value.of(UUID.fromString(text));
      case "string" -> Value.of(text);
      case "json" -> Value.json(text);
      case "blob" -> Value.of(HexFormat.of().parseHex(text));
      default -> throw new IllegalArgumentException("golden value of type " + type);
    };
  }

  private static String unquote(String literal) {
    if (!literal.startsWith("\"")) {
      return literal;
    }
    StringBuilder text = new StringBuilder();
    for (int i = 1; i < literal.length() - 1; ++i) {
      char each = literal.charAt(i);
      if (each == '\\') {
        each = literal.charAt(++i);
        switch (each) {
          case 'n' -> each = '\n';
          case 'r' -> each = '\r';
          case 't' -> each = '\t';
          case 'b' -> each = '\b';
          case 'f' -> each = '\f';
          case 'u' -> {
            each = (char) Integer.parseInt(literal.substring(i + 1, i + 5), 16);
            i += 4;
          }
          default -> {}
        }
      }
      text.append(each);
    }
    return text.toString();
  }
}
