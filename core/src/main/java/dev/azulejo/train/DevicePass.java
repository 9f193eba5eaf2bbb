package dev.azulejo.train;

import dev.azulejo.device.CapturedStep;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Event;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.nn.Network;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Training on a device that runs ahead of the host: the settings of an epoch's steps are copied
 * there when it begins, each step is one recorded graph (one more for the shorter last mini-batch),
 * and the sums of the epoch's losses and hits stay on the device until a report reads them.
 *
 * <p>The steps have a stream and a copy of the weights of their own. At each report a {@link
 * Snapshot} is taken in the stream's order, and the next mini-batches follow at once. When the host
 * comes to tell it, the network gets the snapshot's weights, on the device's default stream: who is
 * told may measure and save them while the training goes on. None of this changes the numbers.
 */
final class DevicePass implements Pass {
  /**
   * Reports that may be under way behind the one that the host awaits: some milliseconds of a small
   * network's steps, for what else the host has to do.
   */
  private static final int AHEAD = 3;

  private final Network network;
  private final Stream home; // the device's default stream, where the network is read
  private final int reportEvery;
  private final int batchSize;
  private final int rest; // samples of a shorter last mini-batch; 0 where there is none
  private final Deque<Runnable> atEnd = new ArrayDeque<>(); // what is to be closed, the last first
  private final Consumer<Tensor> publishing = this::publish; // made once: steps allocate nothing
  private Stream stream;
  private Tensor weights;
  private CapturedStep full;
  private CapturedStep last;
  private Replica replica;
  private Feed feed;
  private OptimizerState optimizer;
  private Event published; // the network has the weights of the last report
  private Snapshot[] ring;
  private int ahead;

  private int taken; // snapshots
  private int told;
  // Where the steps that the stream was given end.
  private int epoch;
  private int batch;
  private long steps;
  private int samples; // of the last mini-batch
  private boolean epochBegun;
  private double firstLossSum; // of the epoch that begins, before its first mini-batch here
  private double firstHits;

  /**
   * Allocates everything that the steps need.
   *
   * @param resident whether the data set is kept on the device
   */
  DevicePass(PassSettings settings, boolean resident) {
    network = settings.network();
    home = network.device().stream();
    reportEvery = settings.reportEvery();
    batchSize = settings.batch();
    rest = settings.data().size() % batchSize;
    try {
      allocate(settings, resident);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void allocate(PassSettings settings, boolean resident) {
    Device device = network.device();
    stream = device.openStream(0);
    atEnd.push(stream::close);
    DeviceBuffer memory = device.allocateFloats("weights in training", network.layout().count());
    atEnd.push(memory::close);
    weights = memory.floats();
    replica = new Replica(network, stream, settings.loss(), batchSize, weights);
    atEnd.push(replica::close);
    feed =
        resident ? new ResidentFeed(settings, stream) : new LoaderFeed(settings, stream, replica);
    atEnd.push(feed::close);
    // Mini-batches from the host come one at a time: there is nothing to give the device ahead.
    ahead = resident ? AHEAD : 0;
    optimizer =
        settings.optimizer().start(device, stream, network.layout().count(), feed.batches());
    atEnd.push(optimizer::close);
    published = device.openEvent();
    atEnd.push(published::close);
    ring = new Snapshot[ahead + 2]; // also the last one told, and the one awaited
    for (int i = 0; i < ring.length; i++) {
      ring[i] = new Snapshot(device, weights, optimizer);
      atEnd.push(ring[i]::close);
    }
    full = new CapturedStep(stream, () -> operations(batchSize), settings.recorded());
    atEnd.push(full::close);
    last = new CapturedStep(stream, () -> operations(rest), settings.recorded());
    atEnd.push(last::close);
    stream.synchronize(); // a checkpoint is read into the moments on another stream
  }

  private void operations(int count) {
    feed.load(count, replica.plan().input(), replica.scorer().labels());
    replica.gradients(count, count);
    optimizer.updateAsPlanned(stream, replica.gradients(), weights);
  }

  @Override
  public int batches() {
    return feed.batches();
  }

  @Override
  public OptimizerState optimizer() {
    return optimizer;
  }

  @Override
  public void begin(TrainingRun run) {
    home.synchronize();
    network.copyWeights(stream, weights);
    published.record(home);
    ring[0].take(stream, replica.scorer(), 0, 0);
    taken = 1;
    if (ahead > 0) {
      rehearse(run, full, 0);
      if (rest > 0) {
        rehearse(run, last, feed.batches() - 1);
      }
    }
    seek(run);
    stream.synchronize();
  }

  /**
   * Does a step and undoes it, so that AUTO chooses its algorithms and it is recorded now: both
   * wait for the device.
   */
  private void rehearse(TrainingRun run, CapturedStep step, int number) {
    for (int i = 0; i < (step.isRecording() ? 2 : 1); i++) {
      optimizer.plan(0, run.steps() + 1, run.rates().after(run.steps()));
      optimizer.uploadPlan(stream, 1);
      feed.start(run.epoch(), number);
      step.run();
      ring[0].restore(stream);
    }
  }

  @Override
  public void beginEpoch(TrainingRun run) {
    // Its first mini-batches may be under way already.
  }

  /** The next step is the one after the run's last report. */
  private void seek(TrainingRun run) {
    epoch = run.epoch();
    batch = run.batch();
    steps = run.steps();
    firstLossSum = run.report().lossSum;
    firstHits = run.report().hits;
    epochBegun = false;
    if (batch == feed.batches()) { // saved at the last report of an epoch
      nextEpoch();
    }
  }

  private void nextEpoch() {
    epoch++;
    batch = 0;
    epochBegun = false;
  }

  @Override
  public void advance(TrainingRun run) {
    while (taken - told <= ahead + 1 && epoch < run.rates().epochs()) {
      giveRound(run);
    }
    Snapshot snapshot = ring[(told + 1) % ring.length];
    snapshot.await();
    if (!Double.isFinite(snapshot.lossSum())) {
      throw divergedLoss(run, snapshot);
    }
    if (!snapshot.weightsAreFinite()) {
      throw Divergence.ofWeights(run, snapshot.batches());
    }
    told++;
    network.write(home, publishing);
    published.record(home);
    run.done(snapshot.batches(), snapshot.samples(), snapshot.lossSum(), snapshot.hits());
  }

  /** Copies the weights of the report that is told. */
  private void publish(Tensor target) {
    target.copyFrom(home, ring[told % ring.length].weights(), weights.count());
  }

  /** Gives the stream the mini-batches up to the next report, and its snapshot. */
  private void giveRound(TrainingRun run) {
    int batches = 0;
    int roundSamples = 0;
    do {
      giveStep(run);
      batches++;
      roundSamples += samples;
    } while (batches < reportEvery && batch < feed.batches() && !run.stopping());
    // The snapshot that was there before may still be on its way to the network.
    stream.await(published);
    ring[taken % ring.length].take(stream, replica.scorer(), batches, roundSamples);
    taken++;
    if (batch == feed.batches()) {
      nextEpoch();
    }
  }

  private void giveStep(TrainingRun run) {
    if (!epochBegun) {
      giveEpoch(run);
    }
    samples = feed.next();
    (samples == batchSize ? full : last).run();
    batch++;
    steps++;
  }

  private void giveEpoch(TrainingRun run) {
    int left = feed.batches() - batch;
    for (int i = 0; i < left; i++) {
      optimizer.plan(i, steps + i + 1, run.rates().after(steps + i));
    }
    optimizer.uploadPlan(stream, left);
    feed.start(epoch, batch);
    if (batch == 0) {
      replica.scorer().clear();
    } else {
      replica.scorer().begin((float) firstLossSum, (float) firstHits);
    }
    epochBegun = true;
  }

  /** Says which number was the first, in memory as the failed mini-batches have left it. */
  private TrainingException divergedLoss(TrainingRun run, Snapshot failed) {
    int batches = failed.batches();
    double mean = (failed.lossSum() - run.report().lossSum) / failed.samples();
    Snapshot good = ring[told % ring.length];
    good.restore(stream);
    if (taken - told > 2) {
      // Others have followed and overwritten it: the failed ones once more, and nothing else.
      seek(run);
      for (int i = 0; i < batches; i++) {
        giveStep(run);
      }
      good.restore(stream);
    }
    replica.plan().setBatch(samples);
    Optional<String> found = replica.plan().firstNonFinite();
    return Divergence.ofLoss(run, batches, mean, found);
  }

  @Override
  public boolean runsAhead() {
    return ahead > 0;
  }

  @Override
  public Map<String, Tensor> moments() {
    return ring[told % ring.length].moments();
  }

  /** Frees everything, after the work under way; a second call does nothing. */
  @Override
  public void close() {
    while (!atEnd.isEmpty()) {
      atEnd.pop().run();
    }
  }
}
