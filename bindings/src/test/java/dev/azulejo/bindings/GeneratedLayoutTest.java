package dev.azulejo.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.bindings.azulejo.azulejo_h;
import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The generated layouts and constants are those of the C compiler that builds the library. */
class GeneratedLayoutTest {
  @Test
  void sizesOffsetsAndConstantsAreThoseOfTheCompiler(@TempDir Path folder) throws Exception {
    Map<String, Long> expected = new TreeMap<>();
    StringBuilder body = new StringBuilder();
    for (String struct : Includes.of("struct")) {
      GroupLayout layout = layoutOf(struct);
      add(expected, body, "sizeof(" + struct + ")", layout.byteSize());
      add(expected, body, "_Alignof(" + struct + ")", layout.byteAlignment());
      for (MemoryLayout member : layout.memberLayouts()) {
        if (member.name().isPresent()) { // padding has no name
          String name = member.name().get();
          long offset = layout.byteOffset(PathElement.groupElement(name));
          add(expected, body, "offsetof(" + struct + ", " + name + ")", offset);
          add(expected, body, "sizeof(((" + struct + "*)0)->" + name + ")", member.byteSize());
        }
      }
    }
    for (String constant : Includes.of("constant")) {
      Number value = (Number) azulejo_h.class.getMethod(constant).invoke(null);
      assertTrue(value instanceof Integer || value instanceof Long, constant);
      add(expected, body, constant, value.longValue());
    }
    assertTrue(expected.size() > 50, "the list is empty or nearly so");
    assertEquals(expected, compileAndRun(folder, body.toString()));
  }

  private static void add(
      Map<String, Long> all, StringBuilder body, String expression, long value) {
    all.put(expression, value);
    body.append("  printf(\"%s=%lld\\n\", \"").append(expression).append("\", (long long)(");
    body.append(expression).append("));\n");
  }

  private static GroupLayout layoutOf(String struct) throws ReflectiveOperationException {
    Class<?> type = Class.forName(azulejo_h.class.getPackageName() + "." + struct);
    return (GroupLayout) type.getMethod("layout").invoke(null);
  }

  private static Map<String, Long> compileAndRun(Path folder, String body) throws IOException {
    String source =
        """
        #include "azulejo.h"
        #include <stddef.h>
        #include <stdio.h>
        int main(void) {
        %s  return 0;
        }
        """
            .formatted(body);
    String include = "-I" + Includes.HEADER.getParent().toAbsolutePath();
    Path program = Processes.compileC(folder.resolve("layouts"), source, "-std=c11", include);
    Processes.Result result = Processes.run(List.of(program.toString()), Map.of());
    assertEquals(0, result.exit(), result.err());
    Map<String, Long> values = new TreeMap<>();
    for (String line : result.out().lines().toList()) {
      int equals = line.lastIndexOf('=');
      values.put(line.substring(0, equals), Long.parseLong(line.substring(equals + 1)));
    }
    return values;
  }
}
