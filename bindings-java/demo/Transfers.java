import java.nio.file.Path;
import java.util.Random;
import org.kist.Durability;
import org.kist.Kist;
import org.kist.Options;
import org.kist.Profile;
import org.kist.Scannable;
import org.kist.Store;
import org.kist.Updatable;

/**
 * The Java part of the test in which several languages write at the same time: transfers between accounts, whose sum every snapshot
 * must show unchanged.
 *
 * <p>Arguments: PROFILE_DIR SECONDS SEED. The profile has a store "accounts" with "a0" to "a9", of 10,000 in all. Ends after
 * SECONDS or 10,000 transactions, whichever is later, and prints one line of JSON; status 0 only if every sum was right.
 */
final class Transfers {
  private static final int ACCOUNTS = 10;
  private static final long SUM = 10_000;
  private static final long FEWEST = 10_000;
  private static final String COUNTER = "count/java";

  private Transfers() {}

  public static void main(String[] arguments) {
    if (arguments.length != 3) {
      System.err.println("usage: Transfers PROFILE_DIR SECONDS SEED");
      System.exit(2);
    }
    long end = System.nanoTime() + Long.parseLong(arguments[1]) * 1_000_000_000L;
    Random random = new Random(Long.parseLong(arguments[2]));
    long transactions = 0;
    long checks = 0;
    boolean ok = true;
    try (Profile profile = Kist.open(Path.of(arguments[0]), Options.defaults().withCreate(false))) {
      Store accounts = profile.existingStore("accounts");
      Store counters = profile.store("counters");
      while (ok && (transactions < FEWEST || System.nanoTime() < end)) {
        transfer(profile, accounts, counters, random);
        if (++transactions % 100 == 0) {
          ++checks;
          ok = sumIsRight(profile, accounts);
        }
      }
      ok &= sumIsRight(profile, accounts);
      ++checks;
    }
    System.out.printf(
        "{\"language\":\"java\",\"transactions\":%d,\"checks\":%d,\"ok\":%b}%n", transactions, checks, ok);
    System.exit(ok ? 0 : 1);
  }

  private static void transfer(Profile profile, Store accounts, Store counters, Random random) {
    String from = "a" + random.nextInt(ACCOUNTS);
    String to = "a" + random.nextInt(ACCOUNTS);
    long amount = random.nextInt(100);
    profile.write(
        Durability.RELAXED,
        writer -> {
          Updatable balances = writer.in(accounts);
          balances.put(from, balances.getI64(from).orElseThrow() - amount);
          balances.put(to, balances.getI64(to).orElseThrow() + amount);
          Updatable counts = writer.in(counters);
          counts.putU64(COUNTER, counts.getU64(COUNTER).orElse(0) + 1);
        });
  }

  private static boolean sumIsRight(Profile profile, Store accounts) {
    return profile.read(
        reader -> {
          Scannable balances = reader.in(accounts);
          long sum = 0;
          for (int i = 0; i < ACCOUNTS; ++i) {
            sum += balances.getI64("a" + i).orElseThrow();
          }
          if (sum != SUM) {
            System.err.printf("java: snapshot %d has a sum of %d%n", reader.id(), sum);
          }
          return sum == SUM;
        });
  }
}
