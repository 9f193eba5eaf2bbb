package dev.azulejo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Losses that a fixed seed gives, on every machine and device: what draws weights, glyphs and
 * orders, and what the steps compute, has not changed by accident. That they are right is the
 * matter of {@link TrainingStepTest}.
 */
class GoldenLossTest {
  private static final double RELATIVE = 1e-4;

  /** Six steps of SGD with momentum, six of Adam. */
  private static final double[] GOLDEN = {
    3.94236279,
    3.39237213,
    2.84375381,
    2.64250207,
    2.33818746,
    2.16951418,
    3.94236279,
    3.68092847,
    3.55311632,
    3.64386106,
    2.60333133,
    3.07146478
  };

  static List<DeviceKind> kinds() {
    return dev.azulejo.device.Devices.available();
  }

  @Tag("device")
  @ParameterizedTest
  @MethodSource("kinds")
  void lossesOfAFixedSeed(DeviceKind kind) {
    check(kind.toString(), GoldenLosses.run(kind));
  }

  /** The processor's best instruction set and every lesser one, each in a process of its own. */
  @Test
  void lossesOfEveryInstructionSet() throws IOException, InterruptedException {
    List<String> known = List.of("portable", "avx2", "avx512");
    String best;
    try (Device device = Device.cpu(1)) {
      best = device.info().instructionSet();
    }
    assertTrue(known.contains(best), best);
    for (String set : known.subList(0, known.indexOf(best) + 1)) {
      check(set, inProcess(set));
    }
  }

  private static List<Double> inProcess(String instructionSet)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            GoldenLosses.class.getName());
    builder.environment().put("AZULEJO_ISA", instructionSet);
    builder.redirectErrorStream(true);
    Process process = builder.start();
    String output;
    try (var in = process.getInputStream()) {
      output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertEquals(0, process.waitFor(), output);
    return Arrays.stream(output.strip().split("\\s+")).map(Double::valueOf).toList();
  }

  private static void check(String what, List<Double> losses) {
    assertEquals(GOLDEN.length, losses.size(), what + ": " + losses);
    for (int i = 0; i < GOLDEN.length; i++) {
      assertEquals(GOLDEN[i], losses.get(i), RELATIVE * GOLDEN[i], what + ", step " + (i + 1));
    }
  }
}
