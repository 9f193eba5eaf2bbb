package dev.azulejo.nn;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.Placement;
import dev.azulejo.data.Placements;
import dev.azulejo.data.ResidentData;
import dev.azulejo.data.Transform;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Border;
import dev.azulejo.ops.Gather;
import dev.azulejo.ops.GatherList;
import dev.azulejo.ops.GatherProblem;
import java.util.Optional;

/**
 * The mini-batches of a data set that lies on the device as bytes: an epoch begins with the upload
 * of a list, 12 bytes a sample, and each mini-batch is then gathered, augmented and normalised on
 * the device. Bit for bit the mini-batches of a {@link dev.azulejo.data.Loader} with the same seed.
 * Belongs to its stream's thread.
 */
public final class ResidentBatches implements AutoCloseable {
  private final Stream stream;
  private final Placements placements;
  private final int batchSize;
  private final GatherProblem problem;
  private final ResidentData data;
  private final GatherList list;
  private final DeviceBuffer normalization; // null for none
  private final Tensor mean;
  private final Tensor scale;

  /**
   * Copies a data set to the device.
   *
   * @param network whose normalisation the samples get
   * @param seed of order and augmentation
   * @param shuffle whether each epoch has an order of its own; otherwise 0, 1, 2, ...
   * @param batchSize samples of a mini-batch; the last of an epoch has what is left
   * @param alternative what to do where the device has too little memory, for the message
   * @throws IllegalArgumentException where there is an {@link #obstacle}
   * @throws dev.azulejo.device.OutOfDeviceMemoryException where the device has too little memory
   */
  public ResidentBatches(
      Network network,
      Stream stream,
      Dataset data,
      long seed,
      boolean shuffle,
      Transform augmentation,
      int batchSize,
      String alternative) {
    this.stream = stream;
    this.batchSize = batchSize;
    placements = new Placements(data, seed, shuffle, augmentation);
    var shape = data.shape();
    problem =
        new GatherProblem(
            batchSize,
            shape.channels(),
            shape.height(),
            shape.width(),
            data.size(),
            placements.mirrorsEdges() ? Border.MIRROR : Border.ZERO);
    this.data = new ResidentData(stream, data, alternative);
    try {
      list = new GatherList(stream.device(), data.size());
      try {
        normalization = normalization(network.spec(), stream);
      } catch (RuntimeException | Error e) {
        list.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      this.data.close();
      throw e;
    }
    int channels = shape.channels();
    mean = normalization == null ? null : normalization.floats(0, channels);
    scale = normalization == null ? null : normalization.floats(channels, channels);
  }

  /** Why mini-batches cannot be gathered on the device; empty where they can. */
  public static Optional<String> obstacle(Dataset data, Transform augmentation, Loss loss) {
    return loss.usesOneHot()
        ? Optional.of("the loss " + loss + " compares with one-hot rows, which the host makes")
        : Placements.obstacle(data, augmentation);
  }

  /** Mini-batches of an epoch, the shorter last one included. */
  public int batches() {
    return (placements.count() + batchSize - 1) / batchSize;
  }

  /** Samples of a mini-batch, by its number from 0. */
  public int count(int number) {
    return Math.min(batchSize, placements.count() - number * batchSize);
  }

  /**
   * Begins an epoch: puts its list together and copies it to the device.
   *
   * @param first the mini-batch that is gathered first
   */
  public void start(int epoch, int first) {
    placements.begin(epoch);
    for (int i = 0; i < placements.count(); i++) {
      Placement p = placements.at(i);
      list.set(i, p.index(), p.down(), p.right(), p.mirrored());
    }
    list.upload(stream, (long) first * batchSize);
  }

  /** Begins the epoch that the device has the list of anew, at its first mini-batch. */
  public void rewind() {
    list.rewind(stream, 0);
  }

  /**
   * Gathers the next mini-batch; allocates nothing, and can be recorded in a graph.
   *
   * @param samples of the mini-batch, as {@link #count} says
   * @param x receives [samples][channels][height][width], normalised
   * @param labels receives [samples]
   */
  public void gather(int samples, Tensor x, Tensor labels) {
    problem.setBatch(samples);
    Gather.gather(stream, problem, data.pixels(), data.labels(), list, mean, scale, x, labels);
  }

  /** Frees its memory; a second call does nothing. */
  @Override
  public void close() {
    if (normalization != null) {
      normalization.close();
    }
    list.close();
    data.close();
  }

  /** Means, then 1 / standard deviations, as a loader's {@code Normalize} has them. */
  private static DeviceBuffer normalization(NetworkSpec spec, Stream stream) {
    if (!spec.normalizes()) {
      return null;
    }
    int channels = spec.mean().size();
    float[] values = new float[2 * channels];
    for (int c = 0; c < channels; c++) {
      values[c] = spec.mean().get(c);
      values[channels + c] = 1 / spec.std().get(c);
    }
    DeviceBuffer memory = stream.device().allocateFloats("normalization", values.length);
    try {
      memory.floats().upload(stream, values);
      return memory;
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }
}
