package dev.azulejo.compare.overhead;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.Graph;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Elementwise;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Thirty small operations on a GPU, as many as a training step of a small network has: called one
 * by one, and recorded once and replayed by one call. Needs a CUDA device; {@code azulejo jmh}
 * leaves it out where there is none.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class GraphReplay {
  private static final int OPERATIONS = 30;
  private static final int COUNT = 256;

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
      Elementwise.axpy(stream, COUNT, 1e-9f, x, y);
    }
  }

  /** y, for the test that both do the same. */
  float[] result() {
    return y.toArray(stream);
  }

  /** One by one. */
  @Benchmark
  public void calls() {
    operations();
    stream.synchronize();
  }

  /** By one call. */
  @Benchmark
  public void replay() {
    graph.launch();
    stream.synchronize();
  }
}
