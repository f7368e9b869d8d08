package org.kist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options that reach the native library: each is compared with that of the open profile, so another one conflicts. */
class OptionsTest {
  private static final Options GIVEN =
      Options.defaults()
          .withFlush(new Options.Flush(1 << 20, 250, Options.Flush.NEVER))
          .withQueue(1 << 16, 12);

  @TempDir Path temporary;

  private void conflicts(Options other, String option) {
    KistException failure = assertThrows(KistException.class, () -> Kist.open(temporary, other).close());
    assertEquals(ErrorCode.OPTION_CONFLICT, failure.code(), failure.getMessage());
    assertTrue(failure.getMessage().contains(option), failure.getMessage());
  }

  @Test
  void everyOptionThatConflictsIsNamed() {
    try (Profile profile = Kist.open(temporary, GIVEN)) {
      Kist.open(temporary, GIVEN).close();
      conflicts(GIVEN.withFlush(new Options.Flush(2 << 20, 250, Options.Flush.NEVER)), "flush_bytes");
      conflicts(GIVEN.withFlushAge(Duration.ofMillis(251)), "flush_age");
      conflicts(GIVEN.withFlush(new Options.Flush(1 << 20, 250, 7)), "flush_operations");
      conflicts(GIVEN.withQueue(1 << 17, 12), "queue_bytes");
      conflicts(GIVEN.withQueue(1 << 16, 13), "queue_operations");
      assertEquals("", profile.check().text());
    }
  }

  @Test
  void profilesShareAnEnvironment() {
    Path shared = temporary.resolve("shared");
    try (Profile one = Kist.open(temporary.resolve("one"), Options.defaults().withEnvironment(shared));
        Profile two = Kist.open(temporary.resolve("two"), Options.defaults().withEnvironment(shared))) {
      one.store("certificates").put("a", 1);
      assertEquals(1, two.store("certificates").getI64("a").orElseThrow());
      assertEquals("", one.check().text());
    }
    assertTrue(Files.exists(shared.resolve("data.kist")));
    assertTrue(Files.notExists(temporary.resolve("one").resolve("data.kist")));
  }

  @Test
  void relaxedWritesAreFlushedByTheirNumber() {
    Options options = Options.defaults().withFlush(new Options.Flush(Options.Flush.NEVER, Options.Flush.NEVER, 3));
    try (Profile profile = Kist.open(temporary, options)) {
      Store store = profile.store("store");
      Queue queue = profile.queue();
      Queued<Value> first = queue.add(store, Utf8.encode("n"), 1, Durability.RELAXED);
      queue.add(store, Utf8.encode("n"), 1, Durability.RELAXED);
      queue.add(store, Utf8.encode("n"), 1, Durability.RELAXED);
      assertEquals(Value.of(1), first.durable().join());
      assertEquals("", profile.check().text());
    }
  }

  @Test
  void nonsenseIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Options.defaults().withQueue(-1, 0));
    assertThrows(IllegalArgumentException.class, () -> Options.defaults().withFlushAge(Duration.ZERO));
    KistException failure =
        assertThrows(
            KistException.class,
            () -> Kist.open(temporary, Options.defaults().withFlush(new Options.Flush(-2, 0, 0))));
    assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
  }
}
