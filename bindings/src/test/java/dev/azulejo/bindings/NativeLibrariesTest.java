package dev.azulejo.bindings;

import static dev.azulejo.bindings.ChildJvm.NATIVE_ACCESS;
import static dev.azulejo.bindings.ChildJvm.PLATFORM;
import static dev.azulejo.bindings.ChildJvm.assertContains;
import static dev.azulejo.bindings.ChildJvm.classPathWith;
import static dev.azulejo.bindings.ChildJvm.packResource;
import static dev.azulejo.bindings.ChildJvm.probe;
import static dev.azulejo.bindings.ChildJvm.probeWithWarnings;
import static dev.azulejo.bindings.ChildJvm.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.bindings.azulejo.azulejo_h;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

/** The search for libazulejo and the handshake: every way they can go. */
class NativeLibrariesTest {
  private static final int ABI = azulejo_h.AZJ_ABI_VERSION();

  @TempDir static Path shared;
  private static Path good;
  private static Path otherGood;

  @TempDir Path folder;

  @BeforeAll
  static void compileToys() throws IOException {
    good = Processes.toyLibrary(shared.resolve("libgood.so"), ABI);
    otherGood = Processes.toyLibrary(shared.resolve("libothergood.so"), ABI);
  }

  @Test
  void theBuiltLibraryLoadsAndAnswers() {
    NativeLibraries.loadAzulejo();
    String described = NativeLibraries.describe();
    assertTrue(described.startsWith("libazulejo, ABI " + ABI + ", "), described);
    assertEquals("OK", azulejo_h.azj_status_name(azulejo_h.AZJ_OK()).getString(0));
  }

  @Test
  void propertyNamesTheFile() throws IOException {
    String out = probe(Map.of(), property(good));
    String expected =
        "LOADED libazulejo, ABI %d, toy, from %s (system property azulejo.library=%s)";
    assertEquals(expected.formatted(ABI, good, good), out);
  }

  @Test
  void environmentVariableNamesTheFile() throws IOException {
    String out = probe(Map.of("AZULEJO_LIBRARY", good.toString()));
    assertContains(out, "LOADED ", "environment variable AZULEJO_LIBRARY=" + good);
  }

  @Test
  void propertyComesBeforeEnvironmentVariableAndJar() throws IOException {
    packResource(folder, good);
    Map<String, String> environment =
        Map.of("AZULEJO_LIBRARY", folder.resolve("absent").toString());
    String out = probe(environment, property(otherGood), "-cp", classPathWith(folder));
    assertContains(out, "LOADED ", "from " + otherGood);
  }

  @Test
  void missingFileOfThePropertyIsAnError() throws IOException {
    packResource(folder, good);
    Path absent = folder.resolve("absent.so");
    String out = probe(Map.of(), property(absent), "-cp", classPathWith(folder));
    assertContains(
        out,
        "FAILED Can't load libazulejo",
        " on " + PLATFORM + ".",
        "1. system property azulejo.library=" + absent + ": absent: there is no file " + absent,
        "An explicit choice that can't be had is an error: no other place was tried.",
        "What to do:");
    assertFalse(out.contains("jar resource"), out);
  }

  @Test
  void missingFileOfTheEnvironmentVariableIsAnError() throws IOException {
    Path absent = folder.resolve("absent.so");
    String out = probe(Map.of("AZULEJO_LIBRARY", absent.toString()));
    assertContains(
        out,
        "FAILED ",
        "1. system property azulejo.library: not set",
        "2. environment variable AZULEJO_LIBRARY=" + absent + ": absent: there is no file ",
        "no other place was tried");
  }

  @Test
  void folderInsteadOfFileIsAnError() throws IOException {
    String out = probe(Map.of(), property(folder));
    assertContains(out, "FAILED ", ": a folder; the path of the library file itself is needed");
  }

  @Test
  void fileThatIsNoLibraryIsAnErrorWithTheLoadersText() throws IOException {
    Path text = Files.writeString(folder.resolve("text.so"), "This is no library.\n".repeat(100));
    String out = probeWithWarnings(property(text));
    assertContains(out, "FAILED ", "does not load: " + text, "invalid ELF header");
  }

  @Test
  void libraryForAnotherProcessorIsAnErrorThatNamesBoth() throws IOException {
    byte[] elf = Files.readAllBytes(good);
    int machineOffset = 18; // e_machine of an ELF header
    elf[machineOffset] = (byte) 243; // EM_RISCV
    Path foreign = Files.write(folder.resolve("libforeign.so"), elf);
    String out = probeWithWarnings(property(foreign));
    assertContains(out, "FAILED ", "on " + PLATFORM, "does not load: " + foreign, "RISC");
  }

  @Test
  void otherAbiVersionIsAnErrorWithBothNumbersAndPlaces() throws IOException {
    Path other = Processes.toyLibrary(folder.resolve("libother.so"), ABI + 41);
    String out = probe(Map.of(), property(other));
    assertContains(
        out,
        "FAILED ",
        "the library has ABI version " + (ABI + 41) + ", the bindings need " + ABI + ".",
        "library:  " + other + " (system property azulejo.library=" + other + ")",
        "bindings: " + NativeLibraries.class.getProtectionDomain().getCodeSource().getLocation());
  }

  @Test
  void libraryWithoutTheHandshakeIsAnError() throws IOException {
    Path stranger = folder.resolve("libstranger.so");
    Processes.compileC(stranger, "int stranger(void) { return 1; }", "-shared", "-fPIC");
    String out = probe(Map.of(), property(stranger));
    assertContains(
        out,
        "FAILED ",
        "not libazulejo",
        "it has no function azj_abi_version",
        stranger.toString());
  }

  @Test
  void nowhereListsEveryPlaceInOrder() throws IOException {
    String out = probe(Map.of(), "-Djava.library.path=" + folder);
    assertContains(
        out,
        "FAILED ",
        "1. system property azulejo.library: not set",
        "2. environment variable AZULEJO_LIBRARY: not set",
        "3. jar resource natives/" + PLATFORM + "/libazulejo.so: absent; no jar here has a library",
        "4. system loader, name azulejo: no azulejo in java.library.path: " + folder,
        "put the jar dev.azulejo:azulejo-native with classifier " + PLATFORM,
        "-Dazulejo.library=FILE",
        "-Djava.io.tmpdir=FOLDER");
  }

  @Test
  @EnabledForJreRange(min = JRE.JAVA_24, disabledReason = "older JVMs have no such option")
  void refusedNativeAccessNamesTheOption() throws IOException {
    Processes.Result result =
        run(
            Map.of(),
            List.of("--illegal-native-access=deny", property(good), "-cp", classPathWith()),
            LoadProbe.class.getName());
    assertContains(
        result.out(), "FAILED ", "this JVM refuses native access", "with " + NATIVE_ACCESS);
  }

  private static String property(Path library) {
    return "-Dazulejo.library=" + library;
  }
}
