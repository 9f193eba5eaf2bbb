package dev.azulejo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The finished jar, started as the launcher starts it. */
class PackagedIT {
  @TempDir private Path folder;

  private Cli.Result java(String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of(Child.java(), "-jar"));
    command.add(System.getProperty("azulejo.jar"));
    command.addAll(List.of(args));
    try (Child child = Child.start(null, folder, command)) {
      return child.await();
    }
  }

  @Test
  void runsWithoutAWarning() throws Exception {
    Cli.Result result = java("devices");
    assertEquals("", result.err(), "no warning of native access, or any other");
    assertTrue(result.succeeded().out().contains("cpu:0"), result.out());
    assertTrue(result.out().contains("azulejo-native"), result.out());
  }

  @Test
  void exitCodesReachTheShell() throws Exception {
    java("bench", "--device", "cuda:999").failed(1, "azulejo: ");
    java("bench", "--bogus").failed(2, "azulejo: Unknown option: '--bogus'");
    java("--version").succeeded();
  }

  @Test
  void theOutputOfBenchIsJsonAndNothingElse() throws Exception {
    Cli.Result result =
        java("bench", "--network", "lenet5", "--batch", "8", "--steps", "3", "--json", "-");
    var json = new ObjectMapper().readTree(result.succeeded().out());
    assertTrue(json.get("trainImagesPerSecond").asDouble() > 0);
  }
}
