package dev.azulejo.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceKind;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EnginesTest {
  private static final List<EngineProvider> PROVIDERS =
      List.of(
          new AzulejoProvider(),
          new Provider("host", Set.of(DeviceKind.CPU), null),
          new Provider("missing", Set.of(DeviceKind.CPU), "no libmissing\n  install it"),
          new Provider("gpu", Set.of(DeviceKind.CUDA), "asked although it is for another device"));

  /** An engine that answers with Azulejo's, to tell that it was made. */
  private record Provider(String name, Set<DeviceKind> kinds, String reason)
      implements EngineProvider {
    @Override
    public Set<Precision> precisions() {
      return Set.of(Precision.FP32, Precision.TF32);
    }

    @Override
    public Optional<String> unavailable() {
      return Optional.ofNullable(reason);
    }

    @Override
    public Engine create(Precision precision) {
      return new RecordingEngine(name + " " + precision);
    }
  }

  @Test
  void azulejoIsThereForEveryDevice() {
    for (DeviceKind kind : DeviceKind.values()) {
      assertSame(Engine.azulejo(), Engines.named("azulejo", kind));
      assertTrue(Engines.describe(kind).contains("azulejo: available"));
    }
  }

  @Test
  void azulejoHasEveryPrecision() {
    assertEquals("azulejo:tf32", Engines.named("azulejo:tf32", DeviceKind.CUDA).name());
    assertSame(Engine.azulejoBf16(), Engines.named("azulejo:bf16", DeviceKind.CUDA));
    assertEquals("azulejo:bf16", Engine.azulejoBf16().name());
  }

  @Test
  void aNameMayHaveAPrecision() {
    assertEquals("host fp32", Engines.named("host", DeviceKind.CPU, PROVIDERS).name());
    assertEquals("host fp32", Engines.named("host:fp32", DeviceKind.CPU, PROVIDERS).name());
    assertEquals("host tf32", Engines.named("host:tf32", DeviceKind.CPU, PROVIDERS).name());
    for (String name : new String[] {"host:bf16", "host:", "host:FP32"}) {
      assertEquals(
          "engine \"host\" has no precision \"" + name.substring(5) + "\"; it has fp32, tf32",
          refused(name));
    }
  }

  @Test
  void unknownEngineListsTheOthersAndWhyTheyCannotBeUsed() {
    assertEquals(
        """
        unknown engine "magic"
        engines for cpu:
          azulejo: available
          host: available
          missing: not here: no libmissing
            install it
          gpu: not here: it is for cuda, not cpu""",
        refused("magic"));
  }

  @Test
  void engineThatIsNotHereSaysWhy() {
    assertTrue(
        refused("missing").startsWith("engine \"missing\" cannot be used: no libmissing"),
        refused("missing"));
    assertTrue(
        refused("gpu").startsWith("engine \"gpu\" cannot be used: it is for cuda, not cpu"),
        refused("gpu"));
  }

  private static String refused(String name) {
    return assertThrows(
            IllegalArgumentException.class, () -> Engines.named(name, DeviceKind.CPU, PROVIDERS))
        .getMessage();
  }
}
