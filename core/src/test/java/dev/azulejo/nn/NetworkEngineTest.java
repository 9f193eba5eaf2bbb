package dev.azulejo.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Glyphs;
import dev.azulejo.data.Shape;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.RecordingEngine;
import dev.azulejo.train.Sgd;
import dev.azulejo.train.Trainer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Plans ask the network's engine, once; after each test the base class counts the bytes left. */
class NetworkEngineTest extends DeviceTest {
  private static final NetworkSpec SPEC =
      NetworkText.parse("input 1x12x12\nconv2d 2 3 relu\nflatten\ndense 10");

  private final RecordingEngine engine = new RecordingEngine("recorder");

  @Test
  void azulejoWhereNothingIsSaid() {
    try (Network network = Network.create(device, SPEC, 1)) {
      assertSame(Engine.azulejo(), network.engine());
      assertThrows(NullPointerException.class, () -> network.setEngine(null));
    }
  }

  @Test
  void plansAreMadeOnceAndGivenBack() {
    try (Network network = Network.create(device, SPEC, 1)) {
      network.setEngine(engine);
      try (TrainingPlan plan = new TrainingPlan(network, stream, 6)) {
        for (int batch : new int[] {6, 2, 6, 1}) {
          plan.setBatch(batch);
          plan.forward();
          plan.backward();
        }
      }
      assertEquals(
          List.of("open training", "convolution, batch 6", "dense, batch 6", "close"),
          engine.calls);
      engine.calls.clear();
      try (InferencePlan plan = network.plan(4)) {
        plan.run(3);
        plan.run(4);
      }
      assertEquals(
          List.of("open inference", "convolution, batch 4", "dense, batch 4", "close"),
          engine.calls);
    }
  }

  @Test
  void failureWhilePlanningGivesEverythingBack() {
    engine.refuseDense();
    try (Network network = Network.create(device, SPEC, 1)) {
      network.setEngine(engine);
      assertThrows(UnsupportedProblemException.class, () -> new TrainingPlan(network, stream, 6));
      assertThrows(UnsupportedProblemException.class, () -> network.plan(6));
      assertThrows(UnsupportedProblemException.class, () -> network.summary(6));
      assertEquals("close", engine.calls.getLast());
    }
  }

  @Test
  void theEnginesMemoryIsPlannedAndReported() {
    MemoryPlan expected = MemoryPlan.training(SPEC, stream, 6, engine);
    assertEquals(RecordingEngine.BYTES, expected.engine());
    assertEquals(0, MemoryPlan.training(SPEC, stream, 6).engine());
    try (Network network = Network.create(device, SPEC, 1)) {
      network.setEngine(engine);
      String summary = network.summary(6).toString();
      assertTrue(summary.contains("the engine's own 4.0 KiB"), summary);
      stream.workspace().trim();
      try (TrainingPlan plan = new TrainingPlan(network, stream, 6)) {
        assertSame(stream, plan.stream());
        assertEquals(expected.total(), device.memory().liveBytes());
        assertTrue(device.memory().toString().contains("recorder"));
      }
    }
  }

  @Test
  void trainerTrainsWithTheNetworksEngine() {
    var data = Glyphs.generate(24, new Shape(1, 12, 12), 1);
    try (Network network = Network.create(device, SPEC, 1)) {
      network.setEngine(engine);
      Trainer.of(network).optimizer(Sgd.rate(0.1f)).batchSize(8).fit(data, 1);
      assertTrue(engine.calls.contains("open training"), engine.calls::toString);
      long opened = engine.calls.stream().filter(call -> call.startsWith("open")).count();
      assertEquals(opened, engine.calls.stream().filter("close"::equals).count());
    }
  }
}
