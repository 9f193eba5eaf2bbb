package dev.azulejo.compare.memory;

import dev.azulejo.compare.conv.ConvCase;
import dev.azulejo.compare.measure.Clock;
import dev.azulejo.compare.measure.Contestant;
import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.measure.Race;
import dev.azulejo.compare.measure.Times;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.ops.Convolution;
import dev.azulejo.ops.Elementwise;
import java.util.ArrayList;
import java.util.List;

/**
 * What unrolling several samples at a time costs and brings (row T15): the workspace of im2col, in
 * which X_unroll lives, and the time of the forward pass.
 *
 * @param samples unrolled at a time; 0: one for each thread
 * @param workspaceBytes of the forward pass
 * @param seconds of the forward pass, the median
 */
public record UnrollMemory(int samples, long workspaceBytes, double seconds) {

  /** Measures 1, 2, 4, ... samples up to the whole mini-batch, and one for each thread. */
  public static List<UnrollMemory> measure(Device device, ConvCase problem, Effort effort) {
    Stream stream = device.stream();
    List<Integer> counts = new ArrayList<>(List.of(0));
    for (int samples = 1; samples < problem.batch(); samples *= 2) {
      counts.add(samples);
    }
    counts.add(problem.batch());
    try (DeviceBuffer x = device.allocateFloats("x", problem.inputCount());
        DeviceBuffer w = device.allocateFloats("w", problem.shape().weightCount());
        DeviceBuffer y = device.allocateFloats("y", problem.outputCount())) {
      Elementwise.fill(stream, problem.inputCount(), 1, x.floats());
      Elementwise.fill(stream, problem.shape().weightCount(), 1, w.floats());
      List<Unrolled> ways = new ArrayList<>();
      for (int samples : counts) {
        Unrolled way = new Unrolled(stream, problem, samples, x.floats(), w.floats(), y.floats());
        stream.workspace().reserve(way.workspaceBytes());
        ways.add(way);
      }
      List<Times> times = new Race(1, Clock.of(stream), effort).run(ways);
      var measured = new ArrayList<UnrollMemory>();
      for (int i = 0; i < ways.size(); i++) {
        measured.add(
            new UnrollMemory(counts.get(i), ways.get(i).workspaceBytes(), times.get(i).median()));
      }
      return measured;
    } finally {
      stream.workspace().trim();
    }
  }

  /** The forward pass with so many samples of X_unroll. */
  private static final class Unrolled implements Contestant {
    private final Stream stream;
    private final Conv2dProblem problem;
    private final Tensor x;
    private final Tensor w;
    private final Tensor y;

    Unrolled(Stream stream, ConvCase problem, int samples, Tensor x, Tensor w, Tensor y) {
      this.stream = stream;
      this.x = x;
      this.w = w;
      this.y = y;
      this.problem =
          new Conv2dProblem(
              problem.shape(),
              problem.batch(),
              ConvAlgorithm.IM2COL_GEMM,
              samples,
              Activation.IDENTITY,
              0);
    }

    @Override
    public String name() {
      return "im2col-gemm";
    }

    @Override
    public String algorithm() {
      return problem.toString();
    }

    @Override
    public long workspaceBytes() {
      return Convolution.workspaceBytes(stream, problem, ConvPass.FORWARD);
    }

    @Override
    public void run(int set) {
      Convolution.forward(stream, problem, x, w, null, y);
    }

    @Override
    public void close() {}
  }
}
