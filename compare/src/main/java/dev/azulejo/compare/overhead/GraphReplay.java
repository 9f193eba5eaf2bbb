package dev.azulejo.compare.overhead;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.Graph;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Elementwise;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Thirty small operations on a GPU, as many as a training step of a small network has: called one
 * by one, and recorded once and replayed by one call, from Java and from C. Needs a CUDA device;
 * {@code azulejo jmh} leaves it out where there is none.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class GraphReplay {
  /** Replays of one invocation of {@link #c}. */
  public static final int CALLS = 100;

  /** Operations of the graph. */
  static final int OPERATIONS = 30;

  /** What an operation adds. */
  static final float STEP = 0x1p-20f;

  private static final int COUNT = 256;
  private static final MemorySegment LAUNCH = NativeLoops.address("azj_graph_launch");
  private static final MemorySegment SYNCHRONIZE = NativeLoops.address("azj_synchronize");
  private static final MethodHandle LOOP =
      NativeLoops.loop(
          "azb_replay",
          FunctionDescriptor.of(
              NativeLoops.INT,
              NativeLoops.LONG,
              NativeLoops.POINTER,
              NativeLoops.POINTER,
              NativeLoops.POINTER,
              NativeLoops.POINTER));

  private final DeviceKind kind;
  private Device device;
  private Stream stream;
  private DeviceBuffer memory;
  private Tensor x;
  private Tensor y;
  private Graph graph;

  /** On the first GPU. */
  public GraphReplay() {
    this(DeviceKind.CUDA);
  }

  GraphReplay(DeviceKind kind) {
    this.kind = kind;
  }

  /** Makes x and y, and records the operations. */
  @Setup
  public void open() {
    device = Device.open(kind);
    stream = device.stream();
    memory = device.allocateFloats("x and y", 2 * COUNT);
    x = memory.floats(0, COUNT);
    y = memory.floats(COUNT, COUNT);
    Elementwise.fill(stream, COUNT, 1, x);
    Elementwise.fill(stream, COUNT, 0, y);
    graph = stream.capture(this::operations);
  }

  /** Gives everything back. */
  @TearDown
  public void close() {
    graph.close();
    memory.close();
    device.close();
  }

  private void operations() {
    for (int i = 0; i < OPERATIONS; i++) {
      Elementwise.axpy(stream, COUNT, STEP, x, y);
    }
  }

  /** y, for the test that all do the same. */
  float[] result() {
    return y.toArray(stream);
  }

  /** One by one. */
  @Benchmark
  public void calls() {
    operations();
    stream.synchronize();
  }

  /** By one call, from C. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public void c() {
    try {
      int status =
          (int)
              LOOP.invokeExact((long) CALLS, LAUNCH, SYNCHRONIZE, graph.handle(), stream.handle());
      NativeLoops.check(status);
    } catch (Throwable e) {
      throw NativeLoops.unexpected(e);
    }
  }

  /** By one call, from Java. */
  @Benchmark
  public void replay() {
    graph.launch();
    stream.synchronize();
  }
}
