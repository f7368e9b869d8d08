package org.kist;

/**
 * What a check of a whole profile has found.
 *
 * @param violations broken invariants; 0 when the profile is sound
 * @param pagesWalked pages that were read
 * @param records records that were seen
 * @param text one line for each violation: where it is, what was found and expected
 */
public record CheckReport(long violations, long pagesWalked, long records, String text) {
  /**
   * Whether no invariant is broken.
   *
   * @return true when the profile is sound
   */
  public boolean isClean() {
    return violations == 0;
  }
}
