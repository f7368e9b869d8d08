package org.kist;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ValueTest extends WithProfile {
  private static final String AWKWARD = "a\0b \u00e9 e\u0301 \ufeff \ufffd \ud83d\ude00 \udbff\udfff \r\n";

  @Test
  void goldenValuesComeBackAsTheyWerePut() throws IOException {
    List<Golden> vectors = Golden.all();
    assertTrue(vectors.size() >= 50, () -> vectors.size() + " vectors");
    for (Golden each : vectors) {
      store.put(each.name(), each.value());
    }
    for (Golden each : vectors) {
      assertEquals(each.value(), store.get(each.name()).orElseThrow(), each.name());
      assertEquals(each.value(), store.get(each.name(), each.value().getClass()).orElseThrow(), each.name());
    }
    assertEquals(vectors.size(), store.count());
  }

  /** Records of a leaf page are: key size, value size (16 bits each), key, value. So the file must hold exactly these bytes. */
  @Test
  void goldenValuesStandInTheFileByteForByte() throws IOException {
    List<Golden> vectors = Golden.all();
    profile.write(
        writer -> {
          for (Golden each : vectors) {
            writer.in(store).put(each.name(), each.value());
          }
        });
    profile.close();
    byte[] file = Files.readAllBytes(directory.resolve("data.kist"));
    for (Golden each : vectors) {
      byte[] key = each.name().getBytes(StandardCharsets.UTF_8);
      ByteBuffer record = ByteBuffer.allocate(4 + key.length + each.bytes().length).order(ByteOrder.LITTLE_ENDIAN);
      record.putShort((short) key.length).putShort((short) each.bytes().length).put(key).put(each.bytes());
      assertTrue(contains(file, record.array()), each.name());
    }
  }

  @Test
  void typedGettersGiveJavasOwnTypes() {
    Instant time = Instant.parse("1901-12-13T20:45:51.999Z");
    UUID uuid = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    store.put("bool", true);
    store.put("i64", Long.MIN_VALUE);
    store.putU64("u64", -1L);
    store.put("f64", -0.0);
    store.put("instant", time);
    store.put("uuid", uuid);
    store.put("string", AWKWARD);
    store.putJson("json", "{\"a\": [1, 2]}");
    store.put("blob", new byte[] {0, -1, 127, -128});
    assertEquals(true, store.getBool("bool").orElseThrow());
    assertEquals(Long.MIN_VALUE, store.getI64("i64").orElseThrow());
    assertEquals("18446744073709551615", Long.toUnsignedString(store.getU64("u64").orElseThrow()));
    assertEquals(Double.doubleToRawLongBits(-0.0), Double.doubleToRawLongBits(store.getF64("f64").orElseThrow()));
    assertEquals(time, store.getInstant("instant").orElseThrow());
    assertEquals(uuid, store.getUuid("uuid").orElseThrow());
    assertEquals(AWKWARD, store.getString("string").orElseThrow());
    assertEquals("{\"a\": [1, 2]}", store.getJson("json").orElseThrow());
    assertArrayEquals(new byte[] {0, -1, 127, -128}, store.getBlob("blob").orElseThrow());
  }

  @Test
  void whatIsAbsentIsEmptyOfEveryType() {
    assertTrue(store.get("no").isEmpty());
    assertTrue(store.getBool("no").isEmpty());
    assertTrue(store.getI64("no").isEmpty());
    assertTrue(store.getU64("no").isEmpty());
    assertTrue(store.getF64("no").isEmpty());
    assertTrue(store.getInstant("no").isEmpty());
    assertTrue(store.getUuid("no").isEmpty());
    assertTrue(store.getString("no").isEmpty());
    assertTrue(store.getJson("no").isEmpty());
    assertTrue(store.getBlob("no").isEmpty());
  }

  @Test
  void wrongTypesNameBoth() {
    store.put("key", "text");
    WrongTypeException failure = assertThrows(WrongTypeException.class, () -> store.getU64("key"));
    assertEquals(ErrorCode.WRONG_TYPE, failure.code());
    assertTrue(failure.getMessage().contains("string"), failure.getMessage());
    assertTrue(failure.getMessage().contains("u64"), failure.getMessage());
    assertThrows(WrongTypeException.class, () -> store.getJson("key"));
    assertThrows(WrongTypeException.class, () -> profile.read(reader -> reader.in(store).getBlob("key")));
    assertThrows(WrongTypeException.class, () -> profile.update(writer -> writer.in(store).getBool("key")));
  }

  @Test
  void integersPassAsEachOtherWhereTheyFit() {
    store.put("seven", 7);
    store.put("minus", -7);
    store.putU64("huge", -1L);
    assertEquals(7, store.getU64("seven").orElseThrow());
    assertThrows(WrongTypeException.class, () -> store.getU64("minus"));
    assertThrows(WrongTypeException.class, () -> store.getI64("huge"));
    assertThrows(WrongTypeException.class, () -> store.getF64("seven"));
  }

  @Test
  void loneSurrogatesAreRefused() {
    for (String text : List.of("\ud83d", "a\ud83d", "\ude00", "\ud83d\ud83d\ude00", "\ude00\ud83d", "x\ud83dx")) {
      failsWith(ErrorCode.INVALID_TEXT, () -> store.put("key", text));
      failsWith(ErrorCode.INVALID_TEXT, () -> store.put(text, 1));
      failsWith(ErrorCode.INVALID_TEXT, () -> store.get(text));
      failsWith(ErrorCode.INVALID_TEXT, () -> store.putJson("key", "\"" + text + "\""));
      failsWith(ErrorCode.INVALID_TEXT, () -> profile.store(text));
    }
    assertTrue(store.isEmpty());
  }

  @Test
  void jsonThatDoesNotParseIsRefused() {
    for (String text : List.of("", "{", "[1,]", "nul", "1 2", "\"\u0001\"")) {
      failsWith(ErrorCode.INVALID_JSON, () -> store.putJson("key", text));
    }
    assertTrue(store.isEmpty());
  }

  @Test
  void valuesOfAllSizes() {
    for (int size : new int[] {0, 1, 255, 256, 257, 1000, 4095, 4096, 65_536, 1_000_003}) {
      byte[] bytes = new byte[size];
      Arrays.fill(bytes, (byte) size);
      String text = "\ud83d\ude00x".repeat(size / 5);
      store.put("blob", bytes);
      store.put("string", text);
      assertArrayEquals(bytes, store.getBlob("blob").orElseThrow());
      assertEquals(text, store.getString("string").orElseThrow());
    }
  }

  @Test
  void unsignedNumbers() {
    BigInteger most = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);
    Value.U64 value = Value.U64.of(most);
    assertEquals(-1, value.bits());
    assertEquals(most, value.toBigInteger());
    assertEquals(value, Value.U64.parse("18446744073709551615"));
    assertEquals("U64[18446744073709551615]", value.toString());
    assertTrue(value.compareTo(new Value.U64(1)) > 0);
    assertEquals(5, new Value.U64(5).toLongExact());
    assertThrows(ArithmeticException.class, value::toLongExact);
    assertThrows(ArithmeticException.class, () -> Value.U64.of(most.add(BigInteger.ONE)));
    assertThrows(ArithmeticException.class, () -> Value.U64.of(BigInteger.ONE.negate()));
    assertThrows(NumberFormatException.class, () -> Value.U64.parse("-1"));
  }

  @Test
  void instantsAreCutToMilliseconds() {
    assertEquals(Instant.ofEpochMilli(1), new Value.Instant(Instant.ofEpochSecond(0, 1_999_999)).value());
    assertEquals(Instant.ofEpochMilli(-2), new Value.Instant(Instant.ofEpochSecond(0, -1_000_001)).value());
    assertThrows(ArithmeticException.class, () -> Value.of(Instant.MAX));
    for (long most : new long[] {Long.MIN_VALUE, Long.MAX_VALUE}) {
      store.put("edge", Instant.ofEpochMilli(most));
      assertEquals(most, store.getInstant("edge").orElseThrow().toEpochMilli());
    }
  }

  @Test
  void blobsAreImmutable() {
    byte[] bytes = {1, 2, 3};
    Value.Blob blob = new Value.Blob(bytes);
    bytes[0] = 9;
    blob.bytes()[1] = 9;
    assertEquals(new Value.Blob(new byte[] {1, 2, 3}), blob);
    assertThrows(ReadOnlyBufferException.class, () -> blob.buffer().put(0, (byte) 9));
    assertEquals(3, blob.size());
    assertNotEquals(blob, new Value.Blob(bytes));
  }

  @Test
  void nothingIsPutInPlaceOfNull() {
    assertThrows(NullPointerException.class, () -> store.put("key", (Value) null));
    assertThrows(NullPointerException.class, () -> store.put("key", (String) null));
    assertThrows(NullPointerException.class, () -> store.put("key", (byte[]) null));
    assertThrows(NullPointerException.class, () -> store.put((byte[]) null, Value.of(1)));
    assertThrows(NullPointerException.class, () -> store.get((byte[]) null));
    assertThrows(NullPointerException.class, () -> store.delete((String) null));
    assertTrue(store.isEmpty());
  }

  private static boolean contains(byte[] all, byte[] part) {
    for (int i = 0; i + part.length <= all.length; ++i) {
      if (all[i] == part[0] && Arrays.equals(all, i, i + part.length, part, 0, part.length)) {
        return true;
      }
    }
    return false;
  }
}
