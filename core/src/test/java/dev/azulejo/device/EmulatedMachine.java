package dev.azulejo.device;

import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.NetworkText;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.ops.Convolution;
import dev.azulejo.train.Sgd;
import dev.azulejo.train.TrainingStep;

/**
 * A program that does one thing on an emulated device and prints what came of it; {@link
 * EmulatedMachineTest} runs it on machines that environment variables describe.
 */
final class EmulatedMachine {
  private static final NetworkSpec SPEC =
      NetworkText.parse("input 1x28x28\nconv2d 8 5 relu\nmaxpool 2\nflatten\ndense 10");

  private EmulatedMachine() {}

  /** Runs what its argument names. */
  public static void main(String[] args) {
    switch (args[0]) {
      case "list" ->
          Device.list()
              .forEach(info -> System.out.println(info.kind() + " " + info.instructionSet()));
      case "open" -> print(() -> Device.open(DeviceKind.EMULATED, 1).close());
      case "tensor-cores" -> tensorCores();
      case "train" -> train();
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void tensorCores() {
    try (Device device = Device.open(DeviceKind.EMULATED)) {
      for (ConvAlgorithm algorithm : ConvAlgorithm.values()) {
        Conv2dProblem problem =
            Conv2dProblem.builder()
                .input(1, 4, 4)
                .filters(2)
                .kernel(3)
                .algorithm(algorithm)
                .build();
        print(() -> Convolution.workspaceBytes(device.stream(), problem, ConvPass.FORWARD));
      }
    }
  }

  /** A mini-batch that is too large for the device, then a smaller one, in the same process. */
  private static void train() {
    try (Device device = Device.open(DeviceKind.EMULATED);
        Network network = Network.create(device, SPEC, 1)) {
      for (int batch : new int[] {4096, 4}) {
        long before = device.memory().liveBytes();
        print(
            () -> {
              Loss loss = Loss.SOFTMAX_CROSS_ENTROPY;
              new TrainingStep(network, Sgd.rate(0.1f), loss, batch, 1).close();
            });
        device.stream().workspace().trim();
        System.out.println("left: " + (device.memory().liveBytes() - before));
      }
    }
  }

  private static void print(Runnable action) {
    try {
      action.run();
      System.out.println("ok");
    } catch (RuntimeException e) {
      System.out.println(e.getClass().getSimpleName() + " " + e.getMessage());
    }
  }
}
