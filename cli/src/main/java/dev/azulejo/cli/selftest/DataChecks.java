package dev.azulejo.cli.selftest;

import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Border;
import dev.azulejo.ops.Gather;
import dev.azulejo.ops.GatherList;
import dev.azulejo.ops.GatherProblem;
import dev.azulejo.ops.Random;
import dev.azulejo.ops.RandomState;
import dev.azulejo.ops.Select;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.GatherReference;
import dev.azulejo.reference.RandomReference;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** select, gather and the random numbers: what a training step reads that nobody computed. */
final class DataChecks {
  private static final int CHANNELS = 2;
  private static final int SAMPLES = 9;
  private static final int BATCH = 7;
  private static final float[] MEAN = {0.4f, 0.6f};
  private static final float[] SCALE = {3, 5};
  private static final long SEED = 0x0123456789abcdefL;
  private static final float DEVIATION = 2;
  private static final float CENTRE = 0.5f;

  private DataChecks() {}

  static List<Check> all() {
    return List.of(
        new Check("select", "", List.of(new Trial("rows 3 and 4 of 5", DataChecks::select))),
        gather(Border.ZERO),
        gather(Border.MIRROR),
        new Check(
            "random_uniform",
            "Philox",
            Stream.of(1, 257, 10_007)
                .map(count -> new Trial("count " + count, uniform(count)))
                .toList()),
        new Check(
            "random_normal",
            "Philox",
            Stream.of(1, 257, 10_007)
                .map(count -> new Trial("count " + count, normal(count)))
                .toList()));
  }

  /** Two rows: the second call goes on where the first ended. */
  private static double select(Workbench bench) {
    int columns = 8;
    float[] table = new Samples(45).uniform(5L * columns);
    Tensor rows = bench.floats(table);
    Tensor next = bench.longs(3);
    Tensor out = bench.output(2 * columns);
    bench.run(
        () -> {
          Select.select(bench.stream(), 5, columns, rows, next, out.slice(0, columns));
          Select.select(bench.stream(), 5, columns, rows, next, out.slice(columns, columns));
        });
    return bench.exact(Doubles.of(Arrays.copyOfRange(table, 3 * columns, 5 * columns)), out);
  }

  private static Check gather(Border border) {
    List<Trial> trials =
        Stream.of(new int[] {5, 5}, new int[] {12, 7}, new int[] {28, 28})
            .map(s -> new Trial(s[0] + " x " + s[1], gather(s[0], s[1], border)))
            .toList();
    return new Check("gather", border.name(), trials);
  }

  private static Trial.Body gather(int height, int width, Border border) {
    return bench -> {
      int size = CHANNELS * height * width;
      byte[] pixels = new byte[SAMPLES * size];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = (byte) (i * 37);
      }
      int[] labels = new Samples(46).labels(SAMPLES, 10);
      double[] expected = new double[BATCH * size];
      int[] expectedLabels = new int[BATCH];
      Tensor x = bench.output(expected.length);
      Tensor y = bench.intOutput(BATCH);
      Tensor known = bench.ints(labels);
      Tensor mean = bench.floats(MEAN);
      Tensor scale = bench.floats(SCALE);
      Tensor bytes = bench.bytes(pixels);
      var problem = new GatherProblem(BATCH, CHANNELS, height, width, SAMPLES, border);
      try (GatherList list = new GatherList(bench.stream().device(), BATCH)) {
        for (int i = 0; i < BATCH; i++) {
          int index = i * 4 % SAMPLES;
          int down = i % 4 - 2;
          int right = 2 - i % 5;
          boolean mirrored = i % 2 == 1;
          list.set(i, index, down, right, mirrored);
          byte[] sample = Arrays.copyOfRange(pixels, index * size, (index + 1) * size);
          double[] values =
              GatherReference.sample(
                  height,
                  width,
                  sample,
                  down,
                  right,
                  mirrored,
                  border == Border.MIRROR,
                  MEAN,
                  SCALE);
          System.arraycopy(values, 0, expected, i * size, size);
          expectedLabels[i] = labels[index];
        }
        list.upload(bench.stream(), 0);
        bench.run(
            () -> Gather.gather(bench.stream(), problem, bytes, known, list, mean, scale, x, y));
      }
      // A pixel is at most 1, a mean less, and both are scaled by 5 at most.
      double[] allowed = new double[expected.length];
      Arrays.fill(allowed, Tolerance.sum(3, 2 * 5));
      return Math.max(bench.worst(expected, allowed, x), bench.equal(expectedLabels, y));
    };
  }

  /** In two calls: the second goes on where the first ended. */
  private static Trial.Body uniform(int count) {
    return bench -> {
      Tensor x = bench.output(2L * count);
      try (RandomState state = new RandomState(bench.stream().device(), bench.stream(), SEED)) {
        bench.run(
            () -> {
              Random.uniform(bench.stream(), state, count, 0, 1, x.slice(0, count));
              Random.uniform(bench.stream(), state, count, 0, 1, x.slice(count, count));
            });
      }
      double[] expected = new double[2 * count];
      Arrays.setAll(expected, i -> RandomReference.uniform(SEED, i));
      return bench.exact(expected, x);
    };
  }

  private static Trial.Body normal(int count) {
    return bench -> {
      Tensor x = bench.output(count);
      try (RandomState state = new RandomState(bench.stream().device(), bench.stream(), SEED)) {
        bench.run(() -> Random.normal(bench.stream(), state, count, CENTRE, DEVIATION, x));
      }
      double[] expected = new double[count];
      double[] allowed = new double[count];
      for (int i = 0; i < count; i++) {
        expected[i] = CENTRE + DEVIATION * RandomReference.normal(SEED, i);
        // The angle, up to 2 pi, is rounded twice before its cosine; radius and cosine are
        // functions.
        double parts = DEVIATION * RandomReference.radius(SEED, i);
        allowed[i] = (4 * Math.PI + 16) * Tolerance.U * parts + Tolerance.function(CENTRE);
      }
      return bench.worst(expected, allowed, x);
    };
  }
}
