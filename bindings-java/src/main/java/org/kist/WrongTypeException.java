package org.kist;

/** A value has another type than the one asked for. The message names both. */
public class WrongTypeException extends KistException {
  private static final long serialVersionUID = 1L;

  WrongTypeException(String message) {
    super(ErrorCode.WRONG_TYPE, message);
  }
}
