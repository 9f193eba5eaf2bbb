package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.compare.engine.cublas.CublasEngine;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.Stream;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.engine.Precision;

/**
 * cuDNN's convolutions and cuBLAS's dense layers as an engine.
 *
 * @param name with its precision
 */
record CudnnEngine(String name, Precision precision) implements Engine {
  @Override
  public CudnnSession open(Stream stream, boolean training) {
    if (stream.device().kind() != DeviceKind.CUDA) {
      throw new UnsupportedProblemException(
          "cudnnCreate",
          "the engine cudnn computes on a CUDA device, and the stream is on "
              + stream.device()
              + "; choose --device cuda, or another engine");
    }
    EngineSession dense = new CublasEngine(name, precision).open(stream, training);
    return new CudnnSession(
        new CudnnLibrary(),
        stream,
        stream.nativeStream(),
        precision,
        training,
        PassTimer.of(stream),
        dense);
  }
}
