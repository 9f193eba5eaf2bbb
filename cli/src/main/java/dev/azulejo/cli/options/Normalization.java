package dev.azulejo.cli.options;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.Normalize;
import dev.azulejo.nn.NetworkSpec;
import java.util.ArrayList;
import java.util.List;

/** Gives a network the mean and standard deviation of its training data. */
final class Normalization {
  private Normalization() {}

  static NetworkSpec apply(NetworkSpec spec, Dataset training) {
    Normalize measured = Normalize.of(training);
    return new NetworkSpec(
        spec.input(), list(measured.mean()), list(measured.std()), spec.layers());
  }

  private static List<Float> list(float[] values) {
    List<Float> list = new ArrayList<>();
    for (float value : values) {
      list.add(value);
    }
    return list;
  }
}
