package dev.azulejo.compare.engine.onednn;

import dev.azulejo.device.Stream;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;

/**
 * oneDNN as an engine.
 *
 * @param name with its precision
 * @param mathMode {@code dnnl_fpmath_mode_t}
 */
record DnnlEngine(String name, int mathMode) implements Engine {
  @Override
  public EngineSession open(Stream stream, boolean training) {
    if (!stream.device().isHost()) {
      throw new UnsupportedProblemException(
          "dnnl_engine_create",
          "the engine onednn computes on the CPU, and the stream is on "
              + stream.device()
              + "; choose --device cpu, or another engine");
    }
    return new DnnlSession(stream, training, mathMode);
  }
}
