package dev.azulejo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Installing a Debian package: when, how, and that it is never silent. No package is really
 * installed here.
 */
class AptInstallerTest {

  private static final AptInstaller.Result GOOD = new AptInstaller.Result(0, "done\n");
  private static final AptInstaller.Result BAD =
      new AptInstaller.Result(100, "Reading...\nE: Unable to locate package p\n\n");

  private final List<String> commands = new ArrayList<>();
  private final List<String> messages = new ArrayList<>();

  private String install(boolean hasApt, boolean isRoot, AptInstaller.Result... results) {
    Deque<AptInstaller.Result> answers = new ArrayDeque<>(List.of(results));
    AptInstaller.Commands fake =
        command -> {
          commands.add(String.join(" ", command));
          return answers.removeFirst();
        };
    return new AptInstaller(hasApt, isRoot, fake, messages::add).install("p");
  }

  @Test
  void installsAndSaysSo() {
    assertNull(install(true, true, GOOD));
    assertEquals(List.of("apt-get install -y p"), commands);
    assertEquals(List.of("Running as root: apt-get install -y p"), messages);
  }

  @Test
  void fetchesThePackageListsWhereTheFirstAttemptFails() {
    assertNull(install(true, true, BAD, GOOD, GOOD));
    assertEquals(
        List.of("apt-get install -y p", "apt-get update", "apt-get install -y p"), commands);
    assertEquals(3, messages.size());
  }

  @Test
  void saysWhyItFailed() {
    assertEquals(
        "Debian package p: apt-get update failed with exit code 100: E: Unable to locate package p",
        install(true, true, BAD, BAD));
    assertEquals(
        "Debian package p: apt-get install -y p failed with exit code 1: it printed nothing",
        install(true, true, BAD, GOOD, new AptInstaller.Result(1, "\n")));
  }

  @Test
  void leavesOtherSystemsAlone() {
    assertEquals(
        "Debian package p: not installed, this system has no apt-get", install(false, true));
    assertEquals(
        "Debian package p: not installed, that needs root; run: sudo apt-get install p",
        install(true, false));
    assertEquals(List.of(), commands);
  }

  @Test
  void aCommandThatCannotRunIsAFailure() {
    AptInstaller.Commands broken =
        command -> {
          throw new IOException("no such command");
        };
    String problem = new AptInstaller(true, true, broken, messages::add).install("p");
    assertTrue(problem.endsWith("failed with exit code -1: no such command"), problem);
    AptInstaller.Commands interrupted =
        command -> {
          throw new InterruptedException();
        };
    new AptInstaller(true, true, interrupted, messages::add).install("p");
    assertTrue(Thread.interrupted(), "an interrupt must not get lost");
  }

  @Test
  void runsRealCommands() throws Exception {
    AptInstaller.Result result =
        AptInstaller.runProcess(List.of("sh", "-c", "echo out; echo err >&2; cat; exit 3"));
    assertEquals(new AptInstaller.Result(3, "out\nerr\n"), result);
  }
}
