package dev.azulejo.cli.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.cli.Child;
import dev.azulejo.cli.Cli;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When the launcher builds, with a Maven that only writes down that it was called. */
class LauncherBuildTest {
  private static final String MAVEN =
      """
      echo "$JAVA_HOME $PWD $*" >>"$HOME/maven-calls"
      sleep 0.3
      mkdir -p cli/target/azulejo compare/target/azulejo
      touch cli/target/azulejo/azulejo-cli.jar
      case "$*" in *"-pl cli,compare "*) touch compare/target/azulejo/azulejo-compare.jar ;; esac
      """;

  @TempDir private Path folder;
  private FakeMachine machine;
  private Path jdk;

  @BeforeEach
  void machine() throws Exception {
    machine = new FakeMachine(folder.toRealPath()).buildTools(MAVEN);
    jdk = machine.jdk("jdk", "25");
  }

  private List<String> builds() throws Exception {
    Path calls = machine.home.resolve("maven-calls");
    return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
  }

  private void changeLater(Path file) throws Exception {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(1)));
  }

  @Test
  void buildsOnceThenRuns() throws Exception {
    Cli.Result first = machine.run("train", "--epochs", 1).succeeded();
    assertTrue(first.err().contains("building ... (first run, a minute"), first.err());
    String jar = machine.checkout + "/cli/target/azulejo/azulejo-cli.jar";
    assertTrue(first.out().startsWith("java 25:"), first.out());
    assertTrue(first.out().endsWith(" -jar " + jar + " train --epochs 1\n"), first.out());
    Cli.Result second = machine.run("devices").succeeded();
    assertEquals("", second.err());
    assertEquals(1, builds().size());
    assertTrue(
        builds().getFirst().startsWith(jdk + " " + machine.checkout + " "), builds()::toString);
    assertTrue(builds().getFirst().contains("-DskipTests"), builds()::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pom.xml",
        "core/pom.xml",
        "native/CMakeLists.txt",
        "native/include/azulejo.h",
        "native/src/api.cpp",
        "bindings/src/main/java/module-info.java",
        "core/src/main/java/module-info.java",
        "cli/src/main/java/module-info.java"
      })
  void buildsAgainWhenASourceChanged(String source) throws Exception {
    machine.run().succeeded();
    changeLater(machine.checkout.resolve(source));
    assertTrue(machine.run().succeeded().err().contains("sources changed"));
    assertEquals(2, builds().size());
  }

  @Test
  void buildsAgainWhenASourceOrTheJarIsGone() throws Exception {
    machine.run().succeeded();
    Path source = machine.checkout.resolve("native/src/api.cpp");
    Files.delete(source);
    changeLater(source.getParent());
    machine.run().succeeded();
    assertEquals(2, builds().size());
    Files.delete(machine.checkout.resolve("cli/target/azulejo/azulejo-cli.jar"));
    machine.run().succeeded();
    assertEquals(3, builds().size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"compare conv", "jmh", "train --engine onednn", "train --engine=onednn"})
  void whatNeedsTheModuleCompareBuildsItAndAddsItToTheClassPath(String command) throws Exception {
    machine.run("train").succeeded();
    assertTrue(builds().getLast().contains("-pl cli -am"), builds()::toString);
    Cli.Result first = machine.run((Object[]) command.split(" ")).succeeded();
    assertTrue(first.err().contains("building ... (first comparison"), first.err());
    assertTrue(builds().getLast().contains("-pl cli,compare -am"), builds()::toString);
    String app = machine.checkout + "/compare/target/azulejo/";
    String classPath = ":" + app + "azulejo-compare.jar:" + app + "lib/* dev.azulejo.cli.Main ";
    assertTrue(first.out().endsWith(classPath + command + "\n"), first.out());
    assertTrue(first.out().contains("--enable-native-access=ALL-UNNAMED"), first.out());
    machine.run((Object[]) command.split(" ")).succeeded();
    assertEquals(2, builds().size());
  }

  @Test
  void aBundleHasTheModuleCompareWhereItIsAskedFor() throws Exception {
    Path script = machine.checkout.resolve("cli/bundle/bundle.sh");
    Files.createDirectories(script.getParent());
    Files.writeString(script, "#!/bin/sh\necho \"$@\"\n");
    assertTrue(script.toFile().setExecutable(true));
    machine.run("bundle").succeeded();
    assertTrue(builds().getLast().contains("-pl cli -am"), builds()::toString);
    Cli.Result with = machine.run("bundle", "--with-compare").succeeded();
    assertTrue(builds().getLast().contains("-pl cli,compare -am"), builds()::toString);
    assertTrue(with.out().endsWith("--with-compare\n"), with.out());
  }

  /** A library of its own, which CMake brings up to date, unless the user names one. */
  @ParameterizedTest
  @ValueSource(strings = {"selftest --device emulated", "train --device=emulated:1"})
  void theEmulatedDeviceIsBuiltWhenItIsNamed(String command) throws Exception {
    machine.program("cmake", "echo \"$*\" >>\"$HOME/cmake-calls\"");
    Path calls = machine.home.resolve("cmake-calls");
    machine.run("selftest", "--device", "cpu", "--json", "emulated").succeeded();
    assertTrue(Files.notExists(calls));
    Cli.Result result = machine.run((Object[]) command.split(" ")).succeeded();
    String build = machine.checkout + "/native/target/cmake";
    assertEquals(
        List.of("--build " + build + " --target azulejo_emulated --parallel 2"),
        Files.readAllLines(calls));
    assertTrue(
        result.out().contains(":-Dazulejo.library=" + build + "/libazulejo_emulated.so "),
        result.out());
    machine.set("AZULEJO_LIBRARY", "mine.so");
    assertTrue(
        !machine.run((Object[]) command.split(" ")).succeeded().out().contains("azulejo.library"));
    assertEquals(1, Files.readAllLines(calls).size());
  }

  @Test
  void aFailedBuildOfTheEmulatedDeviceShowsTheEndOfItsLog() throws Exception {
    machine.program("cmake", "echo no compiler; exit 1");
    machine
        .run("selftest", "--device", "emulated")
        .failed(1, "the build of the emulated CUDA device failed", "no compiler");
  }

  @Test
  void aChangeOfTheModuleCompareIsNoReasonToBuildTheOthers() throws Exception {
    machine.run("train").succeeded();
    changeLater(machine.checkout.resolve("compare/src/main/java/module-info.java"));
    machine.run("train").succeeded();
    assertEquals(1, builds().size());
    machine.run("compare").succeeded();
    assertEquals(2, builds().size());
  }

  @Test
  void testsAndDocumentsAreNoReasonToBuild() throws Exception {
    machine.source("cli/src/test/java/SomeTest.java");
    machine.run().succeeded();
    changeLater(machine.source("cli/src/test/java/SomeTest.java"));
    changeLater(machine.source("README.md"));
    machine.run().succeeded();
    assertEquals(1, builds().size());
  }

  @Test
  void aFailedBuildShowsTheEndOfItsLogAndIsTriedAgain() throws Exception {
    machine.program("mvn", "echo '[ERROR] no such thing'; exit 1");
    Cli.Result failed = machine.run("devices");
    assertEquals(1, failed.exit());
    assertTrue(failed.err().contains("the build failed; the end of "), failed.err());
    assertTrue(failed.err().contains("[ERROR] no such thing"), failed.err());
    assertEquals("", failed.out());
    Path log = machine.checkout.resolve(".azulejo").resolve("build.log");
    assertTrue(Files.readString(log).contains("no such thing"));
    machine.program("mvn", MAVEN);
    assertTrue(machine.run("devices").succeeded().out().contains("devices"));
  }

  @Test
  void twoFirstRunsBuildOnce() throws Exception {
    try (Child one = machine.start("a");
        Child two = machine.start("b")) {
      Cli.Result first = one.await().succeeded();
      Cli.Result second = two.await().succeeded();
      assertEquals(1, builds().size());
      assertTrue(first.out().endsWith(" a\n") && second.out().endsWith(" b\n"));
      String both = first.err() + second.err();
      assertTrue(both.contains("another run is building; waiting for it"), both);
    }
    assertFalse(machine.run("c").succeeded().err().contains("waiting"));
  }
}
