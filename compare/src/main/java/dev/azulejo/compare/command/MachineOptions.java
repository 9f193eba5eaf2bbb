package dev.azulejo.compare.command;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Which device is measured. */
final class MachineOptions {
  private static final Pattern DEVICE = Pattern.compile("(cpu|cuda|emulated)(?::(\\d{1,4}))?");
  private static final int MOST_THREADS = 1024;

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "best",
      description =
          "best (the first GPU, or the CPU where there is none), cpu, cuda, cuda:N. A device that is"
              + " named and not there is an error. Default: ${DEFAULT-VALUE}.")
  private String device;

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
    Device opened = device.equals("best") ? Device.best() : named();
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

  private Device named() {
    Matcher matcher = DEVICE.matcher(device);
    if (!matcher.matches()) {
      throw mistake(
          "unknown device \""
              + device
              + "\"; there are best, cpu, cuda, and cuda:N such as cuda:1");
    }
    String ordinal = matcher.group(2);
    return Device.open(
        DeviceKind.valueOf(matcher.group(1).toUpperCase(Locale.ROOT)),
        ordinal == null ? 0 : Integer.parseInt(ordinal));
  }

  private ParameterException mistake(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
