package dev.azulejo.compare.conv;

import dev.azulejo.compare.measure.Agreement;
import dev.azulejo.compare.measure.Caches;
import dev.azulejo.compare.measure.Points;
import dev.azulejo.compare.measure.ProblemData;
import dev.azulejo.compare.measure.Roundoff;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.Precision;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.ops.Elementwise;
import dev.azulejo.reference.Samples;

/**
 * Random operands and a place for the result of one pass, in device memory, as many sets of them as
 * it takes to leave the caches.
 */
final class ConvData implements ProblemData {
  private static final long SEED = 2026;

  private final Stream stream;
  private final ConvCase problem;
  private final ConvPass pass;
  private final int sets;
  private final DeviceBuffer memory;
  private final Tensor[] first;
  private final Tensor[] second;
  private final Tensor[] result;
  private final float[] hostFirst;
  private final float[] hostSecond;
  private final long[] points;
  private final double[] expected;
  private final double[] magnitudes;
  private final double[] terms;

  /** Allocates and fills the sets, and computes the reference. */
  ConvData(Device device, ConvCase problem, ConvPass pass) {
    stream = device.stream();
    this.problem = problem;
    this.pass = pass;
    long firstCount = pass == ConvPass.GRAD_INPUT ? problem.outputCount() : problem.inputCount();
    long secondCount =
        pass == ConvPass.GRAD_WEIGHTS ? problem.outputCount() : problem.shape().weightCount();
    long resultCount = problem.resultCount(pass);
    Samples samples = new Samples(SEED);
    hostFirst = samples.uniform(firstCount);
    hostSecond = samples.uniform(secondCount);
    points = Points.choose(resultCount, new ConvPoints(problem).cost(pass));
    expected = new double[points.length];
    magnitudes = new double[points.length];
    terms = new double[points.length];
    computeReference();
    long a = aligned(firstCount);
    long b = aligned(secondCount);
    long c = aligned(resultCount);
    sets = Caches.sets((a + b + c) * Float.BYTES, device.isHost());
    first = new Tensor[sets];
    second = new Tensor[sets];
    result = new Tensor[sets];
    memory = device.allocateFloats("operands of " + problem.name(), (a + b + c) * sets);
    try {
      for (int i = 0; i < sets; i++) {
        long begin = i * (a + b + c);
        first[i] = memory.floats(begin, firstCount);
        second[i] = memory.floats(begin + a, secondCount);
        result[i] = memory.floats(begin + a + b, resultCount);
        // Other memory, the same numbers: the other sets are there for the caches only.
        first[i].upload(stream, hostFirst);
        second[i].upload(stream, hostSecond);
      }
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  /** x, or gradZ for the gradient to the input. */
  Tensor first(int set) {
    return first[set];
  }

  /** w, or gradZ for the gradient to the weights. */
  Tensor second(int set) {
    return second[set];
  }

  Tensor result(int set) {
    return result[set];
  }

  @Override
  public int sets() {
    return sets;
  }

  @Override
  public void poison() {
    Elementwise.fill(stream, result[0].count(), Float.NaN, result[0]);
  }

  @Override
  public Agreement check(Precision precision, boolean winograd) {
    float[] values = result[0].toArray(stream);
    double[] actual = new double[points.length];
    double[] tolerance = new double[points.length];
    double more = winograd ? Roundoff.winograd(magnitudes) : 0;
    for (int i = 0; i < points.length; i++) {
      actual[i] = values[(int) points[i]];
      tolerance[i] = Roundoff.tolerance(precision, terms[i], magnitudes[i]) + more;
    }
    return Agreement.of(actual, expected, tolerance, points);
  }

  private void computeReference() {
    ConvPoints reference = new ConvPoints(problem);
    for (int i = 0; i < points.length; i++) {
      reference.compute(pass, hostFirst, hostSecond, points[i]);
      expected[i] = reference.sum();
      magnitudes[i] = reference.magnitude();
      terms[i] = reference.terms();
    }
  }

  /** Tensors begin at multiples of 256 bytes, as allocations do. */
  private static long aligned(long floats) {
    return (floats + 63) / 64 * 64;
  }

  @Override
  public void close() {
    memory.close();
  }
}
