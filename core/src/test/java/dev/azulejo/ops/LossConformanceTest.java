package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Stream;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.LossReference;
import dev.azulejo.reference.RowTolerance;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.SoftmaxReference;
import dev.azulejo.reference.Tolerance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The losses and their gradients against the float64 reference. Rows T1, T4, T7. */
class LossConformanceTest extends DeviceTest {
  @ParameterizedTest
  @CsvSource({"1,1,10", "1,10,10", "7,3,1", "64,10,30", "33,17,100", "3,1000,10", "65,10,10000"})
  void softmaxCrossEntropyT4T7(int rows, int classes, float limit) {
    var samples = new Samples(51);
    float[] x = samples.uniform((long) rows * classes, limit);
    int[] labels = samples.labels(rows, classes);
    float scale = 1f / rows;
    double[] losses = LossReference.softmaxCrossEntropy(rows, classes, Doubles.of(x), labels);
    double[] grad =
        LossReference.softmaxCrossEntropyGrad(rows, classes, Doubles.of(x), labels, scale);
    double[] p = SoftmaxReference.forward(rows, classes, Doubles.of(x));
    double[] tolerance =
        RowTolerance.softmaxCrossEntropyGrad(rows, classes, Doubles.of(x), p, grad, scale);
    for (Stream s : teams()) {
      try (Guarded dx = Guarded.of(s, "x", x);
          Guarded dl = Guarded.of(s, "labels", labels);
          Guarded loss = Guarded.output(s, "losses", rows);
          Guarded alone = Guarded.output(s, "losses alone", rows);
          Guarded dg = Guarded.output(s, "grad", x.length)) {
        Losses.softmaxCrossEntropy(
            s, rows, classes, dx.floats(), dl.ints(), scale, alone.floats(), null);
        Losses.softmaxCrossEntropy(
            s, rows, classes, dx.floats(), dl.ints(), scale, loss.floats(), dg.floats());
        dx.assertUnchanged();
        dl.assertUnchanged();
        Agreement.check("losses", losses, RowTolerance.losses(classes, losses), loss.written());
        Agreement.check(
            "losses alone", losses, RowTolerance.losses(classes, losses), alone.written());
        Agreement.check("grad", grad, tolerance, dg.written());
        Losses.softmaxCrossEntropy(
            s, rows, classes, dx.floats(), dl.ints(), scale, loss.floats(), dx.floats());
        assertArrayEquals(dg.writtenInts(), dx.writtenInts(), "in place");
      }
    }
  }

  /** A label out of range: NaN in its row, and the rows beside it as if nothing were. */
  @Test
  void badLabelsMakeTheirRowNanT4() {
    float[] x = {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3};
    int[] labels = {0, 3, -1, 2};
    try (Guarded dx = Guarded.of(stream, "x", x);
        Guarded dl = Guarded.of(stream, "labels", labels);
        Guarded loss = Guarded.output(stream, "losses", 4);
        Guarded dg = Guarded.of(stream, "grad", new float[12])) {
      Losses.softmaxCrossEntropy(
          stream, 4, 3, dx.floats(), dl.ints(), 1, loss.floats(), dg.floats());
      float[] losses = loss.written();
      float[] grad = dg.written();
      assertEquals(2.4076059, losses[0], 1e-5);
      assertTrue(Float.isNaN(losses[1]) && Float.isNaN(losses[2]));
      assertEquals(0.4076059, losses[3], 1e-5);
      for (int i = 0; i < 12; i++) {
        assertEquals(i / 3 == 1 || i / 3 == 2, Float.isNaN(grad[i]), "gradient " + i);
      }
    }
  }

  /** A confident row keeps the digits of its small loss and gradient. */
  @Test
  void confidentRowsKeepTheirDigitsT7() {
    float[] x = {12, 0};
    try (Guarded dx = Guarded.of(stream, "x", x);
        Guarded dl = Guarded.of(stream, "labels", new int[] {0});
        Guarded loss = Guarded.output(stream, "losses", 1);
        Guarded dg = Guarded.output(stream, "grad", 2)) {
      Losses.softmaxCrossEntropy(
          stream, 1, 2, dx.floats(), dl.ints(), 1, loss.floats(), dg.floats());
      double small = Math.exp(-12) / (1 + Math.exp(-12));
      Agreement.check("loss", Math.log1p(Math.exp(-12)), Tolerance.loss(2, 0), loss.written()[0]);
      Agreement.check("grad of the other", small, small * 1e-5, dg.written()[1]);
      Agreement.check("grad of the label", -small, Tolerance.softmax(2, 1, 0), dg.written()[0]);
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1,5", "7,3,1", "64,10,30", "33,17,100", "5,10,10000"})
  void sigmoidCrossEntropyT4(int rows, int classes, float limit) {
    var samples = new Samples(52);
    float[] x = samples.uniform((long) rows * classes, limit);
    float[] targets = samples.uniform((long) rows * classes);
    for (int i = 0; i < targets.length; i++) {
      targets[i] = i % 3 == 0 ? Math.abs(targets[i]) : i % 2;
    }
    float scale = 0.25f;
    double[] rx = Doubles.of(x);
    double[] losses = LossReference.sigmoidCrossEntropy(rows, classes, rx, Doubles.of(targets));
    double[] grad = LossReference.sigmoidCrossEntropyGrad(rx, Doubles.of(targets), scale);
    double[] tolerance = RowTolerance.sigmoidCrossEntropy(rows, classes, rx);
    double[] gradTolerance = RowTolerance.sigmoidCrossEntropyGrad(x.length, scale);
    for (Stream s : teams()) {
      try (Guarded dx = Guarded.of(s, "x", x);
          Guarded dt = Guarded.of(s, "targets", targets);
          Guarded loss = Guarded.output(s, "losses", rows);
          Guarded alone = Guarded.output(s, "losses alone", rows);
          Guarded dg = Guarded.output(s, "grad", x.length)) {
        Losses.sigmoidCrossEntropy(
            s, rows, classes, dx.floats(), dt.floats(), scale, alone.floats(), null);
        Losses.sigmoidCrossEntropy(
            s, rows, classes, dx.floats(), dt.floats(), scale, loss.floats(), dg.floats());
        dx.assertUnchanged();
        dt.assertUnchanged();
        Agreement.check("losses", losses, tolerance, loss.written());
        Agreement.check("losses alone", losses, tolerance, alone.written());
        Agreement.check("grad", grad, gradTolerance, dg.written());
        Losses.sigmoidCrossEntropy(
            s, rows, classes, dx.floats(), dt.floats(), scale, loss.floats(), dx.floats());
        assertArrayEquals(dg.writtenInts(), dx.writtenInts(), "in place");
      }
    }
  }

  /** Where sigmoid rounds to 0 or 1 the loss is still |x|, and 0 on the right side. */
  @Test
  void extremeSigmoidT4() {
    float[] x = {1e4f, 1e4f, -1e4f, -1e4f, 200, -200};
    float[] targets = {0, 1, 0, 1, 1, 0};
    try (Guarded dx = Guarded.of(stream, "x", x);
        Guarded dt = Guarded.of(stream, "targets", targets);
        Guarded loss = Guarded.output(stream, "losses", 6);
        Guarded dg = Guarded.output(stream, "grad", 6)) {
      Losses.sigmoidCrossEntropy(
          stream, 6, 1, dx.floats(), dt.floats(), 1, loss.floats(), dg.floats());
      assertArrayEquals(new float[] {1e4f, 0, 0, 1e4f, 0, 0}, loss.written());
      assertArrayEquals(new float[] {1, 0, 0, -1, 0, 0}, dg.written(), 1e-37f);
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1", "7,3", "64,10", "33,17", "2,1031"})
  void meanSquaredError(int rows, int columns) {
    var samples = new Samples(53);
    float[] x = samples.uniform((long) rows * columns);
    float[] targets = samples.uniform((long) rows * columns);
    float scale = -3;
    double[] rx = Doubles.of(x);
    double[] rt = Doubles.of(targets);
    double[] losses = LossReference.meanSquaredError(rows, columns, rx, rt);
    double[] grad = LossReference.meanSquaredErrorGrad(columns, rx, rt, scale);
    double[] gradTolerance = RowTolerance.meanSquaredErrorGrad(columns, rx, rt, scale);
    for (Stream s : teams()) {
      try (Guarded dx = Guarded.of(s, "x", x);
          Guarded dt = Guarded.of(s, "targets", targets);
          Guarded loss = Guarded.output(s, "losses", rows);
          Guarded alone = Guarded.output(s, "losses alone", rows);
          Guarded dg = Guarded.output(s, "grad", x.length)) {
        Losses.meanSquaredError(
            s, rows, columns, dx.floats(), dt.floats(), scale, alone.floats(), null);
        Losses.meanSquaredError(
            s, rows, columns, dx.floats(), dt.floats(), scale, loss.floats(), dg.floats());
        dx.assertUnchanged();
        dt.assertUnchanged();
        double[] tolerance = Tolerance.sums(columns + 4, losses);
        Agreement.check("losses", losses, tolerance, loss.written());
        Agreement.check("losses alone", losses, tolerance, alone.written());
        Agreement.check("grad", grad, gradTolerance, dg.written());
        Losses.meanSquaredError(
            s, rows, columns, dx.floats(), dt.floats(), scale, loss.floats(), dx.floats());
        assertArrayEquals(dg.writtenInts(), dx.writtenInts(), "in place");
      }
    }
  }

  @Test
  void argmaxT1() {
    float inf = Float.POSITIVE_INFINITY;
    float[] x = {
      1, 3, 2, 3, /**/ 5, 1, 1, 1, /**/ 1, Float.NaN, 9, Float.NaN, /**/ -inf, -inf, -inf,
      -inf, /**/ -inf, -1, inf, 2
    };
    for (Stream s : teams()) {
      try (Guarded dx = Guarded.of(s, "x", x);
          Guarded dl = Guarded.of(s, "labels", new int[] {1, 3, 1, 0, -7});
          Guarded predictions = Guarded.output(s, "predictions", 5);
          Guarded alone = Guarded.output(s, "predictions alone", 5);
          Guarded hits = Guarded.output(s, "hits", 5)) {
        Losses.argmax(s, 5, 4, dx.floats(), dl.ints(), predictions.ints(), hits.floats());
        Losses.argmax(s, 5, 4, dx.floats(), null, alone.ints(), null);
        assertArrayEquals(new int[] {1, 0, 1, 0, 2}, predictions.writtenInts());
        assertArrayEquals(predictions.writtenInts(), alone.writtenInts());
        assertArrayEquals(new float[] {1, 0, 1, 1, 0}, hits.written());
        dx.assertUnchanged();
        dl.assertUnchanged();
      }
    }
  }
}
