package dev.azulejo.bindings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The list of symbols that the bindings of azulejo.h are made of. Tests run in the folder of this
 * Maven module.
 */
final class Includes {
  static final Path LIST = Path.of("includes", "azulejo.txt");
  static final Path HEADER = Path.of("..", "native", "include", "azulejo.h");

  private Includes() {}

  /** The symbols of one kind: "function", "struct", "constant". */
  static List<String> of(String kind) throws IOException {
    String prefix = "--include-" + kind + " ";
    return lines().stream()
        .filter(line -> line.startsWith(prefix))
        .map(line -> line.substring(prefix.length()))
        .toList();
  }

  static List<String> lines() throws IOException {
    return Files.readAllLines(LIST);
  }
}
