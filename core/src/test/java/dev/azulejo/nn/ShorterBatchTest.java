package dev.azulejo.nn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.engine.ConvolutionPlan;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.ops.Convolution;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The last mini-batch of an epoch is shorter; what is planned for a full one must be enough. */
class ShorterBatchTest extends DeviceTest {
  private static final int BATCH = 64;

  /** mnist-cnn's second convolution. */
  @Test
  void workspaceIsEnoughForEverySize() {
    Conv2dProblem problem =
        Conv2dProblem.builder()
            .batch(BATCH)
            .input(32, 14, 14)
            .filters(64)
            .kernel(3)
            .padding(1)
            .build();
    try (EngineSession session = Engine.azulejo().open(stream, true)) {
      ConvolutionPlan plan = session.convolution(problem);
      long bytes = plan.workspaceBytes();
      for (ConvPass pass : ConvPass.values()) {
        String name = plan.algorithm(pass).toUpperCase(Locale.ROOT).replace('-', '_');
        Conv2dProblem settled = problem.withAlgorithm(ConvAlgorithm.valueOf(name));
        for (int size = 1; size <= BATCH; size++) {
          settled.setBatch(size);
          long needed = Convolution.workspaceBytes(stream, settled, pass);
          assertTrue(needed <= bytes, pass + " of " + size + ": " + needed + " of " + bytes);
        }
      }
    }
  }

  @Test
  void stepsOfEverySizeRun() {
    NetworkSpec spec = NetworkText.parse("input 32x14x14\nconv2d 64 3 padding 1\nflatten\ndense 2");
    int most = device.isHost() ? BATCH : 3; // emulated ones take their time
    try (Network network = Network.create(device, spec, 1);
        TrainingPlan plan = new TrainingPlan(network, stream, most)) {
      for (int size = most; size >= 1; size--) {
        plan.setBatch(size);
        plan.forward();
        plan.backward();
      }
      stream.synchronize();
    }
  }
}
