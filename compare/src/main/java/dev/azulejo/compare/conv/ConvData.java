package dev.azulejo.compare.conv;

import dev.azulejo.compare.measure.Agreement;
import dev.azulejo.compare.measure.Caches;
import dev.azulejo.compare.measure.Operand;
import dev.azulejo.compare.measure.Points;
import dev.azulejo.compare.measure.ProblemData;
import dev.azulejo.compare.measure.Roundoff;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.Precision;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvPass;
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
  private final Storage storage;
  private final Operand product;
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

  /**
   * Allocates and fills the sets, and computes the reference.
   *
   * @param storage BF16: images and weights with channels last; the gradient to the weights is
   *     float32 all the same, and the reference is that of the rounded operands
   */
  ConvData(Device device, ConvCase problem, ConvPass pass, Storage storage) {
    stream = device.stream();
    this.storage = storage;
    this.problem = problem;
    this.pass = pass;
    long firstCount = pass == ConvPass.GRAD_INPUT ? problem.outputCount() : problem.inputCount();
    long secondCount =
        pass == ConvPass.GRAD_WEIGHTS ? problem.outputCount() : problem.shape().weightCount();
    long resultCount = problem.resultCount(pass);
    Operand one = pass == ConvPass.GRAD_INPUT ? output(storage) : input(storage);
    Operand two = pass == ConvPass.GRAD_WEIGHTS ? output(storage) : weights(storage);
    product =
        switch (pass) {
          case FORWARD -> output(storage);
          case GRAD_INPUT -> input(storage);
          case GRAD_WEIGHTS -> weights(Storage.F32);
        };
    Samples samples = new Samples(SEED);
    hostFirst = one.given(samples.uniform(firstCount));
    hostSecond = two.given(samples.uniform(secondCount));
    points = Points.choose(resultCount, new ConvPoints(problem).cost(pass));
    expected = new double[points.length];
    magnitudes = new double[points.length];
    terms = new double[points.length];
    computeReference();
    long a = one.bytes();
    long b = two.bytes();
    long set = a + b + product.bytes();
    sets = Caches.sets(set, device.isHost());
    first = new Tensor[sets];
    second = new Tensor[sets];
    result = new Tensor[sets];
    memory = device.allocate("operands of " + problem.name(), set * sets);
    try {
      for (int i = 0; i < sets; i++) {
        long begin = i * set;
        first[i] = one.in(memory, begin);
        second[i] = two.in(memory, begin + a);
        result[i] = product.in(memory, begin + a + b);
        // Other memory, the same numbers: the other sets are there for the caches only.
        one.upload(stream, hostFirst, first[i]);
        two.upload(stream, hostSecond, second[i]);
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

  /** Copies a gradient to the weights that is BF16 with channels last to the first result. */
  void bringGradient(Tensor packed) {
    product.upload(stream, weights(Storage.BF16).download(stream, packed), result[0]);
  }

  @Override
  public int sets() {
    return sets;
  }

  @Override
  public void poison() {
    product.poison(stream, result[0]);
  }

  @Override
  public Agreement check(Precision precision, boolean winograd) {
    float[] values = product.download(stream, result[0]);
    double[] actual = new double[points.length];
    double[] tolerance = new double[points.length];
    double more = winograd ? Roundoff.winograd(magnitudes) : 0;
    for (int i = 0; i < points.length; i++) {
      actual[i] = values[(int) points[i]];
      tolerance[i] =
          Roundoff.tolerance(storage, precision, terms[i], magnitudes[i], expected[i]) + more;
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

  private Operand input(Storage how) {
    Conv2dShape s = problem.shape();
    return new Operand(how, problem.batch(), s.channels(), s.height() * s.width());
  }

  private Operand output(Storage how) {
    Conv2dShape s = problem.shape();
    return new Operand(how, problem.batch(), s.filters(), s.outputHeight() * s.outputWidth());
  }

  private Operand weights(Storage how) {
    Conv2dShape s = problem.shape();
    long taps = s.kernelHeight() * s.kernelWidth();
    return new Operand(how, s.filters(), s.channels() / s.groups(), taps);
  }

  @Override
  public void close() {
    memory.close();
  }
}
