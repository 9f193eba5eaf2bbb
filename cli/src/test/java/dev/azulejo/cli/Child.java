package dev.azulejo.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A process of its own, its output in files. */
public final class Child implements AutoCloseable {
  private static final long TIMEOUT_SECONDS = 300;

  /** Settings of the surrounding shell that would change what a child finds or prints. */
  private static final Set<String> UNWANTED =
      Set.of("AZULEJO_LIBRARY", "LD_LIBRARY_PATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS");

  private final Process process;
  private final Path out;
  private final Path err;

  private Child(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /**
   * Starts a program.
   *
   * @param environment the whole of it; null for that of this process
   */
  public static Child start(Map<String, String> environment, Path folder, List<String> command)
      throws IOException {
    Path out = Files.createTempFile("child", ".out");
    Path err = Files.createTempFile("child", ".err");
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    if (environment == null) {
      builder.environment().keySet().removeAll(UNWANTED);
    } else {
      builder.environment().clear();
      builder.environment().putAll(environment);
    }
    return new Child(
        builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start(), out, err);
  }

  /** Starts the command line in a JVM of its own. */
  public static Child azulejo(Path folder, Object... args) throws IOException {
    List<String> command = new ArrayList<>();
    // A shell that runs the build in the background makes its children deaf to SIGINT.
    command.addAll(List.of("env", "--default-signal=INT,TERM", java()));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    for (Object arg : args) {
      command.add(arg.toString());
    }
    return start(null, folder, command);
  }

  /** The java of this JVM. */
  public static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** Sends a signal. */
  public void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  /** Waits until the output has a text. */
  public void awaitOutput(String text) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!Files.readString(out).contains(text)) {
      if (!process.isAlive() || System.nanoTime() - end > 0) {
        throw new IOException(
            "no \"" + text + "\" in: " + Files.readString(out) + Files.readString(err));
      }
      Thread.sleep(5);
    }
  }

  /** Waits for the end. */
  public Cli.Result await() throws IOException, InterruptedException {
    if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      throw new IOException("still running after " + TIMEOUT_SECONDS + " s: " + process.info());
    }
    return new Cli.Result(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      Files.deleteIfExists(out);
      Files.deleteIfExists(err);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
