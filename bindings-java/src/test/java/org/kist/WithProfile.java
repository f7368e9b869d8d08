package org.kist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** A fresh profile with one store for each test, checked at its end. */
abstract class WithProfile {
  @TempDir Path temporary;
  Path directory;
  Profile profile;
  Store store;

  @BeforeEach
  void openProfile() {
    directory = temporary.resolve("profile");
    profile = Kist.open(directory);
    store = profile.store("store");
  }

  @AfterEach
  void checkAndCloseProfile() {
    profile.close();
    if (Files.exists(directory.resolve("data.kist"))) {
      try (Profile again = Kist.open(directory)) {
        CheckReport report = again.check();
        assertEquals("", report.text());
        assertEquals(0, report.violations());
      }
    }
  }

  /** The exception that a call must end with. */
  static KistException failsWith(ErrorCode code, Executable call) {
    KistException failure = assertThrows(KistException.class, call);
    assertEquals(code, failure.code(), failure.getMessage());
    return failure;
  }
}
