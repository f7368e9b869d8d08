package org.kist;

/** How a commit is made to last. */
public enum Durability {
  /** As the profile was opened; for a profile: {@link #DURABLE}. */
  DEFAULT(0),
  /** On the device before the call returns. */
  DURABLE(1),
  /**
   * Visible at once, on the device with the next durable commit, sync or close. A crash of the machine before that goes back to
   * the last durable commit; the file is never damaged.
   */
  RELAXED(2);

  final int number;

  Durability(int number) {
    this.number = number;
  }
}
