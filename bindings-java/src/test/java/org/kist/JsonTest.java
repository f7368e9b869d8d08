package org.kist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Members of JSON values, and changes of them. */
class JsonTest extends WithProfile {
  private static Value.Json json(String text) {
    return new Value.Json(text);
  }

  private static ErrorCode code(Runnable call) {
    return assertThrows(KistException.class, call::run).code();
  }

  @Test
  void membersAreReadByPointer() {
    Store store = profile.store("json");
    store.put("k", json("{\"a\": [1, {\"b\u00fc\": 2.50}]}"));
    store.put("text", Value.of("{}"));
    assertEquals(Optional.of(json("2.50")), store.member("k", "/a/1/b\u00fc"));
    assertEquals(Optional.empty(), store.member("k", "/x"));
    assertEquals(Optional.empty(), store.member("none", ""));
    assertEquals(ErrorCode.INVALID_ARGUMENT, code(() -> store.member("k", "a")));
    assertThrows(WrongTypeException.class, () -> store.member("text", "/a"));
    try (Reader reader = profile.reader()) {
      store.put("k", json("0"));
      assertEquals(Optional.of(json("1")), reader.in(store).member("k", "/a/0"));
    }
    assertEquals(Optional.of(json("0")), store.member("k", ""));
  }

  @Test
  void mergePatchesLeaveTheRestAsItWas() {
    Store store = profile.store("json");
    assertEquals(json("{\"a\":{\"b\":1}}"), store.mergePatch("k", json("{\"a\":{\"b\":1},\"c\":null}")));
    profile.write(
        writer -> {
          writer.in(store).mergePatch("k", json("{\"d\":1.50}"));
        });
    assertEquals(json("{\"a\":{\"b\":1},\"d\":1.50}"), store.get("k").orElseThrow());
    assertEquals(json("{\"d\":1.50}"), store.mergePatch("k", json("{\"a\":null}")));
    KistException wrong = assertThrows(KistException.class, () -> store.mergePatch("k", json("{\"d\":}")));
    assertEquals(ErrorCode.INVALID_JSON, wrong.code());
    assertTrue(wrong.getMessage().contains("byte 6"), wrong.getMessage());
    store.put("text", Value.of("{}"));
    assertThrows(WrongTypeException.class, () -> store.mergePatch("text", json("{}")));
  }
}
