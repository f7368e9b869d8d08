import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kist.Entries;
import org.kist.Entry;
import org.kist.Kist;
import org.kist.Options;
import org.kist.Profile;
import org.kist.Reader;
import org.kist.Scannable;
import org.kist.Store;
import org.kist.Updatable;
import org.kist.Value;

/**
 * The Java part of the demo. The engine has the profile open and keeps writing; this program reads it through the binding, reads the
 * sources of its data by itself, and tells whether both are the same, and the same as what the programs in other languages found.
 *
 * <p>Arguments: PROFILE_DIR CERT_DIR SUFFIX_FILE PREFS_FILE LANGUAGES. Prints one line of JSON; status 0 only if all agree.
 */
final class MainJob {
  private static final String LANGUAGE = "java";
  private static final long PATIENCE_MS = 60_000;
  private static final String[] DATASETS = {"certificates", "suffixes", "preferences"};
  private static final Pattern FINGERPRINT = Pattern.compile("\"fingerprint\"\\s*:\\s*\"([0-9a-f]+)\"");

  private MainJob() {}

  /** The records of some datasets, hashed one by one. */
  private static final class Digest {
    private final MessageDigest sha256 = sha256();
    private long records = 0;

    void add(byte[] key, Value value) {
      byte[] payload = payload(value);
      ByteBuffer head = littleEndian(4 + key.length + 1 + 4);
      head.putInt(key.length).put(key).put((byte) value.tag().tag()).putInt(payload.length);
      sha256.update(head.array());
      sha256.update(payload);
      ++records;
    }

    String hex() {
      return HexFormat.of().formatHex(sha256.digest());
    }

    private static byte[] payload(Value value) {
      if (value instanceof Value.Bool bool) {
        return new byte[] {(byte) (bool.value() ? 1 : 0)};
      } else if (value instanceof Value.U64 u64) {
        return littleEndian(8).putLong(u64.bits()).array();
      } else if (value instanceof Value.I64 i64) {
        return littleEndian(8).putLong(i64.value()).array();
      } else if (value instanceof Value.F64 f64) {
        // doubleToLongBits gives all NaNs the same bits.
        return littleEndian(8).putLong(Double.doubleToLongBits(f64.value())).array();
      } else if (value instanceof Value.Instant instant) {
        return littleEndian(8).putLong(instant.value().toEpochMilli()).array();
      } else if (value instanceof Value.Uuid uuid) {
        UUID id = uuid.value();
        return ByteBuffer.allocate(16).putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits()).array();
      } else if (value instanceof Value.Text text) {
        return text.value().getBytes(StandardCharsets.UTF_8);
      } else if (value instanceof Value.Json json) {
        return json.text().getBytes(StandardCharsets.UTF_8);
      }
      return ((Value.Blob) value).bytes();
    }

    private static ByteBuffer littleEndian(int size) {
      return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 5) {
      System.err.println("usage: MainJob PROFILE_DIR CERT_DIR SUFFIX_FILE PREFS_FILE LANGUAGES");
      System.exit(2);
    }
    Instant started = Instant.now();
    boolean agreed;
    try (Profile profile = openWhenThere(Path.of(arguments[0]))) {
      agreed = run(profile, arguments, started);
    }
    System.exit(agreed ? 0 : 1);
  }

  private static boolean run(Profile profile, String[] arguments, Instant started) throws Exception {
    await("the engine's import", () -> engineIsReady(profile));
    Store session = profile.existingStore("session");
    Digest expected = readSources(Path.of(arguments[1]), Path.of(arguments[2]), Path.of(arguments[3]));
    Digest found = profile.read(reader -> readProfile(profile, reader));
    String expectedDigest = expected.hex();
    String digest = found.hex();
    boolean agreed = complain(expected.records == found.records && expectedDigest.equals(digest), "the sources and the profile differ");

    long first = session.getU64("engine/heartbeat").orElse(0);
    await("a heartbeat", () -> Long.compareUnsigned(session.getU64("engine/heartbeat").orElse(0), first) > 0);

    long pid = ProcessHandle.current().pid();
    profile.write(
        writer -> {
          Updatable mine = writer.in(session);
          mine.putU64(LANGUAGE + "/pid", pid);
          mine.put(LANGUAGE + "/started", started);
          mine.putU64(LANGUAGE + "/records", found.records);
          mine.put(LANGUAGE + "/digest", digest);
        });

    String[] languages = arguments[4].split(",");
    await("the other languages", () -> Arrays.stream(languages).allMatch(each -> session.has(each + "/digest")));
    agreed &=
        profile.read(
            reader -> {
              boolean same = true;
              for (String each : languages) {
                String theirs = reader.in(session).getString(each + "/digest").orElse("nothing");
                same &= complain(theirs.equals(digest), each + " found " + theirs + ", Java " + digest);
              }
              return same;
            });
    System.out.printf(
        "{\"language\":\"%s\",\"pid\":%d,\"started\":%d,\"ended\":%d,\"records\":%d,\"digest\":\"%s\",\"written\":4,\"agreed\":%b}%n",
        LANGUAGE, pid, started.toEpochMilli(), System.currentTimeMillis(), found.records, digest, agreed);
    return agreed;
  }

  // ---- The profile ----

  private static Profile openWhenThere(Path directory) throws InterruptedException {
    await("the profile", () -> Files.exists(directory));
    Profile[] opened = new Profile[1];
    await(
        "the data file",
        () -> {
          try {
            opened[0] = Kist.open(directory, Options.defaults().withCreate(false));
            return true;
          } catch (org.kist.KistException failure) {
            if (failure.code() != org.kist.ErrorCode.NOT_FOUND) {
              throw failure;
            }
            return false;
          }
        });
    return opened[0];
  }

  private static boolean engineIsReady(Profile profile) {
    try (Store session = profile.existingStore("session")) {
      return session.getBool("engine/ready").orElse(false);
    } catch (org.kist.StoreNotFoundException notYet) {
      return false;
    }
  }

  /** Hashes the three stores in the order of their keys; each certificate's record must name its own key. */
  private static Digest readProfile(Profile profile, Reader reader) {
    Digest digest = new Digest();
    for (String name : DATASETS) {
      try (Entries entries = in(reader, profile, name).entries()) {
        while (entries.hasNext()) {
          Entry entry = entries.next();
          digest.add(entry.keyBytes(), entry.value());
        }
      }
    }
    try (Entries entries = in(reader, profile, "certificate-info").entries()) {
      while (entries.hasNext()) {
        Entry entry = entries.next();
        Matcher fingerprint = FINGERPRINT.matcher(((Value.Json) entry.value()).text());
        if (!fingerprint.find() || !fingerprint.group(1).equals(entry.key())) {
          throw new IllegalStateException("certificate-info of " + entry.key() + " has another fingerprint");
        }
      }
    }
    return digest;
  }

  private static Scannable in(Reader reader, Profile profile, String name) {
    return reader.in(profile.existingStore(name));
  }

  // ---- The sources ----

  private static Digest readSources(Path certificates, Path suffixes, Path preferences) throws Exception {
    Digest digest = new Digest();
    readCertificates(certificates).forEach((key, value) -> digest.add(bytes(key), value));
    sorted(readSuffixes(suffixes)).forEach(digest::add);
    sorted(readPreferences(preferences)).forEach(digest::add);
    return digest;
  }

  /** The same records in the order of the bytes of their keys; that of Java's strings is another one. */
  private static TreeMap<byte[], Value> sorted(Map<String, Value> records) {
    TreeMap<byte[], Value> result = new TreeMap<>(Arrays::compareUnsigned);
    records.forEach((key, value) -> result.put(bytes(key), value));
    return result;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static TreeMap<String, Value> readCertificates(Path directory) throws IOException, GeneralSecurityException {
    TreeMap<String, Value> result = new TreeMap<>();
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.crt")) {
      for (Path file : files) {
        try (InputStream pem = Files.newInputStream(file)) {
          byte[] der = factory.generateCertificate(pem).getEncoded();
          result.put(HexFormat.of().formatHex(sha256().digest(der)), Value.of(der));
        }
      }
    }
    return result;
  }

  private static Map<String, Value> readSuffixes(Path file) throws IOException {
    Map<String, Value> result = new TreeMap<>();
    String section = "";
    for (String line : Files.readString(file).split("\n")) {
      String trimmed = line.strip();
      if (trimmed.contains("===BEGIN ICANN DOMAINS===")) {
        section = "icann";
      } else if (trimmed.contains("===BEGIN PRIVATE DOMAINS===")) {
        section = "private";
      } else if (!trimmed.isEmpty() && !trimmed.startsWith("//")) {
        result.put(trimmed.split("\\s", 2)[0], Value.of(section));
      }
    }
    return result;
  }

  private static Map<String, Value> readPreferences(Path file) throws IOException {
    Map<String, Value> result = new TreeMap<>();
    for (String line : Files.readString(file).split("\n")) {
      if (!line.isEmpty() && !line.startsWith("#")) {
        String[] fields = line.split("\t", 3);
        result.put(fields[0], preference(fields[1], fields[2]));
      }
    }
    return result;
  }

  private static Value preference(String type, String text) {
    return switch (type) {
      case "bool" -> Value.of(text.equals("true"));
      case "u64" -> Value.U64.of(new BigInteger(text));
      case "i64" -> Value.of(Long.parseLong(text));
      case "f64" -> Value.of(floatingPoint(text));
      case "instant" -> Value.of(Instant.ofEpochMilli(Long.parseLong(text)));
      case "uuid" -> Value.of(UUID.fromString(text));
      case "string" -> Value.of(unescape(text));
      case "json" -> Value.json(text);
      case "blob" -> Value.of(HexFormat.of().parseHex(text));
      default -> throw new IllegalArgumentException("preference of type " + type);
    };
  }

  private static double floatingPoint(String text) {
    return switch (text) {
      case "nan" -> Double.NaN;
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  /** Undoes \n, \t, backslashes and \\u{hex}. */
  private static String unescape(String text) {
    StringBuilder result = new StringBuilder();
    for (int i = 0; i < text.length(); ++i) {
      char each = text.charAt(i);
      if (each != '\\') {
        result.append(each);
        continue;
      }
      switch (text.charAt(++i)) {
        case 'n' -> result.append('\n');
        case 't' -> result.append('\t');
        case '\\' -> result.append('\\');
        case 'u' -> {
          int close = text.indexOf('}', i);
          result.appendCodePoint(Integer.parseInt(text.substring(i + 2, close), 16));
          i = close;
        }
        default -> throw new IllegalArgumentException("escape in " + text);
      }
    }
    return result.toString();
  }

  // ---- Small things ----

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException(missing);
    }
  }

  private static boolean complain(boolean holds, String otherwise) {
    if (!holds) {
      System.err.println("java: " + otherwise);
    }
    return holds;
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE_MS * 1_000_000;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("waited too long for " + what);
      }
      Thread.sleep(5);
    }
  }
}
