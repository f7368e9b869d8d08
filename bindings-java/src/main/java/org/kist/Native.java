package org.kist;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/**
 * The functions of kist_jni.cc, nearly one to one those of kist.h. Objects are numbers; strings are UTF-8 in byte arrays; values
 * are taken apart as {@link Wire} says. All throw {@link KistException}, and {@link NullPointerException} for a missing array.
 */
final class Native {
  private Native() {}

  static {
    load();
  }

  static native String version();

  /** `environment` may be null. `limits`: bytes, milliseconds and writes of a flush, bytes and writes of the queue. */
  static native long open(
      byte[] directory,
      boolean create,
      boolean readOnly,
      int pageSize,
      int fileMode,
      int durability,
      byte[] environment,
      long[] limits);

  static native void close(long profile);

  static native void delete(long profile);

  static native void sync(long profile);

  static native byte[][] storeNames(long profile);

  static native boolean dropStore(long profile, byte[] name);

  /** Numbers in the order of the fields of {@link Stats}. */
  static native long[] stats(long profile);

  /** Fills violations, pages walked and records; returns the text. */
  static native byte[] check(long profile, long[] numbers);

  static native long openStore(long profile, byte[] name, boolean create, boolean multi, int keys);

  /** The number of the type of its keys, and 256 for a multi store; -1 when there is none. */
  static native int describeStore(long profile, byte[] name);

  static native void closeStore(long store);

  /** A value, or null. */
  static native byte[] storeGet(long store, byte[] key, int expected);

  static native void storePut(long store, byte[] key, int tag, long number, byte[] bytes);

  static native boolean storeDelete(long store, byte[] key);

  static native boolean storeHas(long store, byte[] key);

  static native long storeCount(long store);

  static native long storeClear(long store);

  // Ranges, of which only `prefix` is never null: no such bound. A limit of 0 is none.

  static native long storeCountRange(
      long store, byte[] prefix, byte[] from, byte[] to, byte[] key, boolean reverse, long limit);

  static native long storeDeleteRange(
      long store, byte[] prefix, byte[] from, byte[] to, byte[] key, boolean reverse, long limit);

  static native boolean storeDeleteValue(long store, byte[] key, int tag, long number, byte[] bytes);

  static native boolean storePutIfAbsent(long store, byte[] key, int tag, long number, byte[] bytes);

  /** A value of tag 0 is none. */
  static native boolean storeCompareAndSet(
      long store, byte[] key, int oldTag, long oldNumber, byte[] oldBytes, int tag, long number, byte[] bytes);

  /** The new value. */
  static native byte[] storeAdd(long store, byte[] key, long amount);

  /** A member of a JSON value, or null. */
  static native byte[] storeGetMember(long store, byte[] key, byte[] pointer);

  /** The new document. */
  static native byte[] storeMergePatch(long store, byte[] key, byte[] patch);

  /** A member of a JSON value, or null. */
  static native byte[] readerGetMember(long reader, long store, byte[] key, byte[] pointer);

  /** The new document. */
  static native byte[] writerMergePatch(long writer, long store, byte[] key, byte[] patch);

  /** The fields of {@link ImportReport}. */
  static native long[] importFile(
      long profile, byte[] path, int format, int onConflict, boolean plainBytes, byte[] unnamed);

  /** Replaces the file. The number of records; -1 when it could not be written. */
  static native long exportJson(long profile, byte[] path);

  static native long beginReader(long profile);

  static native void endReader(long reader);

  static native long readerId(long reader);

  /** A value, or null. */
  static native byte[] readerGet(long reader, long store, byte[] key, int expected);

  static native boolean readerHas(long reader, long store, byte[] key);

  static native long readerCountRange(
      long reader, long store, byte[] prefix, byte[] from, byte[] to, byte[] key, boolean reverse, long limit);

  static native long readerCount(long reader, long store);

  static native long beginIterator(
      long reader, long store, byte[] prefix, byte[] from, byte[] to, byte[] key, boolean reverse, long limit);

  /** For each entry: length of the key and of the value as little-endian ints, key, value. Empty at the end. */
  static native byte[] nextEntries(long iterator, int maxCount, int maxBytes);

  static native void closeIterator(long iterator);

  /** A negative timeout is none. */
  static native long beginWriter(long profile, long timeoutMillis);

  /** Does not wait; 0 when another writer is open. */
  static native long tryBeginWriter(long profile);

  /** A value, or null. */
  static native byte[] writerGet(long writer, long store, byte[] key, int expected);

  static native boolean writerHas(long writer, long store, byte[] key);

  static native void writerPut(long writer, long store, byte[] key, int tag, long number, byte[] bytes);

  static native boolean writerDelete(long writer, long store, byte[] key);

  static native long writerClear(long writer, long store);

  static native long writerCountRange(
      long writer, long store, byte[] prefix, byte[] from, byte[] to, byte[] key, boolean reverse, long limit);

  static native long writerDeleteRange(
      long writer, long store, byte[] prefix, byte[] from, byte[] to, byte[] key, boolean reverse, long limit);

  static native boolean writerDeleteValue(long writer, long store, byte[] key, int tag, long number, byte[] bytes);

  static native boolean writerPutIfAbsent(long writer, long store, byte[] key, int tag, long number, byte[] bytes);

  static native boolean writerCompareAndSet(
      long writer,
      long store,
      byte[] key,
      int oldTag,
      long oldNumber,
      byte[] oldBytes,
      int tag,
      long number,
      byte[] bytes);

  static native byte[] writerAdd(long writer, long store, byte[] key, long amount);

  static native long commit(long writer, int durability);

  static native void abort(long writer);

  static native long makeBatch(long profile);

  static native void closeBatch(long batch);

  static native void batchPut(long batch, long store, byte[] key, int tag, long number, byte[] bytes);

  static native void batchDelete(long batch, long store, byte[] key);

  static native void batchDeleteValue(long batch, long store, byte[] key, int tag, long number, byte[] bytes);

  static native void batchDeleteRange(
      long batch, long store, byte[] prefix, byte[] from, byte[] to, byte[] key, boolean reverse, long limit);

  static native void applyBatch(long batch, int durability);

  static native long openQueue(long profile, long timeoutMillis);

  static native void closeQueue(long queue);

  // Those that queue a write give a ticket. The completion is told twice, of a read or a flush once.

  static native long queuePut(
      long queue, long store, byte[] key, int tag, long number, byte[] bytes, int durability, Completion completion);

  static native long queueDelete(long queue, long store, byte[] key, int durability, Completion completion);

  static native long queueAdd(long queue, long store, byte[] key, long amount, int durability, Completion completion);

  static native long queueApply(long queue, long batch, int durability, Completion completion);

  static native void queueGet(long queue, long store, byte[] key, int expected, Completion completion);

  static native void queueFlush(long queue, Completion completion);

  static native boolean queueCancel(long queue, long ticket);

  /** Called by the native library, on any thread: how an operation ended. The value may be null. */
  static void told(Completion completion, int moment, int code, byte[] message, byte[] value) {
    completion.tell(moment, code == 0 ? null : KistException.of(code, message), value);
  }

  /** Loads the library named by the property org.kist.library, or else the one inside the jar. */
  private static void load() {
    String given = System.getProperty("org.kist.library");
    if (given != null) {
      System.load(Path.of(given).toAbsolutePath().toString());
      return;
    }
    String file = System.mapLibraryName("kist_jni");
    String resource = "native/" + platform() + "/" + file;
    try (InputStream stream = Native.class.getResourceAsStream(resource)) {
      if (stream == null) {
        throw new UnsatisfiedLinkError("this build of Kist has no native library for " + platform());
      }
      Path copy = Files.createTempFile("kist-", "-" + file);
      try {
        Files.copy(stream, copy, StandardCopyOption.REPLACE_EXISTING);
        System.load(copy.toString());
      } finally {
        // What is loaded stays mapped; only Windows keeps the name until the process ends.
        if (!copy.toFile().delete()) {
          copy.toFile().deleteOnExit();
        }
      }
    } catch (IOException failure) {
      UnsatisfiedLinkError error = new UnsatisfiedLinkError("the native library of Kist cannot be unpacked: " + failure);
      error.initCause(failure);
      throw error;
    }
  }

  /** Operating system and processor as folders of the jar name them, for instance "linux-x86_64". */
  private static String platform() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String processor = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    if (system.startsWith("windows")) {
      system = "windows";
    } else if (system.startsWith("mac")) {
      system = "macos";
    }
    if (processor.equals("amd64")) {
      processor = "x86_64";
    } else if (processor.equals("arm64")) {
      processor = "aarch64";
    }
    return system + "-" + processor;
  }
}
