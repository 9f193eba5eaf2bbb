package dev.azulejo.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A JVM of its own for a case of loading, because a library loads, or fails to, once per JVM. */
final class ChildJvm {
  static final String PLATFORM = Platform.current().toString();
  static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

  private ChildJvm() {}

  /** Runs {@link LoadProbe}, which must end well and print no warning. */
  static String probe(Map<String, String> environment, String... options) throws IOException {
    Processes.Result result = runProbe(environment, List.of(), options);
    assertEquals("", result.err());
    return result.out();
  }

  /** As {@link #probe}, for a vendor's library. */
  static String probe(VendorLibrary library, Map<String, String> environment, String... options)
      throws IOException {
    Processes.Result result = runProbe(environment, List.of(library.name()), options);
    assertEquals("", result.err());
    return result.out();
  }

  /** For the cases in which the JVM itself warns, of a file that is no library for instance. */
  static String probeWithWarnings(String... options) throws IOException {
    return runProbe(Map.of(), List.of(), options).out();
  }

  private static Processes.Result runProbe(
      Map<String, String> environment, List<String> arguments, String... options)
      throws IOException {
    List<String> all = new ArrayList<>(List.of("-cp", classPathWith(), NATIVE_ACCESS));
    all.addAll(List.of(options)); // of two -cp the last one counts
    List<String> main = new ArrayList<>(List.of(LoadProbe.class.getName()));
    main.addAll(arguments);
    Processes.Result result = run(environment, all, main.toArray(String[]::new));
    assertEquals(0, result.exit(), result.err());
    return result;
  }

  static Processes.Result run(
      Map<String, String> environment, List<String> options, String... mainAndArguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"));
    command.addAll(options);
    command.addAll(List.of(mainAndArguments));
    return Processes.run(command, environment);
  }

  /** The compiled classes without the jar of the native library, and more. */
  static String classPathWith(Path... more) {
    List<Path> paths = new ArrayList<>();
    paths.add(locationOf(NativeLibraries.class));
    paths.add(locationOf(LoadProbe.class));
    paths.addAll(List.of(more));
    return join(paths.toArray(Path[]::new));
  }

  static String join(Path... paths) {
    return String.join(File.pathSeparator, Stream.of(paths).map(Path::toString).toList());
  }

  static Path locationOf(Class<?> type) {
    return Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString()));
  }

  /** Puts a file where the jar of the native library has its library. */
  static void packResource(Path root, Path library) throws IOException {
    Path target = root.resolve("natives").resolve(PLATFORM).resolve("libazulejo.so");
    Files.createDirectories(target.getParent());
    Files.copy(library, target);
  }

  /** Fails unless the text has all these parts in this order. */
  static void assertContains(String text, String... parts) {
    int from = 0;
    for (String part : parts) {
      int at = text.indexOf(part, from);
      assertTrue(at >= 0, () -> "expected, in this order: \"" + part + "\" in:\n" + text);
      from = at + part.length();
    }
  }
}
