package org.kist;

import java.util.Objects;

/**
 * How {@link Profile#importFile} reads a file.
 *
 * @param format what the file is
 * @param onConflict what happens to a key that has another value already; the same value is never a conflict
 * @param plainBytes values of an LMDB file become blobs; else they are in rkv's encoding
 * @param unnamed the store that takes what is in no named database
 */
public record ImportOptions(Format format, OnConflict onConflict, boolean plainBytes, String unnamed) {
  /** What a file is. */
  public enum Format {
    /** Found out by its content. */
    DETECT,
    /** rkv SafeMode: {@code data.safe.bin}, in either form. */
    SAFE_MODE,
    /** LMDB 0.9: {@code data.mdb}, of 32 or 64 bits and either byte order. */
    LMDB,
    /** What {@link Profile#exportJson} writes. */
    JSON
  }

  /** What happens to a key that has another value. */
  public enum OnConflict {
    /** The import fails with {@link ErrorCode#ALREADY_EXISTS}, and nothing has changed. */
    ERROR,
    /** The value that is there stays. */
    IGNORE,
    /** The imported value takes its place. */
    REPLACE
  }

  /** Makes the options. */
  public ImportOptions {
    Objects.requireNonNull(format);
    Objects.requireNonNull(onConflict);
    Objects.requireNonNull(unnamed);
  }

  /**
   * Detects the format, fails on a conflict.
   *
   * @return the options
   */
  public static ImportOptions defaults() {
    return new ImportOptions(Format.DETECT, OnConflict.ERROR, false, "default");
  }

  /**
   * The same with another answer to conflicts.
   *
   * @param answer what happens to a key that has another value
   * @return the options
   */
  public ImportOptions onConflict(OnConflict answer) {
    return new ImportOptions(format, answer, plainBytes, unnamed);
  }

  /**
   * The same for a file that is known.
   *
   * @param known what the file is
   * @return the options
   */
  public ImportOptions format(Format known) {
    return new ImportOptions(known, onConflict, plainBytes, unnamed);
  }
}
