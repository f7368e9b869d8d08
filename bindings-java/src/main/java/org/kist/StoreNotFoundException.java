package org.kist;

/** There is no store of that name, in the profile or in the snapshot that was asked. */
public class StoreNotFoundException extends KistException {
  private static final long serialVersionUID = 1L;

  StoreNotFoundException(String message) {
    super(ErrorCode.TABLE_NOT_FOUND, message);
  }
}
