package org.kist;

import java.util.Objects;

/**
 * What a store is; chosen when it is created, the same for ever after.
 *
 * @param create create the store when there is none
 * @param multi any number of distinct values a key, sorted by their encodings
 * @param keys what its keys are
 */
public record StoreOptions(boolean create, boolean multi, KeyType keys) {
  private static final StoreOptions DEFAULTS = new StoreOptions(true, false, KeyType.BYTES);

  /** Makes options. */
  public StoreOptions {
    Objects.requireNonNull(keys);
  }

  /**
   * One value a key, keys of bytes, created when missing.
   *
   * @return the options
   */
  public static StoreOptions defaults() {
    return DEFAULTS;
  }

  /**
   * With another {@link #create()}.
   *
   * @param wanted whether to create the store when there is none
   * @return the changed options
   */
  public StoreOptions withCreate(boolean wanted) {
    return new StoreOptions(wanted, multi, keys);
  }

  /**
   * With another {@link #multi()}.
   *
   * @param wanted whether a key may have several values
   * @return the changed options
   */
  public StoreOptions withMulti(boolean wanted) {
    return new StoreOptions(create, wanted, keys);
  }

  /**
   * With other {@link #keys()}.
   *
   * @param type what its keys are
   * @return the changed options
   */
  public StoreOptions withKeys(KeyType type) {
    return new StoreOptions(create, multi, type);
  }
}
