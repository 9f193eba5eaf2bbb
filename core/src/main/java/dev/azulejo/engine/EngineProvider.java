package dev.azulejo.engine;

import dev.azulejo.device.DeviceKind;
import java.util.Optional;
import java.util.Set;

/**
 * An engine that a module contributes through {@link java.util.ServiceLoader}. Making one is cheap;
 * the vendor's library is loaded when somebody asks for the engine.
 */
public interface EngineProvider {

  /** What {@code --engine} calls it, such as {@code onednn}. */
  String name();

  /** The devices it works on. */
  Set<DeviceKind> kinds();

  /** The arithmetic it can be asked for. */
  Set<Precision> precisions();

  /**
   * Empty where it can be used in this process; otherwise why not, and what to do. May load the
   * vendor's library to find out.
   */
  Optional<String> unavailable();

  /**
   * The engine; only where {@link #unavailable} is empty.
   *
   * @param precision one of {@link #precisions}
   */
  Engine create(Precision precision);
}
