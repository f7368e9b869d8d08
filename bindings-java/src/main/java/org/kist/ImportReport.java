package org.kist;

/**
 * What an import did; each record was added, unchanged, replaced or ignored.
 *
 * @param stores stores that were read
 * @param records records that were read
 * @param added new ones
 * @param unchanged there already, the same
 * @param replaced with {@link ImportOptions.OnConflict#REPLACE}
 * @param ignored with {@link ImportOptions.OnConflict#IGNORE}
 */
public record ImportReport(long stores, long records, long added, long unchanged, long replaced, long ignored) {
  static ImportReport of(long[] f) {
    return new ImportReport(f[0], f[1], f[2], f[3], f[4], f[5]);
  }
}
