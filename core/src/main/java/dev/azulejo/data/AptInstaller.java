package dev.azulejo.data;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Installs a Debian package with apt-get, where there is one and this process is root; says so
 * before it does.
 */
final class AptInstaller {

  /** Runs a command to its end. */
  @FunctionalInterface
  interface Commands {
    Result run(List<String> command) throws IOException, InterruptedException;
  }

  /**
   * How a command ended.
   *
   * @param exitCode 0 is success
   * @param output what it printed
   */
  record Result(int exitCode, String output) {}

  private static final long LIMIT_MINUTES = 5;

  private final boolean hasApt;
  private final boolean isRoot;
  private final Commands commands;
  private final Consumer<String> messages;

  AptInstaller(boolean hasApt, boolean isRoot, Commands commands, Consumer<String> messages) {
    this.hasApt = hasApt;
    this.isRoot = isRoot;
    this.commands = commands;
    this.messages = messages;
  }

  static AptInstaller ofThisMachine(Consumer<String> messages) {
    boolean hasApt = Files.isExecutable(Path.of("/usr/bin/apt-get"));
    return new AptInstaller(hasApt, isRoot(), AptInstaller::runProcess, messages);
  }

  /** Whether this process may install packages, by the owner that the kernel shows for it. */
  private static boolean isRoot() {
    try {
      return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    } catch (IOException | RuntimeException e) {
      return false; // no /proc, no Unix: no apt-get either
    }
  }

  /**
   * Installs a package.
   *
   * @return null if it is installed now, otherwise why not
   */
  String install(String name) {
    if (!hasApt) {
      return "Debian package %s: not installed, this system has no apt-get".formatted(name);
    }
    if (!isRoot) {
      return "Debian package %s: not installed, that needs root; run: sudo apt-get install %s"
          .formatted(name, name);
    }
    List<String> install = List.of("apt-get", "install", "-y", name);
    Result result = run(install);
    if (result.exitCode() != 0) {
      // A fresh container has no package lists yet.
      Result update = run(List.of("apt-get", "update"));
      if (update.exitCode() != 0) {
        return failed(name, "apt-get update", update);
      }
      result = run(install);
    }
    return result.exitCode() == 0 ? null : failed(name, String.join(" ", install), result);
  }

  private Result run(List<String> command) {
    messages.accept("Running as root: " + String.join(" ", command));
    try {
      return commands.run(command);
    } catch (IOException e) {
      return new Result(-1, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Result(-1, "interrupted");
    }
  }

  private static String failed(String name, String command, Result result) {
    List<String> lines = result.output().lines().filter(line -> !line.isBlank()).toList();
    String last = lines.isEmpty() ? "it printed nothing" : lines.getLast().strip();
    return "Debian package %s: %s failed with exit code %d: %s"
        .formatted(name, command, result.exitCode(), last);
  }

  static Result runProcess(List<String> command) throws IOException, InterruptedException {
    // Through a file: a pipe that nobody empties would block the command, and reading it would
    // outlast the limit.
    Path output = Files.createTempFile("azulejo-command", ".log");
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
      builder.environment().put("LC_ALL", "C");
      builder.redirectErrorStream(true).redirectOutput(output.toFile());
      builder.redirectInput(new File("/dev/null"));
      Process process = builder.start();
      try {
        if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
          return new Result(-1, "no end after " + LIMIT_MINUTES + " minutes");
        }
      } finally {
        process.destroyForcibly();
      }
      return new Result(process.exitValue(), Files.readString(output));
    } finally {
      Files.deleteIfExists(output);
    }
  }
}
