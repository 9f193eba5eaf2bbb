package dev.azulejo.cli.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.cli.Cli;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the launcher finds, and what it says where something is missing. */
class LauncherTest {
  @TempDir private Path folder;
  private FakeMachine machine;

  @BeforeEach
  void machine() throws Exception {
    machine = new FakeMachine(folder.toRealPath()).set("AZULEJO_LAUNCHER", "dry-run");
  }

  private void usesJdk(Path jdk) throws Exception {
    Cli.Result result = machine.buildTools("").run("devices").succeeded();
    assertTrue(result.err().contains("would build with JAVA_HOME=" + jdk + "\n"), result.err());
    assertTrue(result.err().contains(": " + jdk + "/bin/java "), result.err());
    assertEquals("", result.out(), "messages go to the error stream");
  }

  @Test
  void takesTheNewestJdkOfTheFolders() throws Exception {
    machine.jdk("a", "22.0.1");
    Path newest = machine.jdk("b", "25");
    machine.jdk("c", "23-ea");
    machine.jdk("d", "1.8.0_402");
    usesJdk(newest);
  }

  @Test
  void javaHomeComesFirstIfItIsNewEnough() throws Exception {
    Path chosen = machine.jdk("a", "22.0.1");
    Path newest = machine.jdk("b", "25");
    machine.set("JAVA_HOME", chosen);
    usesJdk(chosen);
    machine.set("JAVA_HOME", machine.jdk("c", "17.0.15"));
    usesJdk(newest);
  }

  @Test
  void asksJavaWhereThereIsNoReleaseFile() throws Exception {
    Path jdk = machine.jdk("a", "24.0.2");
    Files.delete(jdk.resolve("release"));
    usesJdk(jdk);
  }

  @Test
  void findsTheJdkOfThePath() throws Exception {
    Path jdk = machine.jdk("a", "23");
    machine.set("AZULEJO_JDK_FOLDERS", folder.resolve("none"));
    Files.createSymbolicLink(
        folder.resolve("bin").resolve("java"), jdk.toRealPath().resolve("bin").resolve("java"));
    usesJdk(jdk);
  }

  @Test
  void anOldJdkIsNoneAndIsNamed() throws Exception {
    Path old = machine.jdk("a", "17.0.15");
    Path jre = machine.jdk("jre", "25");
    Files.delete(jre.resolve("bin").resolve("javac"));
    machine.set("JAVA_HOME", old);
    machine.run("devices").failed(1, "no JDK 22 or newer", old + " (17)", "sdk install java");
    assertFalse(machine.run().err().contains(jre + " (25)"), "a JRE cannot compile");
  }

  @ParameterizedTest
  @CsvSource({
    "1000, sudo apt-get install -y openjdk-25-jdk-headless",
    "0, installing: apt-get install -y"
  })
  void aPackageThatHasAJdkIsNamedOrInstalled(String user, String message) throws Exception {
    machine.debian("openjdk-25-jdk-headless").program("id", "echo " + user);
    Cli.Result result = machine.buildTools("").run("devices");
    assertTrue(result.err().contains(message), result.err());
    assertEquals(user.equals("0") ? 0 : 1, result.exit());
  }

  @Test
  void missingToolsAreNamedWithTheCommandThatInstallsThem() throws Exception {
    machine.jdk("a", "25");
    String lacks = "the build needs cmake, a C++ compiler, make, Maven (mvn), not found on PATH";
    machine.run("train").failed(1, lacks, "install, with this system's package manager: cmake g++");
    machine
        .debian("none")
        .run("train")
        .failed(1, lacks, "\n  sudo apt-get install -y cmake g++ make maven");
    machine.program("cmake", "").program("make", "").program("mvn", "");
    machine
        .run("train")
        .failed(1, "the build needs a C++ compiler,", "sudo apt-get install -y g++\n");
    machine.set("CXX", "c++-99").run("train").failed(1, "CXX=c++-99 is not a program");
  }

  @Test
  void rootOnADebianLikeSystemInstallsThem() throws Exception {
    machine.jdk("a", "25");
    Cli.Result result = machine.debian("none").program("id", "echo 0").run("train").succeeded();
    assertTrue(
        result.err().contains("installing: apt-get install -y cmake g++ make maven fontconfig"),
        result.err());
    assertTrue(result.err().contains("would run with JDK 25"), result.err());
  }

  @Test
  void worksThroughASymbolicLinkFromElsewhere() throws Exception {
    Path jdk = machine.jdk("a", "25");
    Path elsewhere = Files.createDirectories(folder.resolve("else where"));
    Path link = elsewhere.resolve("az");
    Files.createSymbolicLink(link, Path.of("..", "checkout", "azulejo"));
    machine.buildTools("");
    try (var child = machine.startAt(link, "predict", "my image.png")) {
      Cli.Result result = child.await().succeeded();
      String jar = machine.checkout + "/cli/target/azulejo/azulejo-cli.jar";
      String command = " -jar " + jar + " predict my\\ image.png";
      assertTrue(result.err().contains(jdk + "/bin/java "), result.err());
      assertTrue(result.err().stripTrailing().endsWith(command), result.err());
    }
  }

  @Test
  void anUnknownModeIsRefused() throws Exception {
    machine.set("AZULEJO_LAUNCHER", "fly").run().failed(1, "AZULEJO_LAUNCHER=fly is unknown");
  }

  @Test
  void toolsModePrintsTheJdkAndStops() throws Exception {
    Path jdk = machine.jdk("a", "25");
    Cli.Result result = machine.set("AZULEJO_LAUNCHER", "tools").buildTools("exit 1").run();
    assertEquals(jdk + "\n", result.succeeded().out());
  }
}
