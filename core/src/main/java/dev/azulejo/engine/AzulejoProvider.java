package dev.azulejo.engine;

import dev.azulejo.device.DeviceKind;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Azulejo's own engines: on float32, where AUTO may round to TF32 or not at all, and on BF16 in
 * memory. A convolution that names its {@link dev.azulejo.ops.ConvAlgorithm} has that one's
 * arithmetic.
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
    return EnumSet.allOf(Precision.class);
  }

  @Override
  public Optional<String> unavailable() {
    return Optional.empty();
  }

  @Override
  public Engine create(Precision precision) {
    return switch (precision) {
      case FP32 -> AzulejoEngine.INSTANCE;
      case TF32 -> AzulejoEngine.TF32;
      case BF16 -> Bf16Engine.INSTANCE;
    };
  }
}
