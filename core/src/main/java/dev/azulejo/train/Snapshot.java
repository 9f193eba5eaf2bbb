package dev.azulejo.train;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Event;
import dev.azulejo.device.HostBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.nn.Scorer;
import dev.azulejo.ops.Elementwise;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run was at a report: its weights and moments, copied on the device in the order of the
 * training stream, and its sums, on their way to the host. The host takes it without waiting, and
 * {@link #await}s it when it tells. Belongs to the stream's thread.
 */
final class Snapshot implements AutoCloseable {
  private static final int SUMS = 3; // of losses, of hits, of the weights

  private final List<Tensor> sources = new ArrayList<>();
  private final List<Tensor> copies = new ArrayList<>();
  private final Map<String, Tensor> moments = new LinkedHashMap<>();
  private final DeviceBuffer memory;
  private final Tensor weights;
  private final Tensor sums;
  private final Tensor weightSum;
  private HostBuffer hostSums;
  private Event taken;
  private int batches;
  private int samples;

  /**
   * Allocates the copies.
   *
   * @param weights what is trained
   * @param state of its optimiser
   */
  Snapshot(Device device, Tensor weights, OptimizerState state) {
    sources.add(weights);
    Map<String, Tensor> states = state.moments();
    sources.addAll(states.values());
    long count = sources.stream().mapToLong(Tensor::count).sum();
    memory = device.allocateFloats("reports under way", count + SUMS);
    try {
      hostSums = device.allocateHost("reports under way", SUMS * (long) Float.BYTES);
      taken = device.openEvent();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
    long at = 0;
    for (Tensor source : sources) {
      copies.add(memory.floats(at, source.count()));
      at += source.count();
    }
    this.weights = copies.getFirst();
    int next = 1;
    for (String name : states.keySet()) {
      moments.put(name, copies.get(next++));
    }
    sums = memory.floats(at, SUMS);
    weightSum = sums.slice(2, 1);
  }

  /**
   * Copies what there is when the stream has come this far; allocates nothing.
   *
   * @param batches mini-batches since the snapshot before
   * @param samples their samples
   */
  void take(Stream stream, Scorer scorer, int batches, int samples) {
    this.batches = batches;
    this.samples = samples;
    for (int i = 0; i < sources.size(); i++) {
      copies.get(i).copyFrom(stream, sources.get(i), sources.get(i).count());
    }
    scorer.copyTotals(sums);
    Elementwise.sum(stream, weights.count(), 1, weights, 0, weightSum);
    sums.downloadAsync(stream, SUMS, hostSums);
    taken.record(stream);
  }

  /** Waits until it is taken. */
  void await() {
    taken.synchronize();
  }

  /** Puts weights and moments back. */
  void restore(Stream stream) {
    for (int i = 0; i < sources.size(); i++) {
      sources.get(i).copyFrom(stream, copies.get(i), sources.get(i).count());
    }
  }

  int batches() {
    return batches;
  }

  int samples() {
    return samples;
  }

  /** Sum of the epoch's losses. */
  double lossSum() {
    return sum(0);
  }

  /** How many of the epoch's samples were predicted right. */
  double hits() {
    return sum(1);
  }

  /** Whether no weight is NaN or infinite, which their sum would be too. */
  boolean weightsAreFinite() {
    return Double.isFinite(sum(2));
  }

  Tensor weights() {
    return weights;
  }

  /** By name, as an {@link OptimizerState} has them. */
  Map<String, Tensor> moments() {
    return moments;
  }

  private double sum(int index) {
    return hostSums.segment().getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }

  @Override
  public void close() {
    memory.close();
    if (hostSums != null) {
      hostSums.close();
    }
    if (taken != null) {
      taken.close();
    }
  }
}
