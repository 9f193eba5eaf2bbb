package dev.azulejo.cli.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.train.EpochReport;
import java.util.List;

/** The metrics of a training run, epoch by epoch, as a JSON document that grows. */
public final class Metrics {
  private final ObjectNode document = Json.object();

  /** Of a run with these settings. */
  public Metrics(ObjectNode settings) {
    document.set("settings", settings);
    document.putArray("epochs");
  }

  /** The finished epochs. */
  public void epochs(List<EpochReport> reports) {
    ArrayNode epochs = document.putArray("epochs");
    for (EpochReport report : reports) {
      add(epochs, report);
    }
  }

  /** One more finished epoch. */
  public void epoch(EpochReport report) {
    add((ArrayNode) document.get("epochs"), report);
  }

  /** The measurement on the test part. */
  public void test(EvaluationReport report) {
    document.set("test", report.json());
  }

  /** Seconds from the first mini-batch to the last epoch's end, as far as this process ran it. */
  public void took(double seconds) {
    document.put("trainingSeconds", seconds);
  }

  /** Why the run ended before its last epoch. */
  public void ended(String why) {
    document.put("endedEarly", why);
  }

  /** The document so far. */
  public ObjectNode document() {
    return document;
  }

  private static void add(ArrayNode epochs, EpochReport report) {
    ObjectNode node = epochs.addObject();
    node.put("epoch", report.epoch());
    Json.put(node, "trainLoss", report.trainLoss());
    Json.put(node, "trainAccuracy", report.trainAccuracy());
    Json.put(node, "validationLoss", report.validationLoss());
    Json.put(node, "validationAccuracy", report.validationAccuracy());
    node.put("learningRate", report.learningRate());
    node.put("seconds", report.seconds());
    Json.put(node, "imagesPerSecond", report.samples() / report.seconds());
  }
}
