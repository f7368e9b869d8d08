package org.kist;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * How to open a profile. Where this process has it open already, every option must agree with it, except {@link #create()}: {@link
 * ErrorCode#OPTION_CONFLICT} otherwise.
 *
 * @param create create the directory and the data file when they are missing
 * @param readOnly open for reading, which needs no permission to write
 * @param pageSize at creation: bytes a page, a power of two from 256 to 65,536; 0: 4,096
 * @param fileMode at creation: permission bits of new files; 0: 0600
 * @param durability that of commits which ask for none
 * @param environment keep the data in that directory instead, so that several profiles share one environment
 * @param flush when relaxed commits are made durable by themselves
 * @param queueBytes writes wait for room when so many bytes, about, are queued; 0: 16 MiB
 * @param queueOperations writes wait for room when so many are queued; 0: 65,536
 */
public record Options(
    boolean create,
    boolean readOnly,
    int pageSize,
    int fileMode,
    Durability durability,
    Optional<Path> environment,
    Flush flush,
    long queueBytes,
    long queueOperations) {
  private static final Options DEFAULTS =
      new Options(true, false, 0, 0, Durability.DEFAULT, Optional.empty(), Flush.DEFAULTS, 0, 0);

  /**
   * When relaxed commits are made durable by themselves: for the first reason of these. Each 0: the default; {@link #NEVER}: not for
   * that reason.
   *
   * @param bytes when a flush has so many bytes to write; 0: 32 MiB
   * @param ageMillis when the oldest of them is so old, in milliseconds; 0: 5 seconds
   * @param operations when so many queued writes are not durable; 0: 1,000
   */
  public record Flush(long bytes, long ageMillis, long operations) {
    /** Not for that reason. */
    public static final long NEVER = -1;

    /** The defaults. */
    public static final Flush DEFAULTS = new Flush(0, 0, 0);
  }

  /** Makes options. */
  public Options {
    Objects.requireNonNull(durability);
    Objects.requireNonNull(environment);
    Objects.requireNonNull(flush);
    if (queueBytes < 0 || queueOperations < 0) {
      throw new IllegalArgumentException("a queue of " + queueBytes + " bytes, " + queueOperations + " writes");
    }
  }

  /**
   * For reading and writing, created when missing, durable.
   *
   * @return the options
   */
  public static Options defaults() {
    return DEFAULTS;
  }

  /**
   * For reading alone; nothing is created.
   *
   * @return the options
   */
  public static Options forReading() {
    return new Options(false, true, 0, 0, Durability.DEFAULT, Optional.empty(), Flush.DEFAULTS, 0, 0);
  }

  /**
   * With another {@link #create()}.
   *
   * @param wanted whether to create what is missing
   * @return the changed options
   */
  public Options withCreate(boolean wanted) {
    return new Options(
        wanted, readOnly, pageSize, fileMode, durability, environment, flush, queueBytes, queueOperations);
  }

  /**
   * With another {@link #pageSize()}.
   *
   * @param bytes a power of two from 256 to 65,536
   * @return the changed options
   */
  public Options withPageSize(int bytes) {
    return new Options(
        create, readOnly, bytes, fileMode, durability, environment, flush, queueBytes, queueOperations);
  }

  /**
   * With another {@link #fileMode()}.
   *
   * @param bits permission bits, for instance 0660
   * @return the changed options
   */
  public Options withFileMode(int bits) {
    return new Options(
        create, readOnly, pageSize, bits, durability, environment, flush, queueBytes, queueOperations);
  }

  /**
   * With another {@link #durability()}.
   *
   * @param wanted that of commits which ask for none
   * @return the changed options
   */
  public Options withDurability(Durability wanted) {
    return new Options(
        create, readOnly, pageSize, fileMode, wanted, environment, flush, queueBytes, queueOperations);
  }

  /**
   * With an {@link #environment()}.
   *
   * @param directory where the data is kept
   * @return the changed options
   */
  public Options withEnvironment(Path directory) {
    return new Options(
        create, readOnly, pageSize, fileMode, durability, Optional.of(directory), flush, queueBytes, queueOperations);
  }

  /**
   * With another {@link #flush()} by age alone.
   *
   * @param age how old a relaxed commit may be; at least a millisecond
   * @return the changed options
   */
  public Options withFlushAge(Duration age) {
    if (age.toMillis() <= 0) {
      throw new IllegalArgumentException("an age of " + age);
    }
    return withFlush(new Flush(flush.bytes(), age.toMillis(), flush.operations()));
  }

  /**
   * With another {@link #flush()}.
   *
   * @param wanted when relaxed commits are made durable by themselves
   * @return the changed options
   */
  public Options withFlush(Flush wanted) {
    return new Options(
        create, readOnly, pageSize, fileMode, durability, environment, wanted, queueBytes, queueOperations);
  }

  /**
   * With another room for queued writes.
   *
   * @param bytes so many bytes, about; 0: 16 MiB
   * @param operations and so many writes; 0: 65,536
   * @return the changed options
   */
  public Options withQueue(long bytes, long operations) {
    return new Options(
        create, readOnly, pageSize, fileMode, durability, environment, flush, bytes, operations);
  }

  /** The numbers as {@link Native#open} takes them. */
  long[] limits() {
    return new long[] {flush.bytes(), flush.ageMillis(), flush.operations(), queueBytes, queueOperations};
  }
}
