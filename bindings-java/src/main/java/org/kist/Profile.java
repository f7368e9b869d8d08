package org.kist;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * An open profile: a directory with one data file that holds any number of stores, shared by all threads and processes that have it
 * open. Got from {@link Kist#open(Path)}. May be used from any thread. After it was closed, it and everything opened through it
 * throw {@link ClosedException}.
 */
public final class Profile implements AutoCloseable {
  private final Path directory;
  private final Handle handle;
  private final Turn turn = new Turn();

  /** The thread that is inside {@link #write} of this profile, or null. Only the one writer there is changes it. */
  private volatile Thread writing;

  Profile(Path directory, Options options) {
    this.directory = directory;
    long number =
        Native.open(
            fileSystemName(directory),
            options.create(),
            options.readOnly(),
            options.pageSize(),
            options.fileMode(),
            options.durability().number,
            options.environment().map(Profile::fileSystemName).orElse(null),
            options.limits());
    this.handle = new Handle(number, null);
  }

  /**
   * What to do with a reader or a writer.
   *
   * @param <T> a {@link Reader} or {@link Writer}
   * @param <X> what it may throw
   */
  @FunctionalInterface
  public interface Action<T, X extends Exception> {
    /**
     * Does it.
     *
     * @param transaction the reader or writer, valid until this returns
     * @throws X by which a writer is aborted
     */
    void run(T transaction) throws X;
  }

  /**
   * What to compute with a reader or a writer.
   *
   * @param <T> a {@link Reader} or {@link Writer}
   * @param <R> the result
   * @param <X> what it may throw
   */
  @FunctionalInterface
  public interface Computation<T, R, X extends Exception> {
    /**
     * Does it.
     *
     * @param transaction the reader or writer, valid until this returns
     * @return the result
     * @throws X by which a writer is aborted
     */
    R run(T transaction) throws X;
  }

  /**
   * The directory, as it was given.
   *
   * @return the directory
   */
  public Path directory() {
    return directory;
  }

  /**
   * Opens a store, and creates it, durably, when it is missing.
   *
   * @param name at least one character
   * @return the store
   */
  public Store store(String name) {
    return store(name, StoreOptions.defaults());
  }

  /**
   * Opens a store of any kind.
   *
   * @param name at least one character
   * @param options what it is
   * @return the store
   * @throws StoreNotFoundException when there is none, and it is not to be created
   * @throws KistException with {@link ErrorCode#WRONG_KIND} when it is something else than asked for
   */
  public Store store(String name, StoreOptions options) {
    if (options.create()) {
      refuseInsideWrite();
      if (Turn.onVirtualThread()) {
        // Only creating it waits for other writers, inside the native library.
        try {
          return new Store(this, name, options.withCreate(false));
        } catch (StoreNotFoundException missing) {
          return new Store(this, name, options);
        }
      }
    }
    return new Store(this, name, options);
  }

  /**
   * Opens a store that exists.
   *
   * @param name its name
   * @return the store
   * @throws StoreNotFoundException when there is none
   */
  public Store existingStore(String name) {
    return store(name, StoreOptions.defaults().withCreate(false));
  }

  /**
   * What the store of a name is.
   *
   * @param name the name
   * @return options that open it, or nothing when there is none
   */
  public Optional<StoreOptions> describeStore(String name) {
    int kind = Native.describeStore(handle.number(), Utf8.encode(name));
    return kind < 0
        ? Optional.empty()
        : Optional.of(new StoreOptions(false, (kind & 256) != 0, KeyType.of(kind & 255)));
  }

  /**
   * Makes an empty batch: changes of several stores that are made at once, in the order given.
   *
   * @return the batch, to be closed by the caller, or with the profile
   */
  public Batch batch() {
    return new Batch(this);
  }

  /**
   * Names of all stores.
   *
   * @return the names in the order of their bytes
   */
  public List<String> storeNames() {
    return Arrays.stream(Native.storeNames(handle.number())).map(Utf8::decode).toList();
  }

  /**
   * Removes a store and everything in it, durably. Objects that stand for it throw {@link StoreNotFoundException} until a store of
   * that name is created again.
   *
   * @param name its name
   * @return whether there was one
   */
  public boolean dropStore(String name) {
    refuseInsideWrite();
    return Native.dropStore(handle.number(), Utf8.encode(name));
  }

  /**
   * Makes a queue for reads and writes that are done later. Its writes wait for room as long as it takes.
   *
   * @return the queue, to be closed by the caller, or with the profile
   */
  public Queue queue() {
    return new Queue(this, -1);
  }

  /**
   * Makes a queue for reads and writes that are done later.
   *
   * @param timeout how long a write waits for room, in whole milliseconds; zero: not at all
   * @return the queue, to be closed by the caller, or with the profile
   */
  public Queue queue(Duration timeout) {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout " + timeout + " is negative");
    }
    return new Queue(this, timeout.toMillis());
  }

  /**
   * Begins a snapshot of the newest commit.
   *
   * @return the snapshot, to be closed by the caller
   */
  public Reader reader() {
    return new Reader(this);
  }

  /**
   * Reads several things from one snapshot.
   *
   * @param <R> the result
   * @param <X> what the computation may throw
   * @param computation what to read; must not keep the reader
   * @return its result
   * @throws X as the computation does
   */
  public <R, X extends Exception> R read(Computation<? super Reader, R, X> computation) throws X {
    try (Reader reader = reader()) {
      return computation.run(reader);
    }
  }

  /**
   * Begins the write transaction; waits while another one is open, in any process.
   *
   * @return the transaction, to be committed or closed by the caller. Until then the same thread must write through it alone:
   *     methods of {@link Store} that write would wait for it for ever, which is refused (MISUSE), but on virtual threads is not
   *     noticed.
   */
  public Writer writer() {
    refuseInsideWrite();
    return new Writer(this, Turn.FOREVER);
  }

  /**
   * Begins the write transaction; waits for its turn for a limited time.
   *
   * @param timeout how long, in whole milliseconds; zero: not at all
   * @return the transaction, as {@link #writer()} gives it
   * @throws BusyException when the turn did not come in time
   */
  public Writer writer(Duration timeout) {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout " + timeout + " is negative");
    }
    return new Writer(this, timeout.toMillis());
  }

  /**
   * Changes several things, in any stores, as a whole or not at all: commits when the action returns, forgets everything when it
   * throws. An action that calls {@link Writer#abort()} ends without changes and without an exception.
   *
   * <pre>{@code
   * profile.write(w -> {
   *   w.in(accounts).put("a", 90);
   *   w.in(log).put("last", "a");
   * });
   * }</pre>
   *
   * @param <X> what the action may throw
   * @param action what to change; must not keep the writer, nor write through a {@link Store} itself ({@link ErrorCode#MISUSE})
   * @throws X as the action does
   */
  public <X extends Exception> void write(Action<? super Writer, X> action) throws X {
    write(Durability.DEFAULT, action);
  }

  /**
   * As {@link #write(Action)}, with a durability of its own.
   *
   * @param <X> what the action may throw
   * @param durability how the commit lasts
   * @param action what to change
   * @throws X as the action does
   */
  public <X extends Exception> void write(Durability durability, Action<? super Writer, X> action) throws X {
    update(
        durability,
        writer -> {
          action.run(writer);
          return null;
        });
  }

  /**
   * As {@link #write(Action)}, giving a result.
   *
   * @param <R> the result
   * @param <X> what the computation may throw
   * @param computation what to change
   * @return its result, after the commit
   * @throws X as the computation does
   */
  public <R, X extends Exception> R update(Computation<? super Writer, R, X> computation) throws X {
    return update(Durability.DEFAULT, computation);
  }

  /**
   * As {@link #write(Action)}, giving a result, with a durability of its own.
   *
   * @param <R> the result
   * @param <X> what the computation may throw
   * @param durability how the commit lasts
   * @param computation what to change
   * @return its result, after the commit
   * @throws X as the computation does
   */
  public <R, X extends Exception> R update(Durability durability, Computation<? super Writer, R, X> computation) throws X {
    Objects.requireNonNull(durability);
    try (Writer writer = writer()) {
      R result;
      writing = Thread.currentThread();
      try {
        result = computation.run(writer);
      } finally {
        writing = null;
      }
      if (!writer.wasEnded()) {
        writer.commit(durability);
      }
      return result;
    }
  }

  /** Makes every commit so far durable, also relaxed ones of other threads and processes. */
  public void sync() {
    Native.sync(handle.number());
  }

  /**
   * Sizes and counters.
   *
   * @return the numbers of this moment
   */
  public Stats stats() {
    return Stats.of(Native.stats(handle.number()));
  }

  /**
   * Stores what a file holds: all of it, in one durable transaction, or on any error nothing. The file is only read. Stores are
   * created as needed.
   *
   * @param file rkv's {@code data.safe.bin}, LMDB's {@code data.mdb} or what {@link #exportJson} wrote
   * @param options how
   * @return what was done
   * @throws DamagedException when the file is not whole
   */
  public ImportReport importFile(Path file, ImportOptions options) {
    refuseInsideWrite();
    return ImportReport.of(
        Native.importFile(
            handle.number(),
            fileSystemName(file),
            options.format().ordinal(),
            options.onConflict().ordinal(),
            options.plainBytes(),
            Utf8.encode(options.unnamed())));
  }

  /**
   * Writes one snapshot of all stores as a JSON document that {@link #importFile} makes the same of again.
   *
   * @param file a new file
   * @return the number of records
   * @throws IOException when the file exists, or cannot be written
   */
  public long exportJson(Path file) throws IOException {
    Files.createFile(file);
    long records = Native.exportJson(handle.number(), fileSystemName(file));
    if (records < 0) {
      throw new IOException(file + ": cannot be written");
    }
    return records;
  }

  /**
   * Reads the whole profile and reports every broken invariant. Damage is a part of the report, not an exception.
   *
   * @return what was found
   */
  public CheckReport check() {
    long[] numbers = new long[3];
    byte[] text = Native.check(handle.number(), numbers);
    return new CheckReport(numbers[0], numbers[1], numbers[2], Utf8.decode(text));
  }

  /**
   * Closes the profile, and deletes its data file and lock file; the directory stays. All data is lost.
   *
   * @throws BusyException when it is open through another object in this process: nothing was deleted, and this stays open
   * @throws KistException with {@link ErrorCode#READ_ONLY} when it was opened for reading: likewise
   */
  public void delete() {
    Native.delete(handle.number());
    handle.markEnded();
  }

  /**
   * Closes everything opened through this object; open writers are aborted. The last close in all processes flushes, and marks the
   * file as cleanly closed. Closing again does nothing.
   *
   * @throws KistException when that flush fails; the profile is closed all the same
   */
  @Override
  public void close() {
    handle.end(Native::close);
  }

  @Override
  public String toString() {
    return "Profile[" + directory + "]";
  }

  Handle handle() {
    return handle;
  }

  Turn turn() {
    return turn;
  }

  /** Turns what would wait for its own thread for ever into an exception. */
  void refuseInsideWrite() {
    if (writing == Thread.currentThread()) {
      throw new KistException(
          ErrorCode.MISUSE, "this thread is inside Profile.write: change stores through its writer, Writer.in(store)");
    }
  }

  /** The name as the file system has it: UTF-8 on Windows, its bytes elsewhere. */
  private static byte[] fileSystemName(Path path) {
    boolean windows = System.getProperty("os.name").startsWith("Windows");
    String encoding = windows ? "UTF-8" : System.getProperty("sun.jnu.encoding", "UTF-8");
    return path.toString().getBytes(Charset.forName(encoding));
  }
}
