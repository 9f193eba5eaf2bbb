package dev.azulejo.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.bindings.azulejo.azulejo_h;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The header, the list of its symbols, and jextract's committed output say the same. */
class GeneratedBindingsTest {
  private static final Path SOURCES = Path.of("src", "main", "java");
  private static final Path PACKAGE = Path.of("dev", "azulejo", "bindings", "azulejo");

  @Test
  void listIsSortedAndHasEveryKindOfSymbol() throws IOException {
    List<String> lines = Includes.lines();
    assertEquals(List.copyOf(new TreeSet<>(lines)), lines);
    int known = 0;
    for (String kind : List.of("constant", "function", "struct", "typedef")) {
      assertTrue(!Includes.of(kind).isEmpty(), kind);
      known += Includes.of(kind).size();
    }
    assertEquals(lines.size(), known);
  }

  @Test
  void listHasEveryNameOfTheHeaderAndNoOther() throws IOException {
    String header = headerWithoutComments();
    Set<String> declared = find(header, "\\b((?:azj|AZJ)_\\w+)");
    declared.remove("AZJ_API"); // visibility, nothing to call
    declared.removeAll(find(header, "typedef enum (azj_\\w+)")); // an int in Java
    declared.removeAll(find(header, "typedef struct (azj_\\w+) \\1;")); // opaque: an address

    Set<String> listed = new TreeSet<>();
    for (String line : Includes.lines()) {
      listed.add(line.substring(line.indexOf(' ') + 1));
    }
    assertEquals(declared, listed, "run bindings/regenerate.sh --update-includes");
  }

  @Test
  void outputHasEveryFunctionOfTheListAndNoOther() throws IOException {
    Set<String> generated =
        Stream.of(azulejo_h.class.getMethods())
            .map(Method::getName)
            .filter(name -> name.endsWith("$descriptor"))
            .map(name -> name.substring(0, name.length() - "$descriptor".length()))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(new TreeSet<>(Includes.of("function")), generated);
  }

  /** Catches a changed parameter where there is no jextract: its output quotes each declaration. */
  @Test
  void outputQuotesTheDeclarationsOfTheHeader() throws IOException {
    String output = Files.readString(SOURCES.resolve(PACKAGE).resolve("azulejo_h.java"));
    Set<String> declared = withoutSpaces(find(headerWithoutComments(), "(?s)AZJ_API ([^;#]*\\));"));
    assertEquals(Includes.of("function").size(), declared.size());
    Set<String> quoted = withoutSpaces(find(output, "(?m)^ *\\* (.*\\bazj_\\w+\\(.*\\))$"));
    assertEquals(declared, quoted, "run bindings/regenerate.sh");
  }

  @Test
  void outputHasEveryConstantOfTheListAndNoOther() throws IOException {
    Set<String> generated =
        Stream.of(azulejo_h.class.getMethods())
            .map(Method::getName)
            .filter(name -> name.startsWith("AZJ_"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(new TreeSet<>(Includes.of("constant")), generated);
  }

  @Test
  void outputHasEveryStructOfTheListAndNoOther() throws IOException {
    Set<String> expected = new TreeSet<>(Set.of("azulejo_h.java"));
    Includes.of("struct").forEach(name -> expected.add(name + ".java"));
    assertEquals(expected, contents(SOURCES.resolve(PACKAGE)).keySet());
  }

  @ParameterizedTest
  @MethodSource("librariesWithHeaders")
  @Tag("jextract") // chosen by the profile of that name, where JEXTRACT names the tool
  void committedOutputIsWhatJextractWrites(String library, @TempDir Path fresh) throws IOException {
    Processes.Result result =
        Processes.run(
            List.of(
                Path.of("regenerate.sh").toAbsolutePath().toString(),
                "--output",
                fresh.toString(),
                library),
            Map.of());
    assertEquals(0, result.exit(), result.err());
    Path folder = PACKAGE.resolveSibling(library);
    assertEquals(
        contents(fresh.resolve(folder)),
        contents(SOURCES.resolve(folder)),
        "run bindings/regenerate.sh and commit its output untouched");
  }

  /** Ours, and the vendors' whose headers the environment names as regenerate.sh wants it. */
  static List<String> librariesWithHeaders() {
    Set<String> variables = System.getenv().keySet();
    List<String> libraries = new ArrayList<>(List.of("azulejo"));
    if (variables.containsAll(Set.of("CUDA_INCLUDE", "CUBLAS_INCLUDE"))) {
      libraries.add("cublas");
    }
    if (variables.containsAll(Set.of("CUDA_INCLUDE", "CUDNN_INCLUDE"))) {
      libraries.add("cudnn");
    }
    if (variables.contains("DNNL_INCLUDE")) {
      libraries.add("dnnl");
    }
    return libraries;
  }

  private static String headerWithoutComments() throws IOException {
    return Pattern.compile("/\\*.*?\\*/", Pattern.DOTALL)
        .matcher(Files.readString(Includes.HEADER))
        .replaceAll(" ");
  }

  /** C's "f(void)" and "char* f" are jextract's "f()" and "char *f". */
  private static Set<String> withoutSpaces(Set<String> declarations) {
    return declarations.stream()
        .map(text -> text.replaceAll("\\s", "").replace("(void)", "()"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> find(String text, String pattern) {
    Set<String> found = new TreeSet<>();
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }

  /** Every file below a folder, with its bytes as text. */
  private static Map<String, String> contents(Path folder) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(folder.relativize(file).toString(), Files.readString(file));
      }
    }
    return contents;
  }
}
