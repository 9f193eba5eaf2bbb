package dev.azulejo.compare.command;

import dev.azulejo.device.Device;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Which device is measured, and with how many threads. */
final class MachineOptions {
  private static final int MOST_THREADS = 1024;

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Mixin private DeviceOption device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Threads of the CPU for every contestant, 1 to 1024. Default: one for each processor.")
  private int threads;

  /** Opens the device. */
  Device open() {
    if (threads < 0 || threads > MOST_THREADS) {
      throw mistake("--threads " + threads + ": 1 to " + MOST_THREADS + " are possible");
    }
    Device opened = device.open();
    if (threads == 0) {
      return opened;
    }
    boolean host = opened.isHost();
    opened.close();
    if (!host) {
      throw mistake("--threads is for the CPU; a GPU has its own");
    }
    return Device.cpu(threads);
  }

  private ParameterException mistake(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
