package dev.azulejo.train;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.Transform;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.ResidentBatches;
import dev.azulejo.nn.Softmax;
import java.util.Optional;

/**
 * What a run trains, on what, and how; see {@link Trainer} for each.
 *
 * @param batch samples of a mini-batch, at most those of the data set
 * @param workers at most batch
 * @param reportEvery mini-batches between two reports of a device
 * @param resident whether the data set may be kept on the device
 * @param recorded whether a device's steps may be recorded
 */
record PassSettings(
    Network network,
    Dataset data,
    Optimizer optimizer,
    Loss loss,
    Transform augmentation,
    int batch,
    int workers,
    long seed,
    int reportEvery,
    boolean resident,
    boolean recorded) {
  private static final System.Logger LOG = System.getLogger(Trainer.class.getName());

  /** Checks that the loss fits the network. */
  PassSettings {
    if (loss == Loss.SOFTMAX_CROSS_ENTROPY
        && network.spec().layers().getLast() instanceof Softmax) {
      throw new IllegalArgumentException(
          "the network ends in a softmax, and the loss "
              + loss
              + " has one inside; leave the layer out (predict gives probabilities without it too),"
              + " or choose another loss");
    }
  }

  /** The pass for these settings; on a device the log says which it is, and why. */
  Pass open() {
    if (network.device().isHost()) {
      return new HostPass(this);
    }
    if (workers > 1) {
      log("one step at a time from the host, because " + workers + " workers share a mini-batch");
      return new HostPass(this);
    }
    Optional<String> obstacle =
        resident
            ? ResidentBatches.obstacle(data, augmentation, loss)
            : Optional.of("residentData is off");
    String how = recorded ? "recorded steps" : "steps that are not recorded, as asked for";
    if (obstacle.isPresent()) {
      log(how + ", mini-batches copied from the host, because " + obstacle.get());
    } else {
      log(how + ", mini-batches gathered from the data set on the device");
    }
    return new DevicePass(this, obstacle.isEmpty());
  }

  private void log(String how) {
    LOG.log(System.Logger.Level.INFO, () -> "training on " + network.device() + ": " + how);
  }
}
