package dev.azulejo.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.cli.Cli;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Output that cannot be written is found before the work begins. */
class OutputTest {
  @TempDir private Path folder;

  private void failsBeforeTheWork(Cli.Result result, String... parts) {
    result.failed(1, parts);
    assertEquals("", result.out(), "nothing was loaded, nothing trained");
  }

  @Test
  void aFolderThatCannotBeMade() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "here first");
    Object[] args = Cli.train(folder);
    replace(args, folder.resolve("out"), file.resolve("out"));
    failsBeforeTheWork(Cli.run(args), "the folder " + file.resolve("out"), "cannot be made");
    replace(args, file.resolve("out"), file);
    failsBeforeTheWork(Cli.run(args), "the folder " + file, "cannot be made");
  }

  @Test
  void aFolderInWhichNoFileCanBeMade() throws Exception {
    // Even root can make none in there.
    Object[] args = Cli.train(folder);
    replace(args, folder.resolve("out"), Path.of("/proc/self/fd"));
    failsBeforeTheWork(Cli.run(args), "/proc/self/fd/model.safetensors cannot be written");
  }

  @Test
  void aFileWhoseNameIsTaken() throws Exception {
    Path model = Files.createDirectories(folder.resolve("out").resolve("model.safetensors"));
    failsBeforeTheWork(Cli.run(Cli.train(folder)), model + " cannot be written: it is a folder");
  }

  @Test
  void jsonIntoAFolderThatIsNotThere() throws Exception {
    Path json = folder.resolve("missing").resolve("metrics.json");
    failsBeforeTheWork(
        Cli.run(Cli.train(folder, "--json", json)), json + " cannot be written", "does not exist");
    failsBeforeTheWork(Cli.run("bench", "--json", json), json + " cannot be written");
    failsBeforeTheWork(Cli.run("devices", "--json", folder), folder + " cannot be written");
    failsBeforeTheWork(Cli.run("devices", "--json", "/dev/full"), "no regular file");
  }

  @Test
  void nothingIsLeftBeside() throws Exception {
    Cli.run(Cli.train(folder, "--epochs", 1)).succeeded();
    try (Stream<Path> files = Files.list(folder.resolve("out"))) {
      List<String> names = files.map(file -> file.getFileName().toString()).sorted().toList();
      assertEquals(
          List.of(
              "checkpoint.safetensors",
              "learning-curve.png",
              "learning-curve.svg",
              "metrics.json",
              "model.safetensors"),
          names);
    }
    assertTrue(Files.size(folder.resolve("out").resolve("model.safetensors")) > 0);
  }

  private static void replace(Object[] args, Object from, Object to) {
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals(from)) {
        args[i] = to;
      }
    }
  }
}
