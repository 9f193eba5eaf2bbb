package dev.azulejo.data;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Gives each channel mean 0 and standard deviation 1 over the data set: {@code (value - mean) /
 * std}. The same transform, measured on the training part, must be applied in training, evaluation
 * and prediction.
 */
public final class Normalize implements Transform {

  private final float[] mean;
  private final float[] std;

  private Normalize(float[] mean, float[] std) {
    this.mean = mean;
    this.std = std;
  }

  /**
   * Normalises with known figures.
   *
   * @param mean of each channel, in the 0..1 scale of {@link Dataset#read}
   * @param std standard deviation of each channel, above 0
   * @throws IllegalArgumentException if the lengths differ, or a figure is unusable
   */
  public static Normalize of(float[] mean, float[] std) {
    if (mean.length != std.length || mean.length == 0) {
      throw new IllegalArgumentException(
          "normalize with %s means and %s standard deviations: one of each for every channel is needed"
              .formatted(mean.length, std.length));
    }
    for (int c = 0; c < mean.length; c++) {
      if (!Float.isFinite(mean[c]) || !(std[c] > 0) || !Float.isFinite(std[c])) {
        throw new IllegalArgumentException(
            "normalize channel %s with mean %s and standard deviation %s: both must be finite and the deviation above 0"
                .formatted(c, mean[c], std[c]));
      }
    }
    return new Normalize(mean.clone(), std.clone());
  }

  /** Normalises one-channel images with known figures. */
  public static Normalize of(float mean, float std) {
    return of(new float[] {mean}, new float[] {std});
  }

  /**
   * Measures mean and standard deviation (of the whole population, in float64) of each channel of a
   * data set.
   *
   * @throws IllegalArgumentException if the data set is empty or a channel has the same value
   *     everywhere
   */
  public static Normalize of(Dataset data) {
    Shape shape = data.shape();
    if (data.size() == 0) {
      throw new IllegalArgumentException("an empty data set has no mean to normalize with");
    }
    int plane = shape.height() * shape.width();
    double[] sum = new double[shape.channels()];
    double[] squares = new double[shape.channels()];
    float[] sample = new float[shape.size()];
    for (int i = 0; i < data.size(); i++) {
      data.read(i, sample, 0);
      for (int j = 0; j < sample.length; j++) {
        sum[j / plane] += sample[j];
        squares[j / plane] += (double) sample[j] * sample[j];
      }
    }
    double count = (double) data.size() * plane;
    float[] mean = new float[shape.channels()];
    float[] std = new float[shape.channels()];
    for (int c = 0; c < mean.length; c++) {
      double average = sum[c] / count;
      // Rounding can push the variance of a constant channel a little to either side of zero.
      double variance = squares[c] / count - average * average;
      if (!(variance > 1e-12)) {
        throw new IllegalArgumentException(
            "channel %s of the data set has the same value everywhere (%s); it cannot be normalized to standard deviation 1"
                .formatted(c, (float) average));
      }
      mean[c] = (float) average;
      std[c] = (float) Math.sqrt(variance);
    }
    return new Normalize(mean, std);
  }

  /** The mean subtracted from each channel. */
  public float[] mean() {
    return mean.clone();
  }

  /** The standard deviation each channel is divided by. */
  public float[] std() {
    return std.clone();
  }

  /**
   * Normalises one sample.
   *
   * @throws IllegalArgumentException if it has another number of channels
   */
  @Override
  public void apply(float[] sample, int offset, Shape shape, RandomGenerator random) {
    if (shape.channels() != mean.length) {
      throw new IllegalArgumentException(
          "normalize has figures for %s channels; the sample of %s has %s"
              .formatted(mean.length, shape, shape.channels()));
    }
    int plane = shape.height() * shape.width();
    for (int c = 0; c < mean.length; c++) {
      float center = mean[c];
      float scale = 1 / std[c];
      int from = offset + c * plane;
      for (int i = from; i < from + plane; i++) {
        sample[i] = (sample[i] - center) * scale;
      }
    }
  }

  /** The figures, for logs. */
  @Override
  public String toString() {
    return "Normalize[mean=" + Arrays.toString(mean) + ", std=" + Arrays.toString(std) + "]";
  }
}
