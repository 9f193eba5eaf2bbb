package dev.azulejo.compare.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.compare.conv.ConvCase;
import dev.azulejo.compare.measure.Effort;
import dev.azulejo.device.Device;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.Engines;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.Zoo;
import dev.azulejo.ops.Conv2dShape;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryTest {
  @ParameterizedTest
  @ValueSource(strings = {"azulejo", "onednn"})
  void whatIsPredictedIsUsed(String name) {
    NetworkSpec spec = Zoo.spec("lenet5", Zoo.defaultInput("lenet5"), 10);
    try (Device device = Device.cpu(1)) {
      Engine engine = Engines.named(name, device.kind());
      NetworkMemory training = NetworkMemory.training(device, spec, 3, engine);
      assertEquals(training.predicted(), training.actual());
      NetworkMemory inference = NetworkMemory.inference(device, spec, 3, engine);
      assertEquals(inference.predicted(), inference.actual());
      assertTrue(inference.actual() < training.actual());
      assertEquals(name.equals("onednn"), training.engine() > 0);
      assertEquals(0, device.memory().liveBytes());
    }
  }

  @Test
  void theWorkspaceGrowsWithTheSamplesOfXUnroll() {
    ConvCase problem =
        new ConvCase("small", 5, new Conv2dShape(2, 8, 8, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1));
    try (Device device = Device.cpu(1)) {
      List<UnrollMemory> ways = UnrollMemory.measure(device, problem, new Effort(0, 0, 0, 1, 0));
      assertEquals(List.of(0, 1, 2, 4, 5), ways.stream().map(UnrollMemory::samples).toList());
      long one = ways.get(1).workspaceBytes();
      assertTrue(one >= problem.shape().unrolledCount() * Float.BYTES);
      assertTrue(ways.get(4).workspaceBytes() >= 5 * problem.shape().unrolledCount() * Float.BYTES);
      assertTrue(ways.get(2).workspaceBytes() > one);
      assertEquals(0, device.memory().liveBytes());
    }
  }
}
