package dev.azulejo.engine;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.DenseProblem;
import java.util.ArrayList;
import java.util.List;

/** Azulejo's engine with memory of its own, that writes down what it is asked for. */
public final class RecordingEngine implements Engine {
  /** Bytes a session holds for each convolution. */
  public static final long BYTES = 4096;

  /** What happened, in order. */
  public final List<String> calls = new ArrayList<>();

  private final String name;
  private boolean withoutDense;

  /** An engine of this name. */
  public RecordingEngine(String name) {
    this.name = name;
  }

  /** From now on it has no dense layers. */
  public void refuseDense() {
    withoutDense = true;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public EngineSession open(Stream stream, boolean training) {
    calls.add("open " + (training ? "training" : "inference"));
    EngineSession own = Engine.azulejo().open(stream, training);
    return new EngineSession() {
      private final List<DeviceBuffer> buffers = new ArrayList<>();

      @Override
      public ConvolutionPlan convolution(Conv2dProblem problem) {
        calls.add("convolution, batch " + problem.batch());
        buffers.add(stream.device().allocate(name, BYTES));
        return own.convolution(problem);
      }

      @Override
      public DensePlan dense(DenseProblem problem) {
        if (withoutDense) {
          throw new UnsupportedProblemException("dense", "refused");
        }
        calls.add("dense, batch " + problem.batch());
        return own.dense(problem);
      }

      @Override
      public long bytes() {
        return BYTES * buffers.size();
      }

      @Override
      public void close() {
        calls.add("close");
        buffers.forEach(DeviceBuffer::close);
        own.close();
      }
    };
  }
}
