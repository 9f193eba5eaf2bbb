package dev.azulejo.train;

import static dev.azulejo.train.SmallRuns.assertMessage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Dataset;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.DeviceLostException;
import dev.azulejo.device.Emulation;
import dev.azulejo.device.Emulation.CudaError;
import dev.azulejo.device.OutOfDeviceMemoryException;
import dev.azulejo.nn.Network;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A device that fails in the middle of training, and how often the host calls it. */
@Tag("emulated")
class DeviceFaultTest {
  private static final Dataset DATA = SmallRuns.glyphs(18);

  @AfterEach
  void reset() {
    Emulation.reset();
  }

  private static Trainer trainer(Network network, boolean resident) {
    return Trainer.of(network)
        .batchSize(4)
        .optimizer(Adam.rate(0.01f))
        .validation(SmallRuns.glyphs(6))
        .residentData(resident);
  }

  /** Each allocation of a run fails once: all that was allocated before is given back. */
  @Test
  void outOfMemoryAnywhereLeavesNothingBehind() {
    for (boolean resident : new boolean[] {true, false}) {
      List<String> messages = new ArrayList<>();
      for (int nth = 1; ; nth++) {
        try (Device device = Device.open(DeviceKind.EMULATED);
            Network network = Network.create(device, SmallRuns.SPEC, 1)) {
          device.stream().workspace().reserve(1 << 20);
          long before = device.memory().liveBytes();
          Trainer trainer = trainer(network, resident);
          Emulation.failNth("cudaMallocAsync", nth, CudaError.MEMORY_ALLOCATION);
          try {
            trainer.fit(DATA, 1);
            break; // no run allocates so often
          } catch (OutOfDeviceMemoryException e) {
            messages.add(e.getMessage());
          }
          assertEquals(before, device.memory().liveBytes(), () -> device.memory().toString());
          assertEquals(0, device.memory().hostBytes());
          assertEquals(1, trainer(network, resident).fit(DATA, 1).epochs().size(), "goes on");
        }
        Emulation.reset();
      }
      Emulation.reset();
      assertTrue(messages.size() > 8, messages.toString());
      assertEquals(
          resident,
          messages.stream()
              .anyMatch(
                  text ->
                      text.contains("the data set of 18 samples of 1x12x12 does not fit")
                          && text.contains("Trainer.residentData(false), or --data-on host")));
    }
  }

  @Test
  void noHostMemoryForTheMiniBatches() {
    try (Device device = Device.open(DeviceKind.EMULATED);
        Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      // The first two are the training stream's own.
      Emulation.failNth("cudaHostAlloc", 3, CudaError.MEMORY_ALLOCATION);
      assertMessage(
          "page-locked host memory",
          assertThrows(
              OutOfDeviceMemoryException.class, () -> trainer(network, false).fit(DATA, 1)));
      assertEquals(1, trainer(network, false).fit(DATA, 1).epochs().size());
      device.stream().workspace().trim();
    }
  }

  @Test
  void deviceThatIsLostInAReplayIsSaidToBe() {
    Device device = Device.open(DeviceKind.EMULATED);
    Network network = Network.create(device, SmallRuns.SPEC, 1);
    Emulation.failNth("cudaGraphLaunch", 2, CudaError.LAUNCH_FAILURE);
    assertThrows(DeviceLostException.class, () -> trainer(network, true).fit(DATA, 2));
    network.close();
    device.stream().close();
    device.close();
  }

  /** A step is one call: more steps are more launches of graphs, and of nothing else. */
  @Test
  void replayedStepIsOneCall() {
    int[] graphs = new int[2];
    int[] kernels = new int[2];
    int[] copies = new int[2];
    for (int i = 0; i < 2; i++) {
      try (Device device = Device.open(DeviceKind.EMULATED);
          Network network = Network.create(device, SmallRuns.SPEC, 1)) {
        // One epoch of 10 and of 20 mini-batches.
        Trainer.of(network).batchSize(3).fit(SmallRuns.glyphs(30 * (i + 1)), 1);
        device.stream().workspace().trim();
      }
      graphs[i] = Emulation.calls("cudaGraphLaunch");
      kernels[i] = Emulation.calls("cudaLaunchKernelExC");
      copies[i] = Emulation.calls("cudaMemcpyAsync");
      Emulation.reset();
    }
    assertEquals(10 + 1, graphs[0], "one to prepare");
    assertEquals(20 + 1, graphs[1]);
    assertEquals(kernels[0], kernels[1]);
    assertEquals(copies[0], copies[1]);
  }
}
