package org.kist;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * A walk over entries of one store in one snapshot. It closes itself at its end; a walk that is broken off must be closed, because
 * space that its snapshot sees is not reused while it is open. To be used from one thread at a time.
 */
public final class Entries implements Iterator<Entry>, AutoCloseable {
  /** A first batch that suits short walks; each further one is twice as long. */
  private static final int FIRST_BATCH = 16;

  private static final int LARGEST_BATCH = 4096;
  private static final int BATCH_BYTES = 1 << 18;
  private static final byte[] NO_ENTRIES = {};
  private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final Handle handle;
  /** The snapshot that was made for this walk alone and ends with it; null when it is somebody else's. */
  private final Reader owned;

  private byte[] batch = NO_ENTRIES;
  private int position = 0;
  private int batchLength = FIRST_BATCH;
  private boolean atEnd;

  /**
   * @param handle the native iterator, or null for a walk over nothing
   * @param owned a snapshot to close with this, or null
   */
  Entries(Handle handle, Reader owned) {
    this.handle = handle;
    this.owned = owned;
    this.atEnd = handle == null;
    if (atEnd) {
      close();
    }
  }

  /**
   * Whether there is a further entry.
   *
   * @return false at the end, for ever
   * @throws ClosedException when the walk was broken off by close(), or its reader or profile was closed
   * @throws DamagedException when the next entry cannot be read
   */
  @Override
  public boolean hasNext() {
    if (atEnd) {
      return false;
    }
    if (!handle.isOpen()) {
      throw new ClosedException(ErrorCode.CLOSED, "this iteration, its reader or its profile was closed");
    }
    if (position == batch.length) {
      batch = Native.nextEntries(handle.number(), batchLength, BATCH_BYTES);
      position = 0;
      batchLength = Math.min(2 * batchLength, LARGEST_BATCH);
      if (batch.length == 0) {
        atEnd = true;
        close();
      }
    }
    return !atEnd;
  }

  /**
   * The next entry.
   *
   * @return the entry
   * @throws NoSuchElementException at the end
   */
  @Override
  public Entry next() {
    if (!hasNext()) {
      throw new NoSuchElementException("no further entry");
    }
    int keyStart = position + 8;
    int valueStart = keyStart + (int) INT.get(batch, position);
    int end = valueStart + (int) INT.get(batch, position + 4);
    // The entry is passed even when its value is of a type that this version does not know.
    position = end;
    return new Entry(Arrays.copyOfRange(batch, keyStart, valueStart), Wire.receive(batch, valueStart, end));
  }

  /** Ends the walk. Closing again does nothing. */
  @Override
  public void close() {
    if (handle != null) {
      handle.end(Native::closeIterator);
    }
    if (owned != null) {
      owned.close();
    }
  }
}
