package org.kist;

/** The object, or the profile or reader it belongs to, was closed, committed or aborted before. */
public class ClosedException extends KistException {
  private static final long serialVersionUID = 1L;

  ClosedException(ErrorCode code, String message) {
    super(code, message);
  }
}
