package dev.azulejo.cli.launcher;

import dev.azulejo.cli.Child;
import dev.azulejo.cli.Cli;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A machine as the launcher sees it: a PATH with the programs that a test puts there, folders with
 * JDKs that only say their version, and a checkout with nothing but sources.
 */
final class FakeMachine {
  /** What the launcher needs of every system. */
  private static final List<String> BASICS =
      List.of(
          "bash",
          "cat",
          "cut",
          "dirname",
          "env",
          "find",
          "mkdir",
          "mv",
          "readlink",
          "rm",
          "sed",
          "sleep",
          "tail",
          "touch",
          "flock");

  final Path home;
  final Path checkout;
  final Path jdks;
  private final Path bin;
  private final Map<String, String> environment = new HashMap<>();

  FakeMachine(Path folder) throws IOException {
    home = folder;
    checkout = Files.createDirectories(folder.resolve("checkout"));
    bin = Files.createDirectories(folder.resolve("bin"));
    jdks = Files.createDirectories(folder.resolve("jdks"));
    for (String name : BASICS) {
      program(name, "exec " + real(name) + " \"$@\"");
    }
    program("id", "echo 1000");
    Path launcher = Path.of("..", "azulejo").toRealPath();
    Files.copy(launcher, checkout.resolve("azulejo"), StandardCopyOption.COPY_ATTRIBUTES);
    source("pom.xml");
    for (String module : List.of("native", "bindings", "core", "compare", "cli")) {
      source(module + "/pom.xml");
    }
    source("native/CMakeLists.txt");
    source("native/include/azulejo.h");
    source("native/src/api.cpp");
    for (String module : List.of("bindings", "core", "compare", "cli")) {
      source(module + "/src/main/java/module-info.java");
    }
    environment.put("PATH", bin.toString());
    environment.put("HOME", folder.toString());
    environment.put("AZULEJO_JDK_FOLDERS", jdks.toString());
  }

  private static Path real(String name) {
    for (String folder : System.getenv("PATH").split(":")) {
      Path file = Path.of(folder, name);
      if (Files.isExecutable(file)) {
        return file;
      }
    }
    throw new IllegalStateException(name + " is not on PATH");
  }

  Path source(String name) throws IOException {
    Path file = checkout.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, "source");
  }

  FakeMachine set(String variable, Object value) {
    environment.put(variable, value.toString());
    return this;
  }

  /** A program on the PATH, as a shell script. */
  FakeMachine program(String name, String script) throws IOException {
    executable(bin.resolve(name), script);
    return this;
  }

  /** The programs that a build needs, Maven as this script. */
  FakeMachine buildTools(String maven) throws IOException {
    return program("cmake", "").program("c++", "").program("make", "").program("mvn", maven);
  }

  /** A Debian-like system with a package manager that offers a JDK, or none. */
  FakeMachine debian(String jdkPackage) throws IOException {
    program("apt-get", "");
    return program(
        "apt-cache",
        "[ \"$2\" = \""
            + jdkPackage
            + "\" ] && echo '  Candidate: 1.0' || echo '  Candidate: (none)'");
  }

  /** A JDK whose java prints its version and arguments. */
  Path jdk(String name, String version) throws IOException {
    Path jdk = jdks.resolve(name);
    Files.createDirectories(jdk.resolve("bin"));
    executable(
        jdk.resolve("bin").resolve("java"),
        "[ \"$1\" = -version ] && echo 'openjdk version \""
            + version
            + "\" 2025-01-01' >&2"
            + " || printf 'java "
            + version
            + ":%s\\n' \"$*\"");
    executable(jdk.resolve("bin").resolve("javac"), "");
    Files.writeString(
        jdk.resolve("release"), "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"" + version + "\"\n");
    return jdk;
  }

  Child start(Object... args) throws IOException {
    return startAt(checkout.resolve("azulejo"), args);
  }

  Child startAt(Path launcher, Object... args) throws IOException {
    List<String> command = new ArrayList<>(List.of(real("bash").toString(), launcher.toString()));
    for (Object arg : args) {
      command.add(arg.toString());
    }
    return Child.start(environment, home, command);
  }

  Cli.Result run(Object... args) throws IOException, InterruptedException {
    try (Child child = start(args)) {
      return child.await();
    }
  }

  private static void executable(Path file, String script) throws IOException {
    Files.writeString(file, "#!" + real("bash") + "\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
