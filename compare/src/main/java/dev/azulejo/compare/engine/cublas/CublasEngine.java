package dev.azulejo.compare.engine.cublas;

import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.Stream;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.engine.Precision;

/**
 * cuBLAS's dense layers and Azulejo's convolutions as an engine.
 *
 * @param name with its precision
 */
public record CublasEngine(String name, Precision precision) implements Engine {
  @Override
  public EngineSession open(Stream stream, boolean training) {
    if (stream.device().kind() != DeviceKind.CUDA) {
      throw new UnsupportedProblemException(
          "cublasCreate",
          "the engine "
              + name
              + " computes on a CUDA device, and the stream is on "
              + stream.device()
              + "; choose --device cuda, or another engine");
    }
    return new CublasSession(
        new CublasLibrary(), stream, stream.nativeStream(), CublasCompute.of(precision), training);
  }
}
