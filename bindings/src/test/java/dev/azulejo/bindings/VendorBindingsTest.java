package dev.azulejo.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The vendors' bindings: jextract's output has what the lists name, and nothing else. */
class VendorBindingsTest {
  private static final Path GENERATED = Path.of("src/main/java/dev/azulejo/bindings");

  @ParameterizedTest
  @ValueSource(strings = {"cublas", "cudnn", "dnnl"})
  void functionsAndConstantsAreThoseOfTheList(String library) throws Exception {
    List<String> lines = Includes.lines(library);
    assertEquals(List.copyOf(new TreeSet<>(lines)), lines);
    Class<?> header = Class.forName("dev.azulejo.bindings." + library + "." + library + "_h");
    Set<String> functions = new TreeSet<>();
    Set<String> constants = new TreeSet<>();
    for (Method method : header.getMethods()) {
      String name = method.getName();
      if (name.endsWith("$descriptor")) {
        functions.add(name.substring(0, name.length() - "$descriptor".length()));
      } else if (Modifier.isStatic(method.getModifiers())
          && method.getParameterCount() == 0
          && method.getReturnType() == int.class) {
        constants.add(name);
      }
    }
    constants.removeAll(functions);
    assertEquals(new TreeSet<>(Includes.of(library, "function")), functions);
    assertEquals(new TreeSet<>(Includes.of(library, "constant")), constants);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cublas", "cudnn", "dnnl"})
  void structsAreThoseOfTheList(String library) throws IOException {
    Set<String> expected = new TreeSet<>(Includes.of(library, "struct"));
    expected.addAll(Includes.of(library, "typedef"));
    expected.add(library + "_h");
    try (Stream<Path> files = Files.list(GENERATED.resolve(library))) {
      assertEquals(
          expected,
          files
              .map(file -> file.getFileName().toString().replace(".java", ""))
              .collect(Collectors.toCollection(TreeSet::new)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"CUBLAS_INCLUDE", "CUDNN_INCLUDE", "DNNL_INCLUDE"})
  void missingHeadersAreAnErrorThatNamesTheVariable(String variable, @TempDir Path folder)
      throws IOException {
    Files.writeString(folder.resolve("cuda_runtime_api.h"), "");
    Path java = Path.of(System.getProperty("java.home"), "bin", "java"); // executable, not called
    String library = variable.substring(0, variable.indexOf('_')).toLowerCase(Locale.ROOT);
    List<String> command =
        List.of(
            Path.of("regenerate.sh").toAbsolutePath().toString(),
            "--output",
            folder + File.separator + "out",
            library);
    Map<String, String> environment =
        Map.of("JEXTRACT", java.toString(), "CUDA_INCLUDE", folder.toString(), variable, "");
    Processes.Result unset = Processes.run(command, environment);
    assertEquals(1, unset.exit());
    assertTrue(unset.err().contains(variable + " is not set"), unset.err());
    environment =
        Map.of(
            "JEXTRACT",
            java.toString(),
            "CUDA_INCLUDE",
            folder.toString(),
            variable,
            folder.toString());
    Processes.Result empty = Processes.run(command, environment);
    assertEquals(1, empty.exit());
    assertTrue(empty.err().contains(variable + "=" + folder + " has no "), empty.err());
  }
}
