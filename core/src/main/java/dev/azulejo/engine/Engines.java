package dev.azulejo.engine;

import dev.azulejo.device.DeviceKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * The engines of this process: Azulejo's own, and those of the modules on the class path or module
 * path.
 */
public final class Engines {
  private Engines() {}

  /**
   * An engine by its name, such as {@code azulejo}, {@code onednn} or {@code cudnn:tf32}.
   *
   * @param name an engine, and after a colon its precision; FP32 where none is given
   * @param kind the device it is to work on
   * @throws IllegalArgumentException if there is no such engine here, it is not for such a device,
   *     or has not that precision; the message lists the engines and why others cannot be used
   */
  public static Engine named(String name, DeviceKind kind) {
    return named(name, kind, providers());
  }

  /** Every engine that was found, in words: whether it can be used here on such a device. */
  public static List<String> describe(DeviceKind kind) {
    return describe(kind, providers());
  }

  static Engine named(String name, DeviceKind kind, List<EngineProvider> providers) {
    Objects.requireNonNull(kind, "kind");
    int colon = name.indexOf(':');
    String wanted = colon < 0 ? name : name.substring(0, colon);
    EngineProvider provider =
        providers.stream()
            .filter(one -> one.name().equals(wanted))
            .findFirst()
            .orElseThrow(() -> refused("unknown engine \"" + name + "\"", kind, providers));
    Optional<String> obstacle = obstacle(provider, kind);
    if (obstacle.isPresent()) {
      throw refused("engine \"" + wanted + "\" cannot be used: " + obstacle.get(), kind, providers);
    }
    return provider.create(precision(name, colon, provider));
  }

  static List<String> describe(DeviceKind kind, List<EngineProvider> providers) {
    List<String> lines = new ArrayList<>();
    for (EngineProvider provider : providers) {
      String state = obstacle(provider, kind).map(why -> "not here: " + why).orElse("available");
      lines.add(provider.name() + ": " + state);
    }
    return List.copyOf(lines);
  }

  private static Precision precision(String name, int colon, EngineProvider provider) {
    String wanted = colon < 0 ? Precision.FP32.toString() : name.substring(colon + 1);
    for (Precision precision : provider.precisions()) {
      if (precision.toString().equals(wanted)) {
        return precision;
      }
    }
    throw new IllegalArgumentException(
        "engine \"%s\" has no precision \"%s\"; it has %s"
            .formatted(
                provider.name(),
                wanted,
                String.join(
                    ", ",
                    provider.precisions().stream().sorted().map(Precision::toString).toList())));
  }

  private static Optional<String> obstacle(EngineProvider provider, DeviceKind kind) {
    // The vendor's library is not loaded to learn that it would not fit the device.
    return provider.kinds().contains(kind)
        ? provider.unavailable()
        : Optional.of(
            "it is for "
                + String.join(
                    ", ",
                    provider.kinds().stream()
                        .sorted()
                        .map(one -> one.name().toLowerCase(Locale.ROOT))
                        .toList())
                + ", not "
                + kind.name().toLowerCase(Locale.ROOT));
  }

  private static IllegalArgumentException refused(
      String what, DeviceKind kind, List<EngineProvider> providers) {
    return new IllegalArgumentException(
        what
            + "\nengines for "
            + kind.name().toLowerCase(Locale.ROOT)
            + ":\n  "
            + String.join("\n", describe(kind, providers)).replace("\n", "\n  "));
  }

  private static List<EngineProvider> providers() {
    List<EngineProvider> all = new ArrayList<>();
    all.add(new AzulejoProvider());
    ServiceLoader.load(EngineProvider.class).forEach(all::add);
    return all;
  }
}
