package dev.azulejo.compare.gemm;

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
import dev.azulejo.reference.Samples;

/**
 * Random A and B, uniform in [-1, 1), and a place for C, in device memory, as many sets of them as
 * it takes to leave the caches. The reference is computed in float64 at single elements.
 */
final class GemmData implements ProblemData {
  private static final long SEED = 2026;

  private final Stream stream;
  private final Storage storage;
  private final Operand rowsC;
  private final int sets;
  private final DeviceBuffer memory;
  private final Tensor[] a;
  private final Tensor[] b;
  private final Tensor[] c;
  private final int terms;
  private final long[] points;
  private final double[] expected;
  private final double[] magnitudes;

  /**
   * Allocates and fills the sets, and computes the reference.
   *
   * @param storage BF16: all three matrices, their rows at multiples of 8 elements, with zeros in
   *     between; the reference is that of the rounded operands
   */
  GemmData(Device device, GemmCase problem, Storage storage) {
    stream = device.stream();
    this.storage = storage;
    terms = problem.k();
    long countA = (long) problem.m() * problem.k();
    long countB = (long) problem.k() * problem.n();
    long countC = (long) problem.m() * problem.n();
    Samples samples = new Samples(SEED);
    var rowsA = new Operand(storage, countA / problem.lda(), problem.lda(), 1);
    var rowsB = new Operand(storage, countB / problem.ldb(), problem.ldb(), 1);
    rowsC = new Operand(storage, problem.m(), problem.n(), 1);
    float[] hostA = rowsA.given(samples.uniform(countA));
    float[] hostB = rowsB.given(samples.uniform(countB));
    points = Points.choose(countC, problem.k());
    expected = new double[points.length];
    magnitudes = new double[points.length];
    computeReference(problem, hostA, hostB);
    long set = rowsA.bytes() + rowsB.bytes() + rowsC.bytes();
    sets = Caches.sets(set, device.isHost());
    a = new Tensor[sets];
    b = new Tensor[sets];
    c = new Tensor[sets];
    memory = device.allocate("operands of " + problem.name(), set * sets);
    try {
      for (int i = 0; i < sets; i++) {
        a[i] = rowsA.in(memory, i * set);
        b[i] = rowsB.in(memory, i * set + rowsA.bytes());
        c[i] = rowsC.in(memory, i * set + rowsA.bytes() + rowsB.bytes());
        rowsA.upload(stream, hostA, a[i]);
        rowsB.upload(stream, hostB, b[i]);
      }
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  /** How the matrices lie in memory. */
  Storage storage() {
    return storage;
  }

  Tensor a(int set) {
    return a[set];
  }

  Tensor b(int set) {
    return b[set];
  }

  Tensor c(int set) {
    return c[set];
  }

  @Override
  public int sets() {
    return sets;
  }

  @Override
  public void poison() {
    rowsC.poison(stream, c[0]);
  }

  @Override
  public Agreement check(Precision precision, boolean winograd) {
    float[] values = rowsC.download(stream, c[0]);
    double[] actual = new double[points.length];
    double[] tolerance = new double[points.length];
    for (int i = 0; i < points.length; i++) {
      actual[i] = values[(int) points[i]];
      tolerance[i] = Roundoff.tolerance(storage, precision, terms, magnitudes[i], expected[i]);
    }
    return Agreement.of(actual, expected, tolerance, points);
  }

  private void computeReference(GemmCase problem, float[] hostA, float[] hostB) {
    int strideA = problem.transposeA() ? problem.lda() : 1;
    int strideB = problem.transposeB() ? 1 : problem.ldb();
    for (int point = 0; point < points.length; point++) {
      int i = (int) (points[point] / problem.n());
      int j = (int) (points[point] % problem.n());
      int atA = problem.transposeA() ? i : i * problem.lda();
      int atB = problem.transposeB() ? j * problem.ldb() : j;
      for (int l = 0; l < problem.k(); l++) {
        double product = (double) hostA[atA] * hostB[atB];
        expected[point] += product;
        magnitudes[point] += Math.abs(product);
        atA += strideA;
        atB += strideB;
      }
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
