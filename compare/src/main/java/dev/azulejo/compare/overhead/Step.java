package dev.azulejo.compare.overhead;

import dev.azulejo.data.Glyphs;
import dev.azulejo.data.InMemoryDataset;
import dev.azulejo.device.Device;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.Zoo;
import dev.azulejo.train.Sgd;
import dev.azulejo.train.TrainingStep;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A training step of lenet5 on the CPU, one thread; the profiler gc shows that it allocates none.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class Step {
  private static final float RATE = 1e-4f;

  /** Images of a step. */
  @Param({"1", "64"})
  public int batch = 1;

  private Device device;
  private Network network;
  private TrainingStep step;
  private Arena arena;
  private MemorySegment images;
  private MemorySegment labels;

  /** Makes network and images. */
  @Setup
  public void open() {
    device = Device.cpu(1);
    NetworkSpec spec = Zoo.spec("lenet5", Zoo.defaultInput("lenet5"), 10);
    network = Network.create(device, spec, 42);
    step =
        new TrainingStep(
            network, Sgd.rate(RATE).momentum(0.9f), Loss.SOFTMAX_CROSS_ENTROPY, batch, 1);
    arena = Arena.ofConfined();
    InMemoryDataset data = Glyphs.generate(batch, spec.input(), 42);
    float[] values = new float[batch * spec.input().size()];
    int[] classes = new int[batch];
    for (int i = 0; i < batch; i++) {
      data.read(i, values, i * spec.input().size());
      classes[i] = data.label(i);
    }
    images = arena.allocateFrom(NativeLoops.FLOAT, values);
    labels = arena.allocateFrom(NativeLoops.INT, classes);
  }

  /** Gives everything back. */
  @TearDown
  public void close() {
    step.close();
    network.close();
    device.close();
    arena.close();
  }

  /** Gradients and update. */
  @Benchmark
  public double step() {
    step.gradients(images, labels, batch);
    step.update(RATE);
    return step.lossSum();
  }
}
