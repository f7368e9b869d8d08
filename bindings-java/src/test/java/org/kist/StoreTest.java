package org.kist;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class StoreTest extends WithProfile {
  private static final byte[] LAST = {(byte) 0xff, (byte) 0xff};

  @Test
  void putGetHasDeleteCountClear() {
    assertTrue(store.isEmpty());
    store.put("a", 1);
    store.put("b", Value.of("two"));
    store.put("a", 3);
    assertEquals(2, store.count());
    assertTrue(store.has("a"));
    assertFalse(store.has("c"));
    assertEquals(Value.of(3), store.get("a").orElseThrow());
    assertTrue(store.delete("a"));
    assertFalse(store.delete("a"));
    assertFalse(store.has("a"));
    assertEquals(1, store.clear());
    assertEquals(0, store.clear());
    assertEquals(0, store.count());
  }

  @Test
  void keysAreBytes() {
    byte[] binary = {0, (byte) 0xff, 0, (byte) 0xc0};
    store.put(binary, Value.of(1));
    store.put(new byte[0], Value.of(2));
    store.put("\ud83d\ude00\0", Value.of(3));
    assertEquals(Value.of(1), store.get(binary).orElseThrow());
    assertEquals(Value.of(2), store.get("").orElseThrow());
    byte[] utf8 = {(byte) 0xf0, (byte) 0x9f, (byte) 0x98, (byte) 0x80, 0};
    assertEquals(Value.of(3), store.get(utf8).orElseThrow());
    List<Entry> entries = entries(Range.all());
    assertArrayEquals(binary, entries.get(1).keyBytes());
    failsWith(ErrorCode.INVALID_TEXT, () -> entries.get(1).key());
    assertEquals("\ud83d\ude00\0", entries.get(2).key());
    assertTrue(store.has(binary));
    assertTrue(store.delete(binary));
    assertFalse(store.has(binary));
  }

  @Test
  void longestKeys() {
    byte[] key = new byte[2022];
    store.put(key, Value.of(true));
    assertTrue(store.has(key));
    failsWith(ErrorCode.KEY_TOO_LONG, () -> store.put(new byte[100_000], Value.of(true)));
    assertEquals(1, store.count());
  }

  @Test
  void rangesInBothDirections() {
    for (String key : List.of("a", "b", "ba", "bb", "c", "d")) {
      store.put(key, key);
    }
    assertEquals(List.of("a", "b", "ba", "bb", "c", "d"), keys(Range.all()));
    assertEquals(List.of("d", "c", "bb", "ba", "b", "a"), keys(Range.all().reversed()));
    assertEquals(List.of("b", "ba", "bb"), keys(Range.all().prefix("b")));
    assertEquals(List.of("bb", "ba", "b"), keys(Range.all().prefix("b").reversed()));
    assertEquals(List.of("ba", "bb", "c"), keys(Range.all().from("ba").to("d")));
    assertEquals(List.of("c", "bb", "ba"), keys(Range.all().from("ba").to("d").reversed()));
    assertEquals(List.of("ba", "bb"), keys(Range.all().prefix("b").from("b0").to("z")));
    assertEquals(List.of("d", "c"), keys(Range.all().reversed().limit(2)));
    assertEquals(List.of("a"), keys(Range.all().limit(1)));
    assertEquals(List.of(), keys(Range.all().limit(0)));
    assertEquals(List.of(), keys(Range.all().to("")));
    assertEquals(List.of(), keys(Range.all().from("d").to("b")));
    assertEquals(List.of(), keys(Range.all().prefix("x").reversed()));
    assertEquals(List.of("a", "b"), keys(Range.all().reversed().reversed().limit(2)));
    assertThrows(IllegalArgumentException.class, () -> Range.all().limit(-1));
  }

  @Test
  void prefixesThatEndInTheHighestByte() {
    byte[] inside = {(byte) 0xff, (byte) 0xff, 1};
    byte[] before = {(byte) 0xff, (byte) 0xfe};
    for (byte[] key : List.of(LAST, inside, before)) {
      store.put(key, Value.of(key));
    }
    List<Entry> found = entries(Range.all().prefix(LAST).reversed());
    assertEquals(2, found.size());
    assertArrayEquals(inside, found.get(0).keyBytes());
    assertArrayEquals(LAST, found.get(1).keyBytes());
  }

  @Test
  void walksOfManyEntries() {
    TreeSet<String> expected = new TreeSet<>();
    profile.write(
        writer -> {
          for (int i = 0; i < 10_000; ++i) {
            String key = String.format("key%05d", i * 7919 % 10_000);
            writer.in(store).put(key, i);
            expected.add(key);
          }
        });
    assertEquals(10_000, store.count());
    assertEquals(new ArrayList<>(expected), keys(Range.all()));
    assertEquals(new ArrayList<>(expected.descendingSet()), keys(Range.all().reversed()));
    try (Stream<Entry> stream = store.stream(Range.all().prefix("key09"))) {
      assertEquals(1000, stream.filter(each -> each.key().startsWith("key09")).count());
    }
  }

  @Test
  void entriesLargerThanABatch() {
    byte[] large = new byte[300_000];
    for (int i = 0; i < 20; ++i) {
      Arrays.fill(large, (byte) i);
      store.put("k" + (char) ('a' + i), large);
    }
    int seen = 0;
    try (Entries entries = store.entries()) {
      while (entries.hasNext()) {
        Value.Blob blob = (Value.Blob) entries.next().value();
        assertEquals(300_000, blob.size());
        assertEquals(seen++, blob.buffer().get(299_999));
      }
    }
    assertEquals(20, seen);
  }

  @Test
  void aWalkThatWasBrokenOff() {
    store.put("a", 1);
    store.put("b", 2);
    Entries entries = store.entries();
    assertEquals("a", entries.next().key());
    entries.close();
    assertThrows(ClosedException.class, entries::hasNext);
    assertThrows(ClosedException.class, entries::next);
    entries.close();
  }

  @Test
  void theEndOfAWalkStays() {
    store.put("a", 1);
    Entries entries = store.entries();
    entries.next();
    assertFalse(entries.hasNext());
    assertFalse(entries.hasNext());
    assertThrows(NoSuchElementException.class, entries::next);
    entries.close();
    assertFalse(entries.hasNext());
  }

  @Test
  void aWalkHoldsItsSnapshotOnlyWhileItIsOpen() {
    store.put("a", 1);
    Entries open = store.entries();
    long pinned = profile.stats().oldestPinned();
    store.put("b", 2);
    store.put("c", 3);
    assertEquals(pinned, profile.stats().oldestPinned());
    assertEquals("a", open.next().key());
    assertFalse(open.hasNext());
    assertEquals(profile.stats().transactionId(), profile.stats().oldestPinned());
    store.entries(Range.all().limit(0));
    store.put("d", 4);
    assertEquals(profile.stats().transactionId(), profile.stats().oldestPinned());
  }

  @Test
  void storesByName() {
    profile.store("b\ud83d\ude00\0").put("x", 1);
    profile.store("a").put("x", 2);
    assertEquals(List.of("a", "b\ud83d\ude00\0", "store"), profile.storeNames());
    assertEquals(1, profile.existingStore("b\ud83d\ude00\0").getI64("x").orElseThrow());
    StoreNotFoundException failure =
        assertThrows(StoreNotFoundException.class, () -> profile.existingStore("missing"));
    assertTrue(failure.getMessage().contains("missing"), failure.getMessage());
    failsWith(ErrorCode.INVALID_ARGUMENT, () -> profile.store(""));
    assertEquals("a", profile.store("a").name());
  }

  @Test
  void droppedStores() {
    store.put("a", 1);
    assertTrue(profile.dropStore("store"));
    assertFalse(profile.dropStore("store"));
    assertEquals(List.of(), profile.storeNames());
    assertThrows(StoreNotFoundException.class, () -> store.get("a"));
    assertThrows(StoreNotFoundException.class, () -> store.put("a", 1));
    profile.store("store");
    assertEquals(0, store.count());
  }

  @Test
  void statsAndCheck() {
    store.put("a", 1);
    Stats stats = profile.stats();
    assertEquals(4096, stats.pageSize());
    assertEquals(1, stats.stores());
    assertEquals(stats.transactionId(), stats.durableId());
    assertTrue(stats.filePages() > 0 && stats.flushes() > 0 && stats.bytesWritten() > 0, stats::toString);
    CheckReport report = profile.check();
    assertTrue(report.isClean(), report::text);
    assertTrue(report.pagesWalked() > 0 && report.records() >= 1, report::toString);
    assertTrue(Kist.version().matches("\\d+\\.\\d+\\.\\d+"), Kist.version());
  }

  private List<Entry> entries(Range range) {
    try (Stream<Entry> stream = store.stream(range)) {
      return stream.toList();
    }
  }

  private List<String> keys(Range range) {
    return entries(range).stream().map(Entry::key).toList();
  }
}
