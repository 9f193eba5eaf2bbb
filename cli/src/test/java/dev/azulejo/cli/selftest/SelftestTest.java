package dev.azulejo.cli.selftest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceInfo;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.Elementwise;
import dev.azulejo.ops.GemmAlgorithm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class SelftestTest {
  private static final DeviceInfo GPU =
      new DeviceInfo(DeviceKind.CUDA, 0, "a GPU", "sm_90", 132, 90, 1L << 36, 1L << 36);

  /** Functions on streams that are no operations: queries, and the queue itself. */
  private static final Set<String> NO_OPERATIONS =
      Set.of(
          "stream_close",
          "stream_threads",
          "stream_native",
          "synchronize",
          "upload",
          "download",
          "upload_async",
          "download_async",
          "event_record",
          "event_wait",
          "graph_begin",
          "graph_end",
          "gemm_choice",
          "conv2d_algorithm",
          "conv2d_workspace_bytes",
          "conv2d_pool_algorithm",
          "conv2d_pool_workspace_bytes",
          "bf16_conv2d_workspace_bytes",
          "bf16_conv2d_pool_workspace_bytes");

  @Test
  void everyOperationOfTheHeaderIsChecked() throws Exception {
    String header = Files.readString(Path.of("../native/include/azulejo.h"));
    Set<String> operations = new TreeSet<>();
    Pattern.compile("azj_status azj_(\\w+)\\(azj_stream\\* stream\\b")
        .matcher(header)
        .results()
        .map(match -> match.group(1))
        .filter(name -> !NO_OPERATIONS.contains(name))
        .forEach(operations::add);
    Set<String> checked = new TreeSet<>();
    Selftest.checks(GPU).forEach(check -> checked.add(check.operation()));
    assertEquals(operations, checked);
  }

  @Test
  void everyAlgorithmOfTheDeviceIsChecked() {
    List<String> gemms = new ArrayList<>();
    List<String> convolutions = new ArrayList<>();
    for (Check check : Selftest.checks(GPU)) {
      if (check.operation().equals("gemm")) {
        gemms.add(check.algorithm());
      } else if (check.operation().equals("conv2d_forward")) {
        convolutions.add(check.algorithm());
      }
      assertFalse(check.trials().isEmpty(), check.operation());
    }
    assertEquals(Arrays.stream(GemmAlgorithm.values()).map(Enum::name).toList(), gemms);
    assertEquals(
        Arrays.stream(ConvAlgorithm.values()).filter(a -> a.runsOn(GPU)).map(Enum::name).toList(),
        convolutions);
  }

  /**
   * Results that are off, not written, or not numbers are found, and so is an operation that fails.
   */
  @Test
  void wrongResultsAreFound() {
    Check tooLarge = fill("too large", 1.5, x -> x);
    Check right = fill("right", 1, x -> x);
    Check unwritten = fill("unwritten", 1, x -> x.slice(0, 3));
    Check failing =
        new Check(
            "fill", "failing", List.of(new Trial("case", bench -> bench.floats(null).count())));
    try (Device device = Device.cpu(1)) {
      List<Outcome> told = new ArrayList<>();
      List<Outcome> outcomes =
          Selftest.run(device, List.of(tooLarge, right, unwritten, failing), told::add);
      assertEquals(told, outcomes);
      assertEquals(List.of(false, true, false, false), outcomes.stream().map(Outcome::ok).toList());
      assertTrue(outcomes.get(0).failure().startsWith("case of 4: the error is "));
      assertEquals(Double.POSITIVE_INFINITY, outcomes.get(2).worst());
      assertEquals(0, outcomes.get(1).worst());
      assertEquals(0, device.memory().liveBytes());
    }
  }

  private interface Part {
    Tensor of(Tensor whole);
  }

  /** A check that expects ones of a fill with some value of some part. */
  private static Check fill(String name, double value, Part part) {
    Trial.Body body =
        bench -> {
          Tensor x = bench.output(4);
          Tensor filled = part.of(x);
          bench.run(() -> Elementwise.fill(bench.stream(), filled.count(), (float) value, filled));
          return bench.worst(new double[] {1, 1, 1, 1}, new double[] {.1, .1, .1, .1}, x);
        };
    return new Check("fill", name, List.of(new Trial("of 4", body)));
  }
}
