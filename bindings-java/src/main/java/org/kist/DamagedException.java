package org.kist;

/** The data file, or a value in it, contradicts itself. Nothing has been changed or discarded. */
public class DamagedException extends KistException {
  private static final long serialVersionUID = 1L;

  DamagedException(ErrorCode code, String message) {
    super(code, message);
  }
}
