package org.kist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Files of other stores, and exports. */
class TransferTest extends WithProfile {
  /** A SafeMode file of rkv: a database "prefs" with the signed number `value` under "n". */
  private static byte[] safeMode(long value) {
    ByteBuffer file = ByteBuffer.allocate(200).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(1).put((byte) 1).putLong(5).put("prefs".getBytes(StandardCharsets.UTF_8)).putInt(0);
    file.putLong(1).putLong(1).put((byte) 'n').putLong(1).putLong(9).put((byte) 3).putLong(value);
    byte[] bytes = new byte[file.position()];
    file.flip().get(bytes);
    return bytes;
  }

  @Test
  void importsWhatRkvWrote() throws IOException {
    Path file = temporary.resolve("data.safe.bin");
    Files.write(file, safeMode(-7));
    ImportOptions options = ImportOptions.defaults();
    assertEquals(new ImportReport(1, 1, 1, 0, 0, 0), profile.importFile(file, options));
    assertEquals(new ImportReport(1, 1, 0, 1, 0, 0), profile.importFile(file, options));
    Store prefs = profile.store("prefs");
    assertEquals(Value.of(-7), prefs.get("n").orElseThrow());
    Files.write(file, safeMode(8));
    KistException conflict = assertThrows(KistException.class, () -> profile.importFile(file, options));
    assertEquals(ErrorCode.ALREADY_EXISTS, conflict.code());
    assertEquals(1, profile.importFile(file, options.onConflict(ImportOptions.OnConflict.IGNORE)).ignored());
    assertEquals(Value.of(-7), prefs.get("n").orElseThrow());
    assertEquals(1, profile.importFile(file, options.onConflict(ImportOptions.OnConflict.REPLACE)).replaced());
    assertEquals(Value.of(8), prefs.get("n").orElseThrow());
    ImportOptions lmdb = options.format(ImportOptions.Format.LMDB);
    KistException other = assertThrows(KistException.class, () -> profile.importFile(file, lmdb));
    assertEquals(ErrorCode.NOT_A_STORE, other.code());
    Files.write(file, new byte[0]);
    assertThrows(DamagedException.class, () -> profile.importFile(file, options));
  }

  @Test
  void anExportIsImportedAgain() throws IOException {
    profile.store("s").put("k", Value.of("gr\u00fc\u00df"));
    Path file = temporary.resolve("export.json");
    assertEquals(1, profile.exportJson(file));
    assertThrows(FileAlreadyExistsException.class, () -> profile.exportJson(file));
    try (Profile other = Kist.open(temporary.resolve("other"))) {
      assertEquals(1, other.importFile(file, ImportOptions.defaults()).added());
      assertEquals(Value.of("gr\u00fc\u00df"), other.store("s").get("k").orElseThrow());
    }
  }
}
