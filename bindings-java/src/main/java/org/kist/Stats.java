package org.kist;

/**
 * Sizes and counters of a profile.
 *
 * @param pageSize bytes a page
 * @param filePages length of the data file, in pages
 * @param freePages pages that the next commit may take
 * @param pendingPages freed pages that a snapshot may still need
 * @param transactionId newest committed transaction
 * @param durableId newest transaction known to be on the device
 * @param oldestPinned oldest snapshot that a reader holds, or transactionId
 * @param stores number of stores
 * @param flushes flushes by this process since it opened the profile
 * @param bytesWritten bytes written by this process since it opened the profile
 */
public record Stats(
    long pageSize,
    long filePages,
    long freePages,
    long pendingPages,
    long transactionId,
    long durableId,
    long oldestPinned,
    long stores,
    long flushes,
    long bytesWritten) {
  /** Number of fields, which the native library fills in this order. */
  static final int FIELDS = 10;

  static Stats of(long[] f) {
    return new Stats(f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9]);
  }
}
