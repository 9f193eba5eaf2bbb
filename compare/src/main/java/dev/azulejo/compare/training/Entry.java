package dev.azulejo.compare.training;

import dev.azulejo.compare.measure.Times;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What came of a contestant.
 *
 * @param name in reports
 * @param algorithm what computes it
 * @param outputError distance of the first outputs from float64's, relative to their length
 * @param weightError the same of what the first steps changed in the weights
 * @param disagreement why it was not timed; empty where it was
 * @param losses of the curve, a value a step; empty where it disagrees
 * @param times by part
 * @param residentPeak by how much this process grew, at most, while it was made and ran
 */
public record Entry(
    String name,
    String algorithm,
    double outputError,
    double weightError,
    String disagreement,
    double[] losses,
    Map<Part, Times> times,
    OptionalLong residentPeak) {

  /** What is timed. */
  public enum Part {
    /** A training step, from images in host memory to updated weights. */
    TRAINING,
    /** Predictions of as many images as a mini-batch has, from and to host memory. */
    INFERENCE,
    /** The prediction of one image. */
    LATENCY
  }
}
