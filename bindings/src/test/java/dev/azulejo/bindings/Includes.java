package dev.azulejo.bindings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The lists of symbols that the bindings are made of. Tests run in the folder of this Maven module.
 */
final class Includes {
  static final Path HEADER = Path.of("..", "native", "include", "azulejo.h");

  private Includes() {}

  /** The symbols of one kind: "function", "struct", "constant". */
  static List<String> of(String kind) throws IOException {
    return of("azulejo", kind);
  }

  static List<String> lines() throws IOException {
    return lines("azulejo");
  }

  /** The symbols of one kind of one library: "azulejo", "cublas", "cudnn" or "dnnl". */
  static List<String> of(String library, String kind) throws IOException {
    String prefix = "--include-" + kind + " ";
    return lines(library).stream()
        .filter(line -> line.startsWith(prefix))
        .map(line -> line.substring(prefix.length()))
        .toList();
  }

  static List<String> lines(String library) throws IOException {
    return Files.readAllLines(Path.of("includes", library + ".txt"));
  }
}
