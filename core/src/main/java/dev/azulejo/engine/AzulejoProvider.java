package dev.azulejo.engine;

import dev.azulejo.device.DeviceKind;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Azulejo's own engine. The arithmetic of its convolutions is chosen in the network, by {@link
 * dev.azulejo.ops.ConvAlgorithm}.
 */
final class AzulejoProvider implements EngineProvider {
  @Override
  public String name() {
    return AzulejoEngine.NAME;
  }

  @Override
  public Set<DeviceKind> kinds() {
    return EnumSet.allOf(DeviceKind.class);
  }

  @Override
  public Set<Precision> precisions() {
    return EnumSet.of(Precision.FP32);
  }

  @Override
  public Optional<String> unavailable() {
    return Optional.empty();
  }

  @Override
  public Engine create(Precision precision) {
    return AzulejoEngine.INSTANCE;
  }
}
