package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Stream;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Filling, scaling, adding, summing and copying, at odd and even counts and on both sides of the
 * work's grains.
 */
class ElementwiseConformanceTest extends DeviceTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 16, 17, 63, 64, 65, 1023, 1025, 65_537, 300_001})
  void fillScaleAxpySum(int count) {
    var samples = new Samples(count);
    float[] x = samples.uniform(count);
    float[] y = samples.uniform(count);
    for (Stream s : teams()) {
      try (Guarded dx = Guarded.of(s, "x", x);
          Guarded dy = Guarded.of(s, "y", y);
          Guarded scaled = Guarded.of(s, "scaled", x);
          Guarded filled = Guarded.output(s, "filled", count);
          Guarded copied = Guarded.output(s, "copied", count);
          Guarded sum = Guarded.output(s, "sum", 1);
          Guarded again = Guarded.output(s, "sum again", 1);
          Guarded added = Guarded.of(s, "sum added", new float[] {3})) {
        Elementwise.fill(s, count, -1.5f, filled.floats());
        Elementwise.scale(s, count, -0.7f, scaled.floats());
        Elementwise.axpy(s, count, 0.3f, dx.floats(), dy.floats());
        copied.floats().copyFrom(s, dx.floats(), count);
        Elementwise.sum(s, count, 1, dx.floats(), 0, sum.floats());
        Elementwise.sum(s, count, 1, dx.floats(), 0, again.floats());
        Elementwise.sum(s, count, -2, dx.floats(), 0.5f, added.floats());

        float[] fills = filled.written();
        float[] scales = scaled.written();
        float[] sums = dy.written();
        double total = 0;
        double magnitude = 0;
        for (int i = 0; i < count; i++) {
          assertEquals(-1.5f, fills[i]);
          assertEquals(-0.7f * x[i], scales[i]);
          Agreement.check(
              "axpy",
              y[i] + (double) 0.3f * x[i],
              Tolerance.sum(2, Math.abs(x[i]) + Math.abs(y[i])),
              sums[i]);
          total += x[i];
          magnitude += Math.abs(x[i]);
        }
        Agreement.check("sum", total, Tolerance.sum(count, magnitude), sum.written()[0]);
        Agreement.check(
            "-2 sum + 1.5",
            -2 * total + 1.5,
            Tolerance.sum(count + 1, 2 * magnitude + 1.5),
            added.written()[0]);
        assertArrayEquals(sum.writtenInts(), again.writtenInts(), "bits of a second run");
        assertArrayEquals(x, copied.written());
        dx.assertUnchanged();
      }
    }
  }

  /** Only the first count elements are touched. */
  @Test
  void countIsABound() {
    try (Guarded x = Guarded.of(stream, "x", new float[] {1, 2, 3, 4, 5})) {
      Elementwise.fill(stream, 2, 9, x.floats());
      Elementwise.scale(stream, 3, 2, x.floats());
      assertArrayEquals(new float[] {18, 18, 6, 4, 5}, x.written());
    }
  }

  /** NaN and infinity pass through the arithmetic. */
  @Test
  void nanAndInfinityPassThrough() {
    float inf = Float.POSITIVE_INFINITY;
    try (Guarded x = Guarded.of(stream, "x", new float[] {Float.NaN, inf, -inf, 1});
        Guarded y = Guarded.of(stream, "y", new float[] {1, 1, inf, Float.NaN});
        Guarded sum = Guarded.output(stream, "sum", 1)) {
      Elementwise.axpy(stream, 4, 1, x.floats(), y.floats());
      Elementwise.scale(stream, 4, 0, x.floats());
      assertArrayEquals(new float[] {Float.NaN, inf, Float.NaN, Float.NaN}, y.written());
      assertArrayEquals(new float[] {Float.NaN, Float.NaN, Float.NaN, 0}, x.written());
      Elementwise.sum(stream, 4, 1, x.floats(), 0, sum.floats());
      assertEquals(Float.NaN, sum.written()[0]);
    }
  }
}
