package dev.azulejo.train;

import dev.azulejo.io.CheckpointException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where a training run is, and with which settings; all that a resumed run needs beside the weights
 * and moments.
 *
 * @param settings what must be the same for the resumed run to be the same run
 * @param epoch finished epochs
 * @param batch finished mini-batches of the epoch after them
 * @param steps updates so far
 * @param samples of the running epoch so far
 * @param lossSum of the running epoch so far
 * @param hits of the running epoch so far
 * @param learningRate of the last step; 0 before the first
 * @param history the finished epochs
 */
record RunState(
    Map<String, String> settings,
    int epoch,
    int batch,
    long steps,
    long samples,
    double lossSum,
    double hits,
    float learningRate,
    List<EpochReport> history) {

  private static final String SETTING = "setting.";

  Map<String, String> toMap() {
    Map<String, String> map = new LinkedHashMap<>();
    settings.forEach((key, value) -> map.put(SETTING + key, value));
    map.put("epoch", Integer.toString(epoch));
    map.put("batch", Integer.toString(batch));
    map.put("steps", Long.toString(steps));
    map.put("samples", Long.toString(samples));
    map.put("loss-sum", Double.toString(lossSum));
    map.put("hits", Double.toString(hits));
    map.put("learning-rate", Float.toString(learningRate));
    for (EpochReport report : history) {
      map.put("history." + report.epoch(), line(report));
    }
    return map;
  }

  static RunState parse(Path file, Map<String, String> map) {
    Map<String, String> settings = new LinkedHashMap<>();
    map.forEach(
        (key, value) -> {
          if (key.startsWith(SETTING)) {
            settings.put(key.substring(SETTING.length()), value);
          }
        });
    try {
      int epoch = Integer.parseInt(map.get("epoch"));
      List<EpochReport> history = new ArrayList<>();
      for (int i = 1; i <= epoch; i++) {
        history.add(report(map.get("history." + i)));
      }
      return new RunState(
          settings,
          (int) atLeastZero(epoch, "epoch"),
          (int) atLeastZero(Integer.parseInt(map.get("batch")), "batch"),
          atLeastZero(Long.parseLong(map.get("steps")), "steps"),
          atLeastZero(Long.parseLong(map.get("samples")), "samples"),
          Double.parseDouble(map.get("loss-sum")),
          Double.parseDouble(map.get("hits")),
          Float.parseFloat(map.get("learning-rate")),
          history);
    } catch (RuntimeException e) { // a value that is missing or no number
      throw new CheckpointException(file + ": the state of the training run is damaged: " + e, e);
    }
  }

  /** Checks that a run with other settings does not go on from here as if it were the same. */
  void checkSettings(Path file, Map<String, String> mine) {
    mine.forEach(
        (key, value) -> {
          if (!value.equals(settings.get(key))) {
            throw new IllegalArgumentException(
                file
                    + " was trained with "
                    + key
                    + " "
                    + settings.get(key)
                    + ", this run has "
                    + key
                    + " "
                    + value
                    + "; resume with the same, or load the model and start a new run");
          }
        });
  }

  private static long atLeastZero(long value, String name) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " is " + value);
    }
    return value;
  }

  private static String line(EpochReport r) {
    return String.join(
        ",",
        Integer.toString(r.epoch()),
        Integer.toString(r.epochs()),
        Double.toString(r.trainLoss()),
        Double.toString(r.trainAccuracy()),
        Double.toString(r.validationLoss()),
        Double.toString(r.validationAccuracy()),
        Float.toString(r.learningRate()),
        Double.toString(r.seconds()),
        Long.toString(r.samples()));
  }

  private static EpochReport report(String line) {
    String[] parts = line.split(",", -1);
    return new EpochReport(
        Integer.parseInt(parts[0]),
        Integer.parseInt(parts[1]),
        Double.parseDouble(parts[2]),
        Double.parseDouble(parts[3]),
        Double.parseDouble(parts[4]),
        Double.parseDouble(parts[5]),
        Float.parseFloat(parts[6]),
        Double.parseDouble(parts[7]),
        Long.parseLong(parts[8]));
  }
}
