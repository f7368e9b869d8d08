package org.kist;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * A call of Kist failed. {@link #code()} says why, in numbers that are the same in every language; the message names the file,
 * store or key, what was found and what was expected. Failures that programs commonly tell apart have a subclass.
 */
public class KistException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  /**
   * Makes an exception.
   *
   * @param code why
   * @param message for people
   */
  public KistException(ErrorCode code, String message) {
    super(message);
    this.code = Objects.requireNonNull(code);
  }

  /**
   * Why the call failed.
   *
   * @return the stable error
   */
  public ErrorCode code() {
    return code;
  }

  @Override
  public String toString() {
    return getClass().getName() + " (" + code + "): " + getMessage();
  }

  /** Called by the native library with what the C interface reported: a number and a message in UTF-8. */
  static KistException of(int number, byte[] message) {
    String text = new String(message, StandardCharsets.UTF_8);
    ErrorCode code = ErrorCode.of(number);
    if (code == null) {
      return new KistException(ErrorCode.INTERNAL, "error " + number + ": " + text);
    }
    return of(code, text);
  }

  static KistException of(ErrorCode code, String message) {
    return switch (code) {
      case WRONG_TYPE -> new WrongTypeException(message);
      case CLOSED, TRANSACTION_ENDED, FORKED -> new ClosedException(code, message);
      case TABLE_NOT_FOUND -> new StoreNotFoundException(message);
      case BUSY, TIMED_OUT -> new BusyException(code, message);
      case DAMAGED, BAD_VALUE -> new DamagedException(code, message);
      default -> new KistException(code, message);
    };
  }
}
