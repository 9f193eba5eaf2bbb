package dev.azulejo.nn;

import static dev.azulejo.nn.InferencePlanTest.assertMessage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Shape;
import dev.azulejo.device.AzulejoException;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.MemoryReport;
import dev.azulejo.device.OutOfDeviceMemoryException;
import dev.azulejo.device.Status;
import dev.azulejo.device.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The memory plan, known before a byte is allocated, is what the plans then allocate. */
class MemoryPlanTest extends DeviceTest {
  private static final Shape MNIST = new Shape(1, 28, 28);

  @ParameterizedTest
  @ValueSource(ints = {1, 7})
  void equalsTheLiveBytesOfTraining(int batch) {
    for (String name : Zoo.names()) {
      NetworkSpec spec = Zoo.spec(name, MNIST, 10);
      // A stream of its own, so that no other network's workspace is counted.
      try (Stream own = device.openStream(kind == dev.azulejo.device.DeviceKind.CPU ? 2 : 0)) {
        MemoryPlan expected = MemoryPlan.training(spec, own, batch);
        try (Network network = Network.create(device, spec, 1);
            TrainingPlan plan = new TrainingPlan(network, own, batch)) {
          assertEquals(own, plan.stream());
          MemoryReport live = device.memory();
          assertEquals(expected.total(), live.liveBytes(), () -> name + ": " + live);
          assertEquals(expected.weights(), bytes(live, "weights"));
          assertEquals(expected.gradients(), bytes(live, "gradients"));
          assertEquals(expected.workspace(), bytes(live, "workspace"));
          assertEquals(
              expected.activations() + expected.activationGradients() + expected.saved(),
              bytes(live, "activations"));
          assertTrue(expected.saved() > 0, "the argmax of max pooling");
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7})
  void equalsTheLiveBytesOfInference(int batch) {
    for (String name : Zoo.names()) {
      NetworkSpec spec = Zoo.spec(name, MNIST, 10);
      try (Stream own = device.openStream(kind == dev.azulejo.device.DeviceKind.CPU ? 2 : 0)) {
        MemoryPlan expected = MemoryPlan.inference(spec, own, batch);
        try (Network network = Network.create(device, spec, 1);
            InferencePlan plan = network.plan(batch, own)) {
          assertEquals(batch, plan.maxBatch());
          MemoryReport live = device.memory();
          assertEquals(expected.total(), live.liveBytes(), () -> name + ": " + live);
          assertEquals(expected.activations(), bytes(live, "activations"));
          assertEquals(0, expected.gradients() + expected.activationGradients() + expected.saved());
        }
      }
    }
  }

  /** A network of which nothing is trained has a plan, too; training it makes no sense. */
  @Test
  void networkWithoutParameters() {
    NetworkSpec spec = NetworkText.parse("input 1x4x4\nmaxpool 2\nflatten");
    try (Network network = Network.create(device, spec, 1);
        InferencePlan plan = network.plan(2)) {
      assertEquals(2, plan.maxBatch());
      assertEquals(
          MemoryPlan.inference(spec, stream, 2).total(),
          device.memory().liveBytes(),
          () -> device.memory().toString());
      assertMessage(
          "no parameters",
          assertThrows(IllegalArgumentException.class, () -> new TrainingPlan(network, stream, 2)));
    }
  }

  /** The sizes by hand, from the shapes: batch 2, floats rounded up to 16 for each tensor. */
  @Test
  void sizesByHand() {
    NetworkSpec spec =
        NetworkText.parse("input 1x8x8\nconv2d 2 3 padding 1 relu\nmaxpool 2\nflatten\ndense 3");
    MemoryPlan plan = MemoryPlan.training(spec, stream, 2);
    // 18 -> 32 and 2 -> 16 of the convolution, 96 and 3 -> 16 of the dense layer
    assertEquals(4 * (32 + 16 + 96 + 16), plan.weights());
    assertEquals(plan.weights(), plan.gradients());
    // input 128, convolution with pooling 64, flatten none, dense 6 -> 16
    assertEquals(4 * (128 + 64 + 16), plan.activations());
    // Two turns of the gradient before the pooling, the largest there is.
    assertEquals(4 * 2 * 256, plan.activationGradients());
    assertEquals(4 * 64, plan.saved());
    MemoryPlan inference = MemoryPlan.inference(spec, stream, 2);
    assertEquals(4 * (128 + 2 * 64), inference.activations());
  }

  /** A mini-batch beyond all memory is refused, and leaves nothing behind (see the base class). */
  @Test
  void absurdBatchIsRefusedAndLeaksNothing() {
    NetworkSpec spec =
        NetworkText.parse(
            "input 1x2000x2000\nconv2d 1 3 stride 1000 algorithm direct\nflatten\ndense 2");
    try (Network network = Network.create(device, spec, 1)) {
      long before = device.memory().liveBytes() + MemoryPlan.training(spec, stream, 1).workspace();
      int batch = Integer.MAX_VALUE; // times 4e6 floats: more than can be addressed
      for (Runnable request :
          new Runnable[] {
            () -> new TrainingPlan(network, stream, batch), () -> network.plan(batch)
          }) {
        AzulejoException e = assertThrows(OutOfDeviceMemoryException.class, request::run);
        assertEquals(Status.OUT_OF_MEMORY, e.status());
        assertTrue(device.memory().liveBytes() <= before, () -> device.memory().toString());
      }
      try (InferencePlan plan = network.plan(1)) {
        plan.run(1); // the network goes on working
      }
    }
  }

  /** Sizes that do not fit 64 bits are an error of the caller, said so and not wrapped round. */
  @Test
  void sizesBeyond64BitsAreRefused() {
    for (String text :
        new String[] {
          "input 1x46340x46340\nmaxpool 2 stride 1\nflatten", // a tensor by itself
          "input 1x20000x20000\nrelu\ntanh\nsigmoid\nflatten\nrelu", // all of them together
        }) {
      NetworkSpec spec = NetworkText.parse(text);
      assertMessage(
          "does not fit 64 bits",
          assertThrows(
              IllegalArgumentException.class,
              () -> MemoryPlan.training(spec, stream, Integer.MAX_VALUE)));
    }
  }

  private static long bytes(MemoryReport report, String owner) {
    return report.owners().stream()
        .filter(one -> one.name().equals(owner))
        .mapToLong(MemoryReport.Owner::bytes)
        .sum();
  }
}
