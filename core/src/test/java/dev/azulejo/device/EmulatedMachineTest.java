package dev.azulejo.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Machines that are not as one wishes: each in a process of its own, described to the emulation.
 */
@Tag("emulated")
class EmulatedMachineTest {
  @Test
  void wrongArchitecture() throws Exception {
    String capability = "AZULEJO_EMULATION_CAPABILITY=72";
    List<String> opened = run("open", capability);
    assertContains(
        opened.getFirst(),
        "DeviceUnavailableException",
        "CUDA device 1",
        "compute capability 7.2, for which this build of libazulejo has no kernels: it was built"
            + " for sm_75",
        "AZJ_CUDA_ARCHITECTURES");
    List<String> listed = run("list", capability);
    assertTrue(listed.stream().anyMatch(line -> line.startsWith("CPU ")), listed.toString());
    assertTrue(listed.stream().noneMatch(line -> line.startsWith("EMULATED")), listed.toString());
    assertTrue(listed.stream().anyMatch(line -> line.contains("left out: ")), listed.toString());
  }

  @Test
  void deviceThatIsNotThere() throws Exception {
    List<String> opened = run("open", "AZULEJO_EMULATION_DEVICES=1");
    assertContains(
        opened.getFirst(),
        "DeviceUnavailableException",
        "CUDA device 1 was asked for; there is 1, ordinal 0");
    assertEquals(List.of("ok"), run("open", "AZULEJO_EMULATION_DEVICES=2"));
  }

  /** Capability 7.5: all but those on tensor cores. */
  @Test
  void noTensorCoresForFloats() throws Exception {
    List<String> lines = run("tensor-cores", "AZULEJO_EMULATION_CAPABILITY=75");
    assertEquals(List.of("ok", "ok", "ok", "ok"), lines.subList(0, 4));
    for (String refused : lines.subList(4, 6)) {
      assertContains(
          refused, "UnsupportedProblemException", "compute capability 8.0; this device has 7.5");
    }
    for (String refused : lines.subList(7, 9)) {
      assertContains(
          refused,
          "UnsupportedProblemException",
          "compute capability 9.0 alone; this device has 7.5");
    }
  }

  @Test
  void networkThatDoesNotFit() throws Exception {
    List<String> lines = run("train", "AZULEJO_EMULATION_MEMORY=16");
    assertContains(lines.get(0), "OutOfDeviceMemoryException", "has 16777216 bytes, of which");
    assertEquals("left: 0", lines.get(1));
    assertEquals("ok", lines.get(2));
    assertEquals("left: 0", lines.get(3));
  }

  private static List<String> run(String what, String variable)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-Dazulejo.library=" + System.getProperty("azulejo.library"),
            "-cp",
            System.getProperty("java.class.path"),
            EmulatedMachine.class.getName(),
            what);
    String[] nameAndValue = variable.split("=");
    builder.environment().put(nameAndValue[0], nameAndValue[1]);
    builder.redirectErrorStream(true);
    Process process = builder.start();
    String output;
    try (var in = process.getInputStream()) {
      output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertEquals(0, process.waitFor(), output);
    return output.lines().toList();
  }

  private static void assertContains(String text, String... parts) {
    for (String part : parts) {
      assertTrue(text.contains(part), () -> "expected \"" + part + "\" in: " + text);
    }
  }
}
