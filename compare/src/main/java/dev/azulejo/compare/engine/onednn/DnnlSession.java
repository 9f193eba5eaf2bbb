package dev.azulejo.compare.engine.onednn;

import dev.azulejo.bindings.dnnl.dnnl_h;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.ConvolutionPlan;
import dev.azulejo.engine.DensePlan;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.DenseProblem;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.ToIntFunction;

/** oneDNN's engine and stream for one stream of ours, and everything that was made with them. */
final class DnnlSession implements EngineSession {
  static final String OWNER = "onednn";

  private final Stream stream;
  private final boolean training;
  private final int mathMode;
  private final Deque<Runnable> closers = new ArrayDeque<>();
  private final MemorySegment engine;
  private final MemorySegment queue;
  private DeviceBuffer scratchpad;
  private MemorySegment scratch = MemorySegment.NULL;
  private long bytes;

  DnnlSession(Stream stream, boolean training, int mathMode) {
    this.stream = stream;
    this.training = training;
    this.mathMode = mathMode;
    useTeam();
    engine =
        own(
            "dnnl_engine_create",
            "",
            out -> dnnl_h.dnnl_engine_create(out, dnnl_h.dnnl_cpu(), 0),
            dnnl_h::dnnl_engine_destroy);
    try {
      queue =
          own(
              "dnnl_stream_create",
              "",
              out -> dnnl_h.dnnl_stream_create(out, engine, dnnl_h.dnnl_stream_default_flags()),
              dnnl_h::dnnl_stream_destroy);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  @Override
  public ConvolutionPlan convolution(Conv2dProblem problem) {
    return new DnnlConvolution(this, problem);
  }

  @Override
  public DensePlan dense(DenseProblem problem) {
    return new DnnlDense(this, problem);
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    while (!closers.isEmpty()) {
      closers.pop().run();
    }
    if (scratchpad != null) {
      scratchpad.close();
      scratchpad = null;
    }
    bytes = 0;
  }

  Stream stream() {
    return stream;
  }

  boolean training() {
    return training;
  }

  /** {@code dnnl_fpmath_mode_t}: what the factors may be rounded to. */
  int mathMode() {
    return mathMode;
  }

  MemorySegment engine() {
    return engine;
  }

  MemorySegment queue() {
    return queue;
  }

  /** The scratch memory that all primitives use one after another; moves when it grows. */
  MemorySegment scratch() {
    return scratch;
  }

  /** Makes a handle that the session destroys at its end. */
  MemorySegment own(
      String function, Object what, Dnnl.Maker maker, ToIntFunction<MemorySegment> destroy) {
    MemorySegment handle = Dnnl.make(function, what, maker);
    closers.push(() -> Dnnl.check(destroy.applyAsInt(handle), "destroy after " + function));
    return handle;
  }

  /** Memory for a tensor in a layout of oneDNN's. */
  MemorySegment buffer(long size) {
    DeviceBuffer buffer = stream.device().allocate(OWNER, size);
    closers.push(buffer::close);
    bytes += size;
    return buffer.floats().hostView();
  }

  void reserveScratch(long size) {
    long held = scratchpad == null ? 0 : scratchpad.bytes();
    if (size > held) {
      long whole = (size + Float.BYTES - 1) / Float.BYTES * Float.BYTES;
      DeviceBuffer grown = stream.device().allocate(OWNER, whole);
      if (scratchpad != null) {
        scratchpad.close();
      }
      scratchpad = grown;
      scratch = grown.floats().hostView();
      bytes += whole - held;
    }
  }

  /**
   * Has OpenMP compute with the stream's team size in calls of this thread; checks that the thread
   * is the stream's.
   */
  void useTeam() {
    stream.handle();
    dnnl_h.omp_set_num_threads(stream.threads());
  }
}
