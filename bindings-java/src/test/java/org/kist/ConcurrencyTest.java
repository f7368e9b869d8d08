package org.kist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

class ConcurrencyTest extends WithProfile {
  private static final int ACCOUNTS = 8;
  private static final long SUM = 800;

  /** Eight threads write and eight read; no snapshot shows half a transfer, and no transfer is lost. */
  @Test
  void manyThreadsOnOneProfile() throws InterruptedException, ExecutionException {
    final int writers = 8;
    final int transfers = 200;
    fill(store);
    Store counters = profile.store("counters");
    List<Callable<Long>> work = new ArrayList<>();
    for (int i = 0; i < writers; ++i) {
      Random random = new Random(i);
      work.add(
          () -> {
            for (int round = 0; round < transfers; ++round) {
              transfer(profile, store, counters, random);
            }
            return SUM;
          });
      work.add(
          () -> {
            long wrong = SUM;
            for (int round = 0; round < transfers; ++round) {
              long sum = profile.read(reader -> sum(reader.in(store)));
              wrong = sum == SUM ? wrong : sum;
            }
            return wrong;
          });
    }
    ExecutorService threads = Executors.newFixedThreadPool(work.size());
    try {
      for (Future<Long> each : threads.invokeAll(work)) {
        assertEquals(SUM, each.get());
      }
    } finally {
      threads.shutdown();
    }
    assertEquals(writers * transfers, counters.getU64("transfers").orElseThrow());
  }

  /** Many more virtual threads than carriers, each giving up its carrier while it is the writer. */
  @Test
  @EnabledIf(value = "hasVirtualThreads", disabledReason = "this Java has no virtual threads")
  void manyVirtualThreads() throws ReflectiveOperationException, InterruptedException, ExecutionException {
    ExecutorService threads =
        (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    fill(store);
    Store counters = profile.store("counters");
    List<Callable<Long>> work = new ArrayList<>();
    for (int i = 0; i < 500; ++i) {
      Random random = new Random(i);
      String key = "k" + i;
      work.add(
          () -> {
            transfer(profile, store, counters, random);
            profile.write(Durability.RELAXED, writer -> Thread.sleep(1));
            profile.store("created").put(key, true);
            return sum(store);
          });
    }
    for (Future<Long> each : threads.invokeAll(work)) {
      assertEquals(SUM, each.get());
    }
    assertEquals(500, counters.getU64("transfers").orElseThrow());
    assertEquals(500, profile.store("created").count());
  }

  static boolean hasVirtualThreads() {
    return Runtime.version().feature() >= 21;
  }

  @Test
  void twoProcessesOnOneProfile() throws IOException, InterruptedException {
    fill(store);
    Store counters = profile.store("counters");
    Process other = Children.start(TransferMain.class, directory.toString());
    int mine = 0;
    Random random = new Random(99);
    while (other.isAlive()) {
      transfer(profile, store, counters, random);
      ++mine;
      assertEquals(SUM, sum(store));
    }
    assertEquals(0, other.waitFor());
    assertTrue(mine > 0);
    assertEquals(mine + TransferMain.TRANSFERS, counters.getU64("transfers").orElseThrow());
    assertEquals(SUM, sum(store));
  }

  /** What the other process does. */
  static final class TransferMain {
    static final int TRANSFERS = 500;

    public static void main(String[] arguments) {
      try (Profile profile = Kist.open(Path.of(arguments[0]))) {
        Store accounts = profile.existingStore("store");
        Store counters = profile.existingStore("counters");
        Random random = new Random(7);
        for (int i = 0; i < TRANSFERS; ++i) {
          transfer(profile, accounts, counters, random);
        }
      }
    }
  }

  private void fill(Store accounts) {
    profile.write(
        writer -> {
          for (int i = 0; i < ACCOUNTS; ++i) {
            writer.in(accounts).put("a" + i, SUM / ACCOUNTS);
          }
        });
  }

  private static void transfer(Profile profile, Store accounts, Store counters, Random random) {
    String from = "a" + random.nextInt(ACCOUNTS);
    String to = "a" + random.nextInt(ACCOUNTS);
    profile.write(
        Durability.RELAXED,
        writer -> {
          Updatable balances = writer.in(accounts);
          balances.put(from, balances.getI64(from).orElseThrow() - 1);
          balances.put(to, balances.getI64(to).orElseThrow() + 1);
          Updatable counts = writer.in(counters);
          counts.putU64("transfers", counts.getU64("transfers").orElse(0) + 1);
        });
  }

  private static long sum(Scannable accounts) {
    long sum = 0;
    try (Entries entries = accounts.entries()) {
      while (entries.hasNext()) {
        sum += ((Value.I64) entries.next().value()).value();
      }
    }
    return sum;
  }
}
