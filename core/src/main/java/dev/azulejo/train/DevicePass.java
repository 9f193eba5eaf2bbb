package dev.azulejo.train;

import dev.azulejo.device.Stream;
import dev.azulejo.nn.Network;
import java.util.Optional;

/**
 * Training on a device that runs ahead of the host: the settings of an epoch's steps are copied
 * there when it begins, each step is one recorded graph (one more for the shorter last mini-batch),
 * and the sums of the epoch's losses and hits stay on the device until a report reads them. Reading
 * changes nothing, so the numbers do not depend on how often it is done.
 */
final class DevicePass implements Pass {
  private final Network network;
  private final Stream stream;
  private final int reportEvery;
  private final int batch;
  private final CapturedStep full;
  private final CapturedStep last;
  // Not final: the constructor closes those there are where a later one fails.
  private Replica replica;
  private OptimizerState optimizer;
  private GoodWeights good;
  private Feed feed;
  private int samples; // of the last mini-batch
  private int unreported; // mini-batches
  private long unreportedSamples;
  private double reportedLoss; // sum of the epoch's losses

  /**
   * Allocates everything that the steps need.
   *
   * @param resident whether the data set is kept on the device
   */
  DevicePass(PassSettings settings, boolean resident) {
    network = settings.network();
    stream = network.device().stream();
    reportEvery = settings.reportEvery();
    batch = settings.batch();
    int rest = settings.data().size() % batch;
    full = new CapturedStep(stream, () -> operations(batch), settings.recorded());
    last = new CapturedStep(stream, () -> operations(rest), settings.recorded());
    try {
      replica = new Replica(network, stream, settings.loss(), batch);
      good = new GoodWeights(network.device(), stream, network.weights());
      feed =
          resident ? new ResidentFeed(settings, stream) : new LoaderFeed(settings, stream, replica);
      optimizer =
          settings
              .optimizer()
              .start(network.device(), stream, network.layout().count(), feed.batches());
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void operations(int count) {
    feed.load(count, replica.plan().input(), replica.scorer().labels());
    replica.gradients(count, count);
    optimizer.updateAsPlanned(stream, replica.gradients(), network.weights());
  }

  @Override
  public int batches() {
    return feed.batches();
  }

  @Override
  public int reportEvery() {
    return reportEvery;
  }

  @Override
  public OptimizerState optimizer() {
    return optimizer;
  }

  @Override
  public void start(TrainingRun run) {
    int left = batches() - run.batch();
    for (int i = 0; i < left; i++) {
      optimizer.plan(i, run.steps() + i + 1, run.rates().after(run.steps() + i));
    }
    optimizer.uploadPlan(stream, left);
    feed.start(run.epoch(), run.batch());
    replica.scorer().begin((float) run.report().lossSum, (float) run.report().hits);
    reportedLoss = run.report().lossSum;
    good.keep();
  }

  @Override
  public int step(TrainingRun run) {
    samples = feed.next();
    (samples == batch ? full : last).run();
    unreported++;
    unreportedSamples += samples;
    return samples;
  }

  @Override
  public void report(TrainingRun run) {
    replica.scorer().read();
    double lossSum = replica.scorer().lossSum();
    if (!Double.isFinite(lossSum)) {
      good.restore();
      // What the last mini-batch left behind, under weights that were good.
      replica.plan().setBatch(samples);
      Optional<String> found = replica.plan().firstNonFinite();
      double mean = (lossSum - reportedLoss) / unreportedSamples;
      throw Divergence.ofLoss(run, unreported, unreported, mean, found);
    }
    if (!good.areFinite()) {
      good.restore();
      stream.synchronize();
      throw Divergence.ofWeights(run, unreported);
    }
    good.keep();
    run.report().lossSum = lossSum;
    run.report().hits = replica.scorer().hitSum();
    reportedLoss = lossSum;
    unreported = 0;
    unreportedSamples = 0;
  }

  @Override
  public void close() {
    full.close();
    last.close();
    if (optimizer != null) {
      optimizer.close();
    }
    if (feed != null) {
      feed.close();
    }
    if (good != null) {
      good.close();
    }
    if (replica != null) {
      replica.close();
    }
  }
}
