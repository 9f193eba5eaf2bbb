package dev.azulejo.nn;

import static dev.azulejo.nn.InferencePlanTest.assertMessage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.data.Glyphs;
import dev.azulejo.data.Shape;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.OutOfDeviceMemoryException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Ownership, threads and devices; after each test the base class counts the bytes left. */
class NetworkMisuseTest extends DeviceTest {
  private static final NetworkSpec SPEC =
      NetworkText.parse("input 1x12x12\nconv2d 2 3\nflatten\ndense 10");

  @Test
  void closedNetwork() {
    var data = Glyphs.generate(4, new Shape(1, 12, 12), 1);
    Network network = Network.create(device, SPEC, 1);
    network.close();
    network.close();
    for (Executable use :
        new Executable[] {
          () -> network.evaluate(data),
          () -> network.predict(new float[144]),
          () -> network.weights().toArray(stream)
        }) {
      IllegalStateException e = assertThrows(IllegalStateException.class, use);
      assertMessage("buffer 'weights' (", e);
      assertMessage("is closed", e);
    }
    assertEquals("1x12x12", network.spec().input().toString());
  }

  @Test
  void networkClosedUnderItsPlans() {
    Network network = Network.create(device, SPEC, 1);
    try (InferencePlan inference = network.plan(2);
        TrainingPlan training = new TrainingPlan(network, stream, 2)) {
      network.close();
      assertMessage("'weights'", assertThrows(IllegalStateException.class, () -> inference.run(1)));
      assertMessage("'weights'", assertThrows(IllegalStateException.class, training::forward));
    }
  }

  @Test
  void trainingPlanAfterClose() {
    try (Network network = Network.create(device, SPEC, 1)) {
      TrainingPlan plan = new TrainingPlan(network, stream, 2);
      assertSame(stream, plan.stream());
      for (int batch : new int[] {0, -3, 3}) {
        assertMessage(
            "batch of " + batch + " samples in a plan for 1 to 2",
            assertThrows(IllegalArgumentException.class, () -> plan.setBatch(batch)));
      }
      plan.close();
      plan.close();
      assertMessage("is closed", assertThrows(IllegalStateException.class, plan::forward));
      assertMessage("is closed", assertThrows(IllegalStateException.class, plan::backward));
    }
  }

  @Test
  void streamOfAnotherDevice() {
    try (Device other = Device.cpu(1);
        Network network = Network.create(device, SPEC, 1)) {
      for (Executable use :
          new Executable[] {
            () -> network.plan(1, other.stream()),
            () -> new TrainingPlan(network, other.stream(), 1),
            () -> new Evaluator(network, other.stream(), Loss.SOFTMAX_CROSS_ENTROPY, 1)
          }) {
        assertMessage(
            "the network lives on " + device, assertThrows(IllegalArgumentException.class, use));
      }
      assertEquals(0, other.memory().peakBytes());
    }
  }

  /** A thread without the stream is told so, before or after something was allocated. */
  @Test
  void wrongThread() throws Exception {
    var data = Glyphs.generate(4, new Shape(1, 12, 12), 1);
    try (Network network = Network.create(device, SPEC, 1);
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      long before = device.memory().liveBytes();
      for (Runnable use :
          new Runnable[] {
            () -> Network.create(device, SPEC, 1),
            () -> network.plan(1),
            () -> new TrainingPlan(network, stream, 1),
            () -> new Scorer(stream, Loss.SOFTMAX_CROSS_ENTROPY, 10, 4),
            () -> new Scorer(stream, Loss.MEAN_SQUARED_ERROR, 10, 4),
            () -> network.evaluate(data),
            () -> network.predict(new float[144])
          }) {
        Throwable failure =
            assertThrows(ExecutionException.class, () -> pool.submit(use).get()).getCause();
        assertEquals(IllegalStateException.class, failure.getClass(), failure.toString());
        assertMessage("open a stream for each thread", failure);
        assertEquals(before, device.memory().liveBytes(), () -> device.memory().toString());
      }
    }
  }

  @Test
  void scorerBeyondAllMemoryLeaksNothing() {
    for (Loss loss : new Loss[] {Loss.SIGMOID_CROSS_ENTROPY, Loss.MEAN_SQUARED_ERROR}) {
      Throwable e =
          assertThrows(
              OutOfDeviceMemoryException.class,
              () -> new Scorer(stream, loss, 1 << 20, Integer.MAX_VALUE), // 2^53 bytes
              loss.toString());
      assertMessage("azj_alloc", e);
      assertEquals(0, device.memory().liveBytes());
    }
  }

  @Test
  void closedDevice() {
    Device other = Device.cpu(1);
    other.close();
    assertMessage(
        "is closed",
        assertThrows(IllegalStateException.class, () -> Network.create(other, SPEC, 1)));
  }
}
