package dev.azulejo.train;

import dev.azulejo.data.Batch;
import dev.azulejo.data.Loader;
import dev.azulejo.data.Transform;
import dev.azulejo.device.Tensor;
import java.util.Map;

/**
 * Mini-batches from a loader, gradients by one worker or several, and a look at the loss before
 * each update: on the CPU, and with several workers on any device.
 */
final class HostPass implements Pass {
  private static final int PREFETCH = 3;

  private final TrainingStep step;
  private final Loader loader;

  HostPass(PassSettings settings) {
    step =
        new TrainingStep(
            settings.network(),
            settings.optimizer(),
            settings.loss(),
            settings.batch(),
            settings.workers());
    try {
      Transform transform =
          Transform.chain(settings.augmentation(), settings.network().spec().normalization());
      loader =
          new Loader(settings.data(), settings.batch(), settings.seed(), true, transform, PREFETCH);
    } catch (RuntimeException | Error e) {
      step.close();
      throw e;
    }
  }

  @Override
  public int batches() {
    return loader.batches();
  }

  @Override
  public OptimizerState optimizer() {
    return step.optimizer();
  }

  @Override
  public void begin(TrainingRun run) {
    step.setSteps(run.steps());
  }

  @Override
  public void beginEpoch(TrainingRun run) {
    loader.start(run.epoch(), run.batch());
  }

  @Override
  public void advance(TrainingRun run) {
    Batch batch = loader.next();
    int samples = batch.count();
    step.gradients(batch.images(), batch.labels(), samples);
    loader.release(batch);
    if (!Double.isFinite(step.lossSum() / samples)) {
      throw Divergence.ofLoss(run, 1, step.lossSum() / samples, step.firstNonFinite());
    }
    step.update(run.rates().after(run.steps()));
    run.done(1, samples, run.report().lossSum + step.lossSum(), run.report().hits + step.hitSum());
  }

  @Override
  public boolean runsAhead() {
    return false;
  }

  @Override
  public Map<String, Tensor> moments() {
    return step.optimizer().moments();
  }

  @Override
  public void close() {
    loader.close();
    step.close();
  }
}
