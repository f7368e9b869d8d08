package org.kist;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** Stores of every kind, and changes that depend on what is there. */
class KindsTest extends WithProfile {
  private Store store(String name, KeyType keys) {
    return profile.store(name, StoreOptions.defaults().withKeys(keys));
  }

  private static List<Long> numbers(Store of, Range range) {
    try (var entries = of.stream(range)) {
      return entries.map(entry -> of.number(entry.keyBytes())).toList();
    }
  }

  @Test
  void signedKeysAreInNumericOrder() {
    for (KeyType type : List.of(KeyType.I8, KeyType.I16, KeyType.I32, KeyType.I64)) {
      Store numbers = store("signed " + type, type);
      for (long number : new long[] {5, -128, 127, 0, -1}) {
        numbers.put(numbers.key(number), Value.of(number));
      }
      assertEquals(List.of(-128L, -1L, 0L, 5L, 127L), numbers(numbers, Range.all()));
      Range middle = Range.all().from(numbers.key(-1)).to(numbers.key(127));
      assertEquals(List.of(5L, 0L, -1L), numbers(numbers, middle.reversed()));
      assertEquals(3, numbers.count(middle));
      assertEquals(2, numbers.count(middle.limit(2)));
      assertEquals(0, numbers.count(middle.limit(0)));
      assertEquals(Value.of(-128), numbers.get(numbers.key(-128)).orElseThrow());
      assertEquals(3, numbers.delete(Range.all().from(numbers.key(0))));
      assertEquals(2, numbers.count());
    }
  }

  @Test
  void unsignedKeys() {
    for (KeyType type : List.of(KeyType.U8, KeyType.U16, KeyType.U32, KeyType.U64)) {
      Store numbers = store("unsigned " + type, type);
      int bits = 8 << type.ordinal() - 1;
      long largest = -1L >>> (64 - bits);
      for (long number : new long[] {largest, 1, 0}) {
        numbers.put(numbers.key(number), Value.of(true));
      }
      assertEquals(List.of(0L, 1L, largest), numbers(numbers, Range.all()));
      if (bits < 64) {
        failsWith(ErrorCode.OUT_OF_RANGE, () -> numbers.key(largest + 1));
        failsWith(ErrorCode.OUT_OF_RANGE, () -> numbers.key(-1));
      }
    }
    assertArrayEquals(new byte[] {0, 0, 1, 2}, store("unsigned U32", KeyType.U32).key(258));
  }

  @Test
  void keysAndKindsAreNotMixedUp() {
    Store numbers = store("numbers", KeyType.I8);
    failsWith(ErrorCode.OUT_OF_RANGE, () -> numbers.key(128));
    failsWith(ErrorCode.OUT_OF_RANGE, () -> numbers.key(-129));
    failsWith(ErrorCode.INVALID_ARGUMENT, () -> numbers.number(new byte[2]));
    failsWith(ErrorCode.INVALID_ARGUMENT, () -> numbers.put("two", Value.of(2)));
    failsWith(ErrorCode.WRONG_KIND, () -> store.key(1));
    failsWith(ErrorCode.WRONG_KIND, () -> profile.store("numbers"));
    failsWith(ErrorCode.WRONG_KIND, () -> profile.store("store", StoreOptions.defaults().withMulti(true)));
    StoreOptions existing = StoreOptions.defaults().withCreate(false);
    assertThrows(StoreNotFoundException.class, () -> profile.store("none", existing.withMulti(true)));
    assertEquals(Optional.of(existing.withKeys(KeyType.I8)), profile.describeStore("numbers"));
    assertEquals(Optional.of(existing), profile.describeStore("store"));
    assertEquals(Optional.empty(), profile.describeStore("none"));
    assertEquals(KeyType.I8, numbers.keys());
    assertFalse(numbers.multi());
  }

  @Test
  void multiStoresKeepSortedValues() {
    StoreOptions multi = StoreOptions.defaults().withMulti(true);
    Store tags = profile.store("tags", multi);
    for (long number : new long[] {1, -1, 256, 1}) {
      tags.put("a", number);
    }
    tags.put("b", "x");
    assertEquals(List.of(Value.of(256), Value.of(1), Value.of(-1)), tags.values("a"));
    assertEquals(List.of(), tags.values("c"));
    assertEquals(Value.of(256), tags.get("a").orElseThrow());
    assertEquals(4, tags.count());
    assertEquals(3, tags.count(Range.only("a")));
    assertTrue(tags.delete("a", Value.of(1)));
    assertFalse(tags.delete("a", Value.of(1)));
    failsWith(ErrorCode.AMBIGUOUS, () -> tags.compareAndSet("a", Value.of(1), Value.of(2)));
    failsWith(ErrorCode.WRONG_KIND, () -> tags.add("a", 1));
    failsWith(ErrorCode.WRONG_KIND, () -> tags.update("a", value -> value));
    profile.write(
        writer -> {
          assertTrue(writer.in(tags).delete("a", Value.of(256)));
          assertEquals(1, writer.in(tags).delete(Range.all().prefix("b")));
          assertEquals(1, writer.in(tags).count(Range.only("a")));
        });
    try (Reader reader = profile.reader()) {
      assertEquals(List.of(Value.of(-1)), reader.in(tags).values("a"));
      assertEquals(1, reader.in(tags).count(Range.all()));
    }
    assertTrue(tags.delete("a"));
    Store numbers = profile.store("numbers", multi.withKeys(KeyType.U16));
    numbers.put(numbers.key(7), Value.of(2));
    numbers.put(numbers.key(7), Value.of(1));
    assertEquals(List.of(Value.of(1), Value.of(2)), numbers.values(numbers.key(7)));
    assertTrue(numbers.multi());
  }

  @Test
  void changesDependOnWhatIsThere() {
    assertEquals(Value.of(1), store.add("n", 1));
    assertEquals(Value.of(-4), store.add("n", -5));
    store.put("u", Value.u64(0));
    failsWith(ErrorCode.OUT_OF_RANGE, () -> store.add("u", -1));
    assertTrue(store.putIfAbsent("k", Value.of(1)));
    assertFalse(store.putIfAbsent("k", Value.of(2)));
    assertFalse(store.compareAndSet("k", Value.of(2), Value.of(3)));
    assertFalse(store.compareAndSet("k", Value.u64(1), Value.of(3)));
    assertFalse(store.compareAndSet("k", null, Value.of(3)));
    assertTrue(store.compareAndSet("k", Value.of(1), Value.of("two")));
    assertTrue(store.compareAndSet("new", null, Value.of(true)));
    assertTrue(store.compareAndSet("new", Value.of(true), null));
    assertFalse(store.has("new"));
    assertTrue(store.delete("u", Value.u64(0)));
    profile.write(
        writer -> {
          assertEquals(Value.of(6), writer.in(store).add("n", 10));
          assertFalse(writer.in(store).putIfAbsent("n", Value.of(1)));
          assertTrue(writer.in(store).compareAndSet("k", Value.of("two"), null));
          failsWith(ErrorCode.MISUSE, () -> store.add("n", 1));
          failsWith(ErrorCode.MISUSE, () -> store.update("n", value -> value));
        });
    assertEquals(1, store.count());
    assertThrows(WrongTypeException.class, () -> profile.write(writer -> {
      writer.in(store).put("t", "text");
      writer.in(store).add("t", 1);
    }));
    assertFalse(store.has("t"));
  }

  @Test
  void aFunctionMakesTheNewValue() {
    Optional<Value> made = store.update("n", value -> Optional.of(value.orElse(Value.of(41))));
    assertEquals(Optional.of(Value.of(41)), made);
    store.update("n", value -> value.map(it -> Value.of(((Value.I64) it).value() + 1)));
    assertEquals(42, store.getI64("n").orElseThrow());
    IllegalStateException thrown = new IllegalStateException("no");
    assertEquals(
        thrown,
        assertThrows(
            IllegalStateException.class,
            () ->
                store.update(
                    "n",
                    value -> {
                      throw thrown;
                    })));
    assertEquals(42, store.getI64("n").orElseThrow());
    assertEquals(Optional.empty(), store.update("n", value -> Optional.empty()));
    assertFalse(store.has("n"));
  }

  @Test
  void rangesToBeDeletedHaveNoLimit() {
    store.put("a", 1);
    failsWith(ErrorCode.INVALID_ARGUMENT, () -> store.delete(Range.all().limit(0)));
    failsWith(ErrorCode.INVALID_ARGUMENT, () -> store.delete(Range.all().limit(5)));
    assertEquals(1, store.delete(Range.all()));
  }

  @Test
  void aBatchDoesEverythingInItsOrder() {
    Store numbers = store("numbers", KeyType.I32);
    numbers.put(numbers.key(1), Value.of("old"));
    Batch batch = profile.batch();
    batch.delete(numbers, Range.all());
    batch.put(numbers, numbers.key(-2), Value.of("new"));
    batch.put(store, "a", Value.of(1));
    batch.put(store, "b", Value.of(2));
    batch.delete(store, Utf8.encode("b"), Value.of(2));
    batch.delete(store, "a");
    batch.put(store, "a", Value.of(3));
    failsWith(ErrorCode.INVALID_ARGUMENT, () -> batch.put(numbers, "ab", Value.of(1)));
    failsWith(ErrorCode.INVALID_ARGUMENT, () -> batch.delete(store, Range.all().limit(1)));
    assertFalse(store.has("a"));
    batch.apply();
    assertEquals(List.of(-2L), numbers(numbers, Range.all()));
    assertEquals(1, store.count());
    assertEquals(3, store.getI64("a").orElseThrow());

    store.clear();
    try (Queue queue = profile.queue()) {
      queue.apply(batch, Durability.DEFAULT).durable().join();
      assertEquals(1, store.count());
      profile.dropStore("numbers");
      store.clear();
      assertThrows(StoreNotFoundException.class, batch::apply);
      assertThrows(CompletionException.class, () -> queue.apply(batch, Durability.RELAXED).committed().join());
    }
    assertTrue(store.isEmpty());
    batch.close();
    assertThrows(ClosedException.class, batch::apply);
  }
}
