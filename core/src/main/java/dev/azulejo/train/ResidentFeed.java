package dev.azulejo.train;

import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.nn.ResidentBatches;

/** Mini-batches gathered from the data set on the device, as part of each step. */
final class ResidentFeed implements Feed {
  private static final String ALTERNATIVE =
      "copy the mini-batches from the host instead: Trainer.residentData(false), or"
          + " --data-on host";

  private final ResidentBatches batches;
  private int number;

  ResidentFeed(PassSettings settings, Stream stream) {
    batches =
        new ResidentBatches(
            settings.network(),
            stream,
            settings.data(),
            settings.seed(),
            true,
            settings.augmentation(),
            settings.batch(),
            ALTERNATIVE);
  }

  @Override
  public int batches() {
    return batches.batches();
  }

  @Override
  public void start(int epoch, int first) {
    batches.start(epoch, first);
    number = first;
  }

  @Override
  public int next() {
    return batches.count(number++);
  }

  @Override
  public void load(int samples, Tensor images, Tensor labels) {
    batches.gather(samples, images, labels);
  }

  @Override
  public void close() {
    batches.close();
  }
}
