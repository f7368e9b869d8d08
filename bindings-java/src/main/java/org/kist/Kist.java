package org.kist;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Kist: an embedded, typed, crash-safe key-value store that many processes and many languages share.
 *
 * <pre>{@code
 * try (Profile profile = Kist.open(Path.of("/tmp/profile"))) {
 *   Store preferences = profile.store("preferences");
 *   preferences.put("tabs.max", 40);
 *   long most = preferences.getI64("tabs.max").orElse(20);
 * }
 * }</pre>
 */
public final class Kist {
  private Kist() {}

  /**
   * Opens the profile in a directory for reading and writing, and creates it when it is missing.
   *
   * @param directory the directory
   * @return the profile, to be closed by the caller
   * @throws KistException as {@link #open(Path, Options)}
   */
  public static Profile open(Path directory) {
    return open(directory, Options.defaults());
  }

  /**
   * Opens the profile in a directory. Opening one that this process, or another, has open already is fine: all see the same data.
   *
   * @param directory the directory
   * @param options how
   * @return the profile, to be closed by the caller
   * @throws KistException with the code {@link ErrorCode#NOT_FOUND} (missing, and not to be created), {@link
   *     ErrorCode#PERMISSION}, {@link ErrorCode#NOT_A_STORE}, {@link ErrorCode#NEWER_FORMAT}, {@link ErrorCode#DAMAGED}, {@link
   *     ErrorCode#OPTION_CONFLICT}, {@link ErrorCode#INVALID_ARGUMENT}, {@link ErrorCode#IO} or {@link ErrorCode#NO_SPACE}
   */
  public static Profile open(Path directory, Options options) {
    return new Profile(directory, Objects.requireNonNull(options));
  }

  /**
   * Release of the native library.
   *
   * @return for instance "0.1.0"
   */
  public static String version() {
    return Native.version();
  }
}
