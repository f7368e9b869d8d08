package org.kist;

import java.util.Objects;

/**
 * How to open a profile.
 *
 * @param create create the directory and the data file when they are missing
 * @param readOnly open for reading, which needs no permission to write
 * @param pageSize at creation: bytes a page, a power of two from 256 to 65,536; 0: 4,096
 * @param fileMode at creation: permission bits of new files; 0: 0600
 * @param durability that of commits which ask for none
 */
public record Options(boolean create, boolean readOnly, int pageSize, int fileMode, Durability durability) {
  private static final Options DEFAULTS = new Options(true, false, 0, 0, Durability.DEFAULT);

  /** Makes options. */
  public Options {
    Objects.requireNonNull(durability);
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
    return new Options(false, true, 0, 0, Durability.DEFAULT);
  }

  /**
   * With another {@link #create()}.
   *
   * @param wanted whether to create what is missing
   * @return the changed options
   */
  public Options withCreate(boolean wanted) {
    return new Options(wanted, readOnly, pageSize, fileMode, durability);
  }

  /**
   * With another {@link #pageSize()}.
   *
   * @param bytes a power of two from 256 to 65,536
   * @return the changed options
   */
  public Options withPageSize(int bytes) {
    return new Options(create, readOnly, bytes, fileMode, durability);
  }

  /**
   * With another {@link #fileMode()}.
   *
   * @param bits permission bits, for instance 0660
   * @return the changed options
   */
  public Options withFileMode(int bits) {
    return new Options(create, readOnly, pageSize, bits, durability);
  }

  /**
   * With another {@link #durability()}.
   *
   * @param wanted that of commits which ask for none
   * @return the changed options
   */
  public Options withDurability(Durability wanted) {
    return new Options(create, readOnly, pageSize, fileMode, wanted);
  }
}
