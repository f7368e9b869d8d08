package org.kist;

/** Another writer did not finish in the time that was given. */
public class BusyException extends KistException {
  private static final long serialVersionUID = 1L;

  BusyException(ErrorCode code, String message) {
    super(code, message);
  }
}
