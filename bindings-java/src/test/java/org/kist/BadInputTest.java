package org.kist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What cannot be opened: a clear error each, and nothing changed. */
class BadInputTest {
  private static final String NOBODY = "65534";

  @TempDir Path temporary;

  @Test
  void missingDirectoriesAndFiles() throws IOException {
    Path missing = temporary.resolve("missing");
    refused(ErrorCode.NOT_FOUND, missing, Options.defaults().withCreate(false));
    refused(ErrorCode.NOT_FOUND, missing, Options.forReading());
    assertTrue(Files.notExists(missing));
    Path empty = Files.createDirectory(temporary.resolve("empty"));
    refused(ErrorCode.NOT_FOUND, empty, Options.forReading());
    try (var files = Files.list(empty)) {
      assertEquals(0, files.count());
    }
  }

  @Test
  void filesThatAreNoStore() throws IOException {
    byte[] noise = new byte[40_000];
    new Random(1).nextBytes(noise);
    for (byte[] content : List.of(noise, "{\"a\": 1}\n".getBytes(StandardCharsets.UTF_8))) {
      Path directory = Files.createTempDirectory(temporary, "no-store");
      Path file = Files.write(directory.resolve("data.kist"), content);
      refused(ErrorCode.NOT_A_STORE, directory, Options.defaults());
      refused(ErrorCode.NOT_A_STORE, directory, Options.forReading());
      assertEquals(-1, Files.mismatch(file, Files.write(temporary.resolve("same"), content)));
    }
  }

  /** A system that lost its power may leave a file's length without its content. */
  @Test
  void filesOfZeros() throws IOException {
    Path directory = Files.createDirectory(temporary.resolve("zeros"));
    Files.write(directory.resolve("data.kist"), new byte[40_000]);
    refused(ErrorCode.DAMAGED, directory, Options.defaults());
    refused(ErrorCode.DAMAGED, directory, Options.forReading());
  }

  @Test
  void aFileInPlaceOfTheDirectory() throws IOException {
    refused(ErrorCode.INVALID_ARGUMENT, Files.createFile(temporary.resolve("file")), Options.defaults());
  }

  @Test
  void aStoreOfANewerVersion() throws IOException {
    Path source = Path.of(System.getProperty("kist.source"), "tests", "compat", "newer_version", "data.kist");
    Path directory = Files.createDirectory(temporary.resolve("newer"));
    Files.copy(source, directory.resolve("data.kist"));
    refused(ErrorCode.NEWER_FORMAT, directory, Options.defaults());
    refused(ErrorCode.NEWER_FORMAT, directory, Options.forReading());
    assertEquals(-1, Files.mismatch(source, directory.resolve("data.kist")));
  }

  @Test
  void optionsOutsideTheirDomain() {
    refused(ErrorCode.INVALID_ARGUMENT, temporary.resolve("a"), Options.defaults().withPageSize(1000));
    refused(ErrorCode.INVALID_ARGUMENT, temporary.resolve("b"), Options.defaults().withPageSize(-4096));
    refused(ErrorCode.INVALID_ARGUMENT, temporary.resolve("c"), Options.forReading().withCreate(true));
  }

  @Test
  void pathsOutsideAscii() {
    Path directory = temporary.resolve("Gr\u00fc\u00dfe");
    Kist.open(directory).close();
    assertTrue(Files.exists(directory.resolve("data.kist")));
  }

  @Test
  void directoriesWithoutPermission() throws IOException, InterruptedException {
    Path locked = Files.createDirectory(temporary.resolve("locked"));
    Path readable = temporary.resolve("readable");
    try (Profile profile = Kist.open(readable)) {
      profile.store("s").put("a", 1);
    }
    permit(temporary, "rwxr-xr-x");
    permit(readable, "rwxr-xr-x");
    permit(readable.resolve("data.kist"), "---------");
    permit(locked, "---------");
    if (!System.getProperty("user.name").equals("root")) {
      refused(ErrorCode.PERMISSION, locked, Options.defaults());
      refused(ErrorCode.PERMISSION, readable, Options.defaults());
      permit(locked, "rwx------");
      return;
    }
    // Root may do everything, so a child becomes somebody else.
    assertEquals("PERMISSION\nPERMISSION\n", outputOfNobody(OpenMain.class, locked, readable));
  }

  /** Opens the directories given, and prints how each ended. */
  static final class OpenMain {
    public static void main(String[] directories) {
      for (String each : directories) {
        try (Profile profile = Kist.open(Path.of(each))) {
          System.out.println("OPENED " + profile);
        } catch (KistException failure) {
          System.out.println(failure.code());
        }
      }
    }
  }

  private String outputOfNobody(Class<?> main, Path... arguments) throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "setpriv, which starts a process of another user, is missing");
    // Nobody may be unable to reach the place of this build.
    Path jar = Files.copy(Path.of(System.getProperty("kist.jar")), temporary.resolve("kist.jar"));
    Path classFile = temporary.resolve(main.getName().replace('.', '/') + ".class");
    Files.createDirectories(classFile.getParent());
    try (var stream = main.getResourceAsStream(classFile.getFileName().toString())) {
      assertNotNull(stream);
      Files.copy(stream, classFile);
    }
    for (Path path = classFile; !path.equals(temporary); path = path.getParent()) {
      permit(path, "rwxr-xr-x");
    }
    permit(jar, "rwxr-xr-x");
    Process process =
        new ProcessBuilder(
                "/usr/bin/setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups",
                Children.java(), "-cp", jar + ":" + temporary, main.getName(), arguments[0].toString(), arguments[1].toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }

  private static void permit(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  private static void refused(ErrorCode code, Path directory, Options options) {
    KistException failure = WithProfile.failsWith(code, () -> Kist.open(directory, options));
    assertTrue(failure.getMessage().length() > 10, failure.getMessage());
  }
}
