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
final class DeviceOption {
  private static final Pattern DEVICE = Pattern.compile("(cpu|cuda|emulated)(?::(\\d{1,4}))?");

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

  /** Opens the device, with all of the CPU's threads where it is the CPU. */
  Device open() {
    if (device.equals("best")) {
      return Device.best();
    }
    Matcher matcher = DEVICE.matcher(device);
    if (!matcher.matches()) {
      throw new ParameterException(
          spec.commandLine(),
          "unknown device \""
              + device
              + "\"; there are best, cpu, cuda, and cuda:N such as cuda:1");
    }
    String ordinal = matcher.group(2);
    return Device.open(
        DeviceKind.valueOf(matcher.group(1).toUpperCase(Locale.ROOT)),
        ordinal == null ? 0 : Integer.parseInt(ordinal));
  }
}
