package org.kist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TransactionTest extends WithProfile {
  @Test
  void aBatchChangesSeveralStoresAtOnce() {
    Store other = profile.store("other");
    store.put("gone", 1);
    long id =
        profile.update(
            writer -> {
              writer.in(store).put("a", 1);
              assertTrue(writer.in(store).delete("gone"));
              assertFalse(writer.in(store).delete("gone"));
              writer.in(other).put("b", 2);
              // The transaction sees itself, and nobody else does.
              assertEquals(1, writer.in(store).getI64("a").orElseThrow());
              assertTrue(writer.in(other).has("b"));
              assertFalse(store.has("a"));
              assertTrue(store.has("gone"));
              assertFalse(other.has("b"));
              return profile.stats().transactionId();
            });
    assertEquals(id + 1, profile.stats().transactionId());
    assertTrue(store.has("a"));
    assertFalse(store.has("gone"));
    assertTrue(other.has("b"));
  }

  @Test
  void aBatchThatThrowsChangesNothing() {
    Store other = profile.store("other");
    store.put("keep", 1);
    IOException thrown =
        assertThrows(
            IOException.class,
            () ->
                profile.write(
                    writer -> {
                      writer.in(store).put("a", 1);
                      writer.in(other).put("b", 2);
                      assertEquals(2, writer.in(store).clear());
                      throw new IOException("no");
                    }));
    assertEquals("no", thrown.getMessage());
    assertEquals(1, store.getI64("keep").orElseThrow());
    assertEquals(1, store.count());
    assertTrue(other.isEmpty());
    store.put("next", 1);
  }

  @Test
  void aFailedPutLeavesTheRestOfTheBatch() {
    profile.write(
        writer -> {
          writer.in(store).put("a", 1);
          failsWith(ErrorCode.INVALID_JSON, () -> writer.in(store).putJson("b", "{"));
          failsWith(ErrorCode.KEY_TOO_LONG, () -> writer.in(store).put(new byte[100_000], Value.of(1)));
          writer.in(store).put("c", 3);
        });
    assertEquals(2, store.count());
  }

  @Test
  void abortedBatches() {
    profile.write(
        writer -> {
          writer.in(store).put("a", 1);
          writer.abort();
        });
    assertTrue(store.isEmpty());
    Writer writer = profile.writer();
    writer.in(store).put("b", 1);
    writer.close();
    writer.close();
    assertTrue(store.isEmpty());
    assertThrows(ClosedException.class, () -> writer.in(store).put("b", 1));
    assertThrows(ClosedException.class, writer::commit);
    assertThrows(ClosedException.class, writer::abort);
  }

  @Test
  void writersOfTheirOwn() {
    try (Writer writer = profile.writer()) {
      writer.in(store).put("a", 1);
      long id = writer.commit(Durability.RELAXED);
      assertEquals(id, profile.stats().transactionId());
      assertThrows(ClosedException.class, writer::commit);
      assertThrows(ClosedException.class, () -> writer.in(store).get("a"));
    }
    assertTrue(store.has("a"));
    profile.sync();
    assertEquals(profile.stats().transactionId(), profile.stats().durableId());
  }

  @Test
  void oneWriterAtATime() {
    try (Writer writer = profile.writer()) {
      BusyException busy = assertThrows(BusyException.class, () -> profile.writer(Duration.ZERO));
      assertEquals(ErrorCode.BUSY, busy.code());
      BusyException late = assertThrows(BusyException.class, () -> profile.writer(Duration.ofMillis(20)));
      assertEquals(ErrorCode.TIMED_OUT, late.code());
      writer.in(store).put("a", 1);
      writer.commit();
    }
    profile.writer(Duration.ofSeconds(60)).close();
    assertThrows(IllegalArgumentException.class, () -> profile.writer(Duration.ofMillis(-1)));
  }

  /** How virtual threads wait for their turn, which older versions of Java do not have. */
  @Test
  void waitingByAskingAgain() throws InterruptedException {
    long number = profile.handle().number();
    Turn turn = profile.turn();
    Writer writer = profile.writer();
    failsWith(ErrorCode.MISUSE, () -> profile.writer());
    failsWith(ErrorCode.MISUSE, () -> store.put("a", 1));
    failsWith(ErrorCode.BUSY, () -> turn.poll(number, 0));
    Thread.currentThread().interrupt();
    failsWith(ErrorCode.TIMED_OUT, () -> turn.poll(number, 20));
    assertTrue(Thread.interrupted());
    long[] begun = new long[1];
    Thread waiting = new Thread(() -> begun[0] = turn.poll(number, Turn.FOREVER));
    waiting.start();
    writer.commit();
    waiting.join();
    failsWith(ErrorCode.BUSY, () -> turn.poll(number, 0));
    Native.abort(begun[0]);
    store.put("a", 1);
    profile.close();
    assertThrows(ClosedException.class, () -> turn.poll(number, Turn.FOREVER));
  }

  @Test
  void writingPastTheWriterIsRefusedWhereItWouldWaitForEver() {
    profile.write(
        writer -> {
          failsWith(ErrorCode.MISUSE, () -> store.put("a", 1));
          failsWith(ErrorCode.MISUSE, () -> store.delete("a"));
          failsWith(ErrorCode.MISUSE, () -> store.clear());
          failsWith(ErrorCode.MISUSE, () -> profile.write(inner -> inner.in(store).put("a", 1)));
          failsWith(ErrorCode.MISUSE, () -> profile.store("new"));
          failsWith(ErrorCode.MISUSE, () -> profile.dropStore("store"));
          writer.in(store).put("a", 2);
        });
    assertEquals(2, store.getI64("a").orElseThrow());
    store.put("a", 3);
  }

  @Test
  void aSnapshotDoesNotChange() {
    store.put("a", 1);
    try (Reader reader = profile.reader();
        Entries entries = reader.in(store).entries()) {
      store.put("a", 2);
      store.put("b", 3);
      Scannable old = reader.in(store);
      assertEquals(1, old.getI64("a").orElseThrow());
      assertFalse(old.has("b"));
      assertEquals(1, old.count());
      assertEquals("a", entries.next().key());
      assertFalse(entries.hasNext());
      long now = profile.read(Reader::id);
      assertTrue(now > reader.id());
    }
    assertEquals(2, store.getI64("a").orElseThrow());
  }

  @Test
  void aSnapshotIsOlderThanAStore() {
    try (Reader reader = profile.reader()) {
      Store young = profile.store("young");
      assertThrows(StoreNotFoundException.class, () -> reader.in(young).count());
    }
  }

  @Test
  void storesOfAnotherProfileAreRefused() {
    try (Profile second = Kist.open(temporary.resolve("second"));
        Reader reader = profile.reader()) {
      Store foreign = second.store("store");
      failsWith(ErrorCode.MISUSE, () -> reader.in(foreign).get("a"));
      profile.write(writer -> failsWith(ErrorCode.MISUSE, () -> writer.in(foreign).put("a", 1)));
    }
  }

  @Test
  void oneProfileOpenedTwice() {
    try (Profile again = Kist.open(directory)) {
      store.put("a", 1);
      assertEquals(1, again.existingStore("store").getI64("a").orElseThrow());
      failsWith(ErrorCode.BUSY, again::delete);
    }
    assertTrue(store.has("a"));
    failsWith(ErrorCode.OPTION_CONFLICT, () -> Kist.open(directory, Options.defaults().withPageSize(512)));
  }

  @Test
  void whatWasWrittenIsThereAfterReopening() {
    profile.write(writer -> List.of("x", "y", "z").forEach(key -> writer.in(store).put(key, key)));
    profile.close();
    try (Profile again = Kist.open(directory, Options.forReading())) {
      Store same = again.existingStore("store");
      try (Stream<Entry> stream = same.stream()) {
        assertEquals(List.of("x", "y", "z"), stream.map(Entry::key).toList());
      }
      failsWith(ErrorCode.READ_ONLY, () -> same.put("x", 1));
      failsWith(ErrorCode.READ_ONLY, again::writer);
      failsWith(ErrorCode.READ_ONLY, () -> again.store("new"));
      failsWith(ErrorCode.READ_ONLY, again::delete);
    }
  }
}
