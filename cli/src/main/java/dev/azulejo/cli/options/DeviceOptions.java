package dev.azulejo.cli.options;

import dev.azulejo.cli.UsageException;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceInfo;
import dev.azulejo.device.DeviceKind;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Which device to work on. */
public final class DeviceOptions {
  private static final String BEST = "best";
  private static final Pattern KIND_AND_ORDINAL = Pattern.compile("([a-z]+)(?::(\\d{1,4}))?");
  private static final int MOST_THREADS = 1024;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = BEST,
      description =
          "best (the first GPU, or the CPU where there is none), cpu, cuda, cuda:N, emulated (the"
              + " CUDA kernels on the host, for tests). A device that is named and not there is an"
              + " error. Default: ${DEFAULT-VALUE}.")
  private String device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the CPU, 1 to 1024. Default: one for each processor.")
  private Integer threads;

  /** A kind and which of that kind. */
  private record Choice(DeviceKind kind, int ordinal) {}

  /**
   * Opens the device.
   *
   * @param text is told what was opened, and for {@code best} why
   */
  public Device open(PrintWriter text) {
    if (threads != null && (threads < 1 || threads > MOST_THREADS)) {
      throw new UsageException("--threads " + threads + ": 1 to " + MOST_THREADS + " are possible");
    }
    String why = "";
    Choice choice;
    if (device.equals(BEST)) {
      choice = best();
      why = choice.kind() == DeviceKind.CPU ? "; no GPU is usable" : "; the first GPU";
    } else {
      choice = parse();
    }
    if (threads != null && choice.kind() != DeviceKind.CPU) {
      throw new UsageException(
          "--threads is for the CPU; device " + name(choice.kind()) + " has its own");
    }
    Device opened =
        threads == null ? Device.open(choice.kind(), choice.ordinal()) : Device.cpu(threads);
    text.println("device: " + describe(opened) + why);
    return opened;
  }

  /** The device in words, such as {@code cpu 0, AMD EPYC, avx512, 2 threads}. */
  public static String describe(Device device) {
    DeviceInfo info = device.info();
    int threads = device.stream().threads();
    return name(info.kind())
        + " "
        + info.ordinal()
        + ", "
        + info.name()
        + ", "
        + info.instructionSet()
        + (threads > 0 ? ", " + threads + (threads == 1 ? " thread" : " threads") : "");
  }

  /** A kind as it is written on the command line. */
  public static String name(DeviceKind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  private static Choice best() {
    boolean gpu = Device.list().stream().anyMatch(info -> info.kind() == DeviceKind.CUDA);
    return new Choice(gpu ? DeviceKind.CUDA : DeviceKind.CPU, 0);
  }

  private Choice parse() {
    Matcher matcher = KIND_AND_ORDINAL.matcher(device);
    List<DeviceKind> kinds = Arrays.asList(DeviceKind.values());
    if (matcher.matches()) {
      for (DeviceKind kind : kinds) {
        if (matcher.group(1).equals(name(kind))) {
          String ordinal = matcher.group(2);
          return new Choice(kind, ordinal == null ? 0 : Integer.parseInt(ordinal));
        }
      }
    }
    throw new UsageException(
        "unknown device \""
            + device
            + "\"; there are "
            + BEST
            + ", "
            + String.join(", ", kinds.stream().map(DeviceOptions::name).toList())
            + ", each but "
            + BEST
            + " also with a number, such as cuda:1");
  }
}
