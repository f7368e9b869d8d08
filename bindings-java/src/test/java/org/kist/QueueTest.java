package org.kist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class QueueTest extends WithProfile {
  private static KistException failure(ErrorCode code, CompletableFuture<?> future) {
    CompletionException thrown = assertThrows(CompletionException.class, future::join);
    KistException failure = assertInstanceOf(KistException.class, thrown.getCause());
    assertEquals(code, failure.code(), failure.getMessage());
    return failure;
  }

  @Test
  void writesAreVisibleThenDurable() {
    try (Queue queue = profile.queue()) {
      Queued<Void> queued = queue.put(store, "a", Value.of(1));
      queued.committed().join();
      assertEquals(Value.of(1), store.get("a").orElseThrow());
      queued.durable().join();
      assertEquals(Value.of(6), queue.add(store, "a", 5).committed().join());
      assertEquals(Optional.of(Value.of(6)), queue.get(store, "a").join());
      assertTrue(queue.delete(store, "a").durable().join());
      assertFalse(queue.delete(store, "a").committed().join());
      assertEquals(Optional.empty(), queue.get(store, "a").join());
    }
  }

  @Test
  void readsSeeWhatWasQueuedBefore() {
    Queue queue = profile.queue();
    List<CompletableFuture<Optional<Value>>> reads = new ArrayList<>();
    for (int i = 0; i < 200; ++i) {
      queue.put(store, Utf8.encode("n"), Value.of(i), Durability.RELAXED);
      reads.add(queue.get(store, "n"));
    }
    for (int i = 0; i < 200; ++i) {
      assertEquals(Optional.of(Value.of(i)), reads.get(i).join());
    }
    queue.flush().join();
  }

  @Test
  void errorsAreThoseOfTheOperation() {
    Queue queue = profile.queue();
    store.put("text", "x");
    failure(ErrorCode.WRONG_TYPE, queue.add(store, "text", 1).committed());
    failure(ErrorCode.WRONG_TYPE, queue.get(store, Utf8.encode("text"), Value.I64.class));
    failure(ErrorCode.KEY_TOO_LONG, queue.put(store, "k".repeat(5000), Value.of(1)).durable());
    assertThrows(NullPointerException.class, () -> queue.put(store, "k", null));
  }

  @Test
  void whatHasNotBegunCanBeCancelled() {
    Queue queue = profile.queue();
    Queued<Void> first;
    Queued<Void> second;
    try (Writer writer = profile.writer()) {
      first = queue.put(store, "a", Value.of(1));
      second = queue.put(store, "b", Value.of(2));
      assertTrue(second.cancel());
      assertFalse(second.cancel());
      writer.abort();
    }
    first.durable().join();
    failure(ErrorCode.CANCELLED, second.committed());
    failure(ErrorCode.CANCELLED, second.durable());
    assertEquals(1, store.count());
  }

  @Test
  void dependentsMayWait() {
    Queue queue = profile.queue();
    queue
        .put(store, "a", Value.of(1))
        .committed()
        .thenRun(() -> queue.put(store, "b", Value.of(2)).durable().join())
        .join();
    assertEquals(2, store.count());
  }

  @Test
  void closeFinishesWhatIsQueued() {
    Queue queue = profile.queue();
    List<Queued<Value>> queued = new ArrayList<>();
    for (int i = 0; i < 100; ++i) {
      queued.add(queue.add(store, "n", 1));
    }
    profile.close();
    assertEquals(Value.of(100), queued.get(99).durable().join());
    assertThrows(ClosedException.class, () -> queue.put(store, "n", Value.of(1)));
    try (Profile again = Kist.open(directory)) {
      assertEquals(Value.of(100), again.store("store").get("n").orElseThrow());
    }
  }
}
