package org.kist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class LifetimeTest extends WithProfile {
  @Test
  void everythingThrowsAfterItsProfileWasClosed() {
    store.put("a", 1);
    Reader reader = profile.reader();
    Entries entries = reader.in(store).entries();
    Entries own = store.entries();
    Writer writer = profile.writer();
    writer.in(store).put("lost", 1);
    profile.close();
    List<Executable> calls =
        List.of(
            () -> store.get("a"),
            () -> store.put("a", 1),
            () -> store.has("a"),
            () -> store.delete("a"),
            store::count,
            store::clear,
            store::entries,
            reader::id,
            () -> reader.in(store).get("a"),
            () -> reader.in(store).has("a"),
            () -> reader.in(store).count(),
            () -> reader.in(store).entries(),
            entries::next,
            own::next,
            () -> writer.in(store).get("a"),
            () -> writer.in(store).has("a"),
            () -> writer.in(store).put("a", 1),
            () -> writer.in(store).delete("a"),
            () -> writer.in(store).clear(),
            writer::commit,
            writer::abort,
            () -> profile.store("store"),
            () -> profile.existingStore("store"),
            () -> profile.dropStore("store"),
            profile::storeNames,
            profile::reader,
            profile::writer,
            profile::sync,
            profile::stats,
            profile::check,
            profile::delete,
            () -> profile.write(w -> w.in(store).put("a", 1)),
            () -> profile.read(r -> r.in(store).count()));
    for (Executable call : calls) {
      assertEquals(ErrorCode.CLOSED, assertThrows(ClosedException.class, call).code());
    }
    // Closing again, in any order, does nothing.
    profile.close();
    store.close();
    entries.close();
    own.close();
    reader.close();
    writer.close();
    try (Profile again = Kist.open(directory)) {
      assertFalse(again.store("store").has("lost"));
      assertTrue(again.store("store").has("a"));
    }
  }

  @Test
  void aWriteWhoseProfileIsClosedMeanwhileIsNoSuccess() {
    assertThrows(
        ClosedException.class,
        () ->
            profile.write(
                writer -> {
                  writer.in(store).put("a", 1);
                  profile.close();
                }));
    try (Profile again = Kist.open(directory)) {
      assertTrue(again.store("store").isEmpty());
    }
  }

  @Test
  void readersAndStoresOnTheirOwn() {
    Reader reader = profile.reader();
    Entries entries = reader.in(store).entries();
    reader.close();
    reader.close();
    assertThrows(ClosedException.class, reader::id);
    assertThrows(ClosedException.class, entries::hasNext);
    Store second = profile.store("store");
    second.close();
    second.close();
    assertThrows(ClosedException.class, () -> second.get("a"));
    store.put("a", 1);
  }

  @Test
  void deletedProfiles() {
    store.put("a", 1);
    profile.delete();
    assertFalse(Files.exists(directory.resolve("data.kist")));
    assertTrue(Files.exists(directory));
    assertThrows(ClosedException.class, () -> store.get("a"));
    failsWith(ErrorCode.NOT_FOUND, () -> Kist.open(directory, Options.defaults().withCreate(false)));
  }

  @Test
  void transactionsPassBetweenThreads() throws InterruptedException {
    Writer writer = profile.writer();
    elsewhere(() -> writer.in(store).put("a", 1));
    elsewhere(writer::commit);
    Reader reader = profile.reader();
    Entries entries = reader.in(store).entries();
    elsewhere(() -> assertEquals("a", entries.next().key()));
    elsewhere(reader::close);
    assertThrows(ClosedException.class, entries::hasNext);
    elsewhere(profile::close);
    assertThrows(ClosedException.class, () -> store.get("a"));
  }

  /** Threads that use everything while another closes it see ClosedException and nothing else; the process goes on. */
  @Test
  void closingUnderOtherThreads() throws InterruptedException {
    profile.close();
    for (int round = 0; round < 20; ++round) {
      Profile victim = Kist.open(directory, Options.defaults().withDurability(Durability.RELAXED));
      Store shared = victim.store("store");
      AtomicReference<Throwable> wrong = new AtomicReference<>();
      CountDownLatch busy = new CountDownLatch(4);
      List<Thread> threads = new ArrayList<>();
      threads.add(user(wrong, busy, () -> shared.put("a", new byte[500])));
      threads.add(user(wrong, busy, () -> shared.get("a")));
      threads.add(user(wrong, busy, () -> shared.stream().mapToLong(each -> each.keyBytes().length).sum()));
      threads.add(user(wrong, busy, () -> victim.write(w -> w.in(shared).put("b", w.in(shared).has("a")))));
      busy.await();
      victim.close();
      for (Thread thread : threads) {
        thread.join();
      }
      assertNull(wrong.get(), () -> wrong.get().toString());
    }
  }

  private static Thread user(AtomicReference<Throwable> wrong, CountDownLatch busy, Executable call) {
    Thread thread =
        new Thread(
            () -> {
              try {
                call.execute();
              } catch (Throwable failure) {
                wrong.set(failure);
              }
              busy.countDown();
              try {
                while (true) {
                  call.execute();
                }
              } catch (ClosedException expected) {
                // The end that was waited for.
              } catch (Throwable failure) {
                wrong.set(failure);
              }
            });
    thread.start();
    return thread;
  }

  private static void elsewhere(Executable call) throws InterruptedException {
    AtomicReference<Throwable> failed = new AtomicReference<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                call.execute();
              } catch (Throwable failure) {
                failed.set(failure);
              }
            });
    thread.start();
    thread.join();
    assertNull(failed.get(), () -> failed.get().toString());
  }
}
