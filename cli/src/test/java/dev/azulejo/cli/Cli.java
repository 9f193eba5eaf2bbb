package dev.azulejo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/** Runs the command line inside the test. */
public final class Cli {
  /** A network that learns the glyphs a little in a second. */
  private static final String TINY =
      """
      input 1x28x28 mean 0.18 std 0.21
      maxpool 2
      conv2d 4 3 stride 2 relu   # 6 x 6
      flatten
      dense 10
      """;

  /** What a command said. */
  public record Result(int exit, String out, String err) {
    /** Fails unless the command succeeded. */
    public Result succeeded() {
      assertEquals(0, exit, err);
      return this;
    }

    /** Fails unless the command failed this way, saying all of these. */
    public void failed(int expected, String... parts) {
      assertEquals(expected, exit, err);
      for (String part : parts) {
        assertTrue(err.contains(part), () -> "expected \"" + part + "\" in: " + err);
      }
      assertTrue(!err.contains("\tat "), () -> "no stack trace without --verbose: " + err);
    }

    /** The last line of the output. */
    public String lastLine() {
      return out.stripTrailing().lines().toList().getLast();
    }
  }

  private Cli() {}

  /** Runs a command. */
  public static Result run(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine = CommandLines.create();
    // Of all subcommands too.
    commandLine.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    String[] words = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      words[i] = args[i].toString();
    }
    int exit = commandLine.execute(words);
    return new Result(exit, out.toString(), err.toString());
  }

  /** Writes the description of a tiny network for glyphs. */
  public static Path tinyNetwork(Path folder) throws IOException {
    return Files.writeString(folder.resolve("tiny.txt"), TINY);
  }

  /** Arguments of a short training run in a folder, of 320 glyphs, and more. */
  public static Object[] train(Path folder, Object... more) throws IOException {
    return train(folder, GlyphFiles.write(folder, 320, 320), more);
  }

  /** Arguments of a short training run in a folder on data in another, and more. */
  public static Object[] train(Path folder, Path data, Object... more) throws IOException {
    List<Object> args = new ArrayList<>();
    args.addAll(List.of("train", "--data", "mnist", "--data-dir", data, "--batch", 32));
    args.addAll(List.of("--device", "cpu", "--network", tinyNetwork(folder)));
    args.addAll(List.of("--out", folder.resolve("out")));
    args.addAll(List.of(more));
    return args.toArray();
  }
}
