package dev.azulejo.compare.training;

import ai.djl.ndarray.types.DataType;
import dev.azulejo.compare.measure.Clock;
import dev.azulejo.compare.measure.Contestant;
import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.measure.Race;
import dev.azulejo.compare.measure.ResidentMemory;
import dev.azulejo.compare.measure.Roundoff;
import dev.azulejo.compare.measure.Times;
import dev.azulejo.compare.training.Entry.Part;
import dev.azulejo.data.Glyphs;
import dev.azulejo.device.Device;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.Precision;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.reference.Doubles;
import dev.azulejo.train.Sgd;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The same network, weights, mini-batches and optimiser by everybody. The reference is PyTorch in
 * float64: who differs from it, in the first outputs or in what the first steps do to the weights,
 * is not timed.
 */
public final class TrainingComparison {
  /** PyTorch as a contestant. */
  public static final String PYTORCH = "pytorch";

  /** Ours. */
  public static final String OURS = "azulejo";

  /** Ours by a team of one thread, which tells what the others add. */
  public static final String ONE_THREAD = "one-thread";

  private static final long SEED = 42;
  private static final int BATCHES = 16;

  /** Steps after which rounding has not yet been blown up, and a wrong gradient has. */
  private static final int CHECK_STEPS = 5;

  /** Of outputs: float32 through a whole network. */
  private static final double OUTPUT_TOLERANCE = 1e-3;

  /**
   * Of what steps change in the weights: an activation that rounding moves across ReLU's kink, or
   * to another maximum of a pooling window, changes gradients at once. A wrong gradient is of the
   * order of 1.
   */
  private static final double WEIGHT_TOLERANCE = 1e-2;

  private final Device device;
  private final NetworkSpec spec;
  private final Sgd sgd;
  private final int batch;
  private final int steps;
  private final Effort effort;
  private final double rounding;

  /**
   * A comparison.
   *
   * @param batch images of a mini-batch
   * @param steps of the loss curve, at least 5
   */
  public TrainingComparison(
      Device device,
      NetworkSpec spec,
      Sgd sgd,
      int batch,
      int steps,
      Precision precision,
      Effort effort) {
    this.device = device;
    this.spec = spec;
    this.sgd = sgd;
    this.batch = batch;
    this.steps = Math.max(CHECK_STEPS, steps);
    this.effort = effort;
    rounding = 32 * Roundoff.ops(precision).roundoff();
    // Beside another device PyTorch is the reference alone, and may have all processors.
    Torch.load(
        device.isHost() ? device.stream().threads() : Runtime.getRuntime().availableProcessors());
  }

  /** The version of PyTorch in this process. */
  public static String torchVersion() {
    return Torch.version();
  }

  /**
   * Runs everybody.
   *
   * @param engines our training with these engines, by name; ours is {@link #OURS}
   * @param others who else takes part, {@link #PYTORCH} or {@link #ONE_THREAD}
   */
  public List<Entry> run(Map<String, Engine> engines, Set<String> others) {
    if (!others.contains(ONE_THREAD)) {
      return run(engines, null, others.contains(PYTORCH));
    }
    try (Device oneThread = Device.cpu(1)) {
      return run(engines, oneThread, others.contains(PYTORCH));
    }
  }

  private List<Entry> run(Map<String, Engine> engines, Device oneThread, boolean pytorch) {
    var learners = new ArrayList<Learner>();
    var grown = new ArrayList<OptionalLong>();
    try (Batches batches =
        new Batches(Glyphs.generate(BATCHES * batch, spec.input(), SEED), batch)) {
      Reference reference = reference(batches);
      engines.forEach(
          (name, engine) -> {
            ResidentMemory memory = ResidentMemory.start();
            Learner learner = new OwnLearner(name, device, spec, engine, sgd, batch, SEED);
            learners.add(learner);
            grown.add(memory.peakGrowth());
          });
      if (oneThread != null) {
        ResidentMemory memory = ResidentMemory.start();
        learners.add(
            new OwnLearner(ONE_THREAD, oneThread, spec, Engine.azulejo(), sgd, batch, SEED));
        grown.add(memory.peakGrowth());
      }
      if (pytorch) {
        ResidentMemory memory = ResidentMemory.start();
        learners.add(torch(PYTORCH, DataType.FLOAT32));
        grown.add(memory.peakGrowth());
      }
      return compare(learners, grown, batches, reference);
    } finally {
      learners.forEach(Learner::close);
      device.stream().workspace().trim();
    }
  }

  /** What float64 gives: the first outputs, and the weights before and after some steps. */
  private record Reference(double[] outputs, double[] before, double[] after) {}

  private Reference reference(Batches batches) {
    try (Learner learner = torch("reference", DataType.FLOAT64)) {
      double[] outputs = Doubles.of(learner.predict(batches, 0, batch));
      double[] before = learner.weights();
      for (int i = 0; i < CHECK_STEPS; i++) {
        learner.step(batches, i % batches.count());
      }
      return new Reference(outputs, before, learner.weights());
    }
  }

  private Learner torch(String name, DataType type) {
    // The weights are drawn by ours, whoever else takes part.
    try (OwnLearner ours = new OwnLearner(OURS, device, spec, Engine.azulejo(), sgd, batch, SEED)) {
      return new TorchLearner(name, ours.network(), sgd, type);
    }
  }

  private List<Entry> compare(
      List<Learner> learners, List<OptionalLong> grown, Batches batches, Reference reference) {
    var agreeing = new ArrayList<Learner>();
    var entries = new ArrayList<Entry>();
    for (int i = 0; i < learners.size(); i++) {
      Learner learner = learners.get(i);
      ResidentMemory memory = ResidentMemory.start();
      double outputError =
          distance(Doubles.of(learner.predict(batches, 0, batch)), reference.outputs(), null);
      double[] losses = new double[steps];
      for (int step = 0; step < CHECK_STEPS; step++) {
        losses[step] = learner.step(batches, step % batches.count());
      }
      OptionalLong resident = sum(grown.get(i), memory.peakGrowth());
      double weightError = distance(learner.weights(), reference.after(), reference.before());
      String disagreement = disagreement(outputError, weightError);
      if (disagreement.isEmpty()) {
        for (int step = CHECK_STEPS; step < steps; step++) {
          losses[step] = learner.step(batches, step % batches.count());
        }
        agreeing.add(learner);
      }
      entries.add(
          new Entry(
              learner.name(),
              learner.algorithm(),
              outputError,
              weightError,
              disagreement,
              disagreement.isEmpty() ? losses : new double[0],
              new EnumMap<>(Part.class),
              resident));
    }
    for (Part part : Part.values()) {
      List<Times> times = race(agreeing, batches, part);
      for (int i = 0; i < agreeing.size(); i++) {
        String name = agreeing.get(i).name();
        entries.stream()
            .filter(entry -> entry.name().equals(name))
            .findFirst()
            .orElseThrow()
            .times()
            .put(part, times.get(i));
      }
    }
    return entries;
  }

  private String disagreement(double outputError, double weightError) {
    double ofOutputs = Math.max(OUTPUT_TOLERANCE, rounding);
    double ofWeights = Math.max(WEIGHT_TOLERANCE, rounding);
    if (!(outputError <= ofOutputs)) {
      return "DISAGREES: first outputs differ from float64 by %.2e of their length, allowed are %.0e"
          .formatted(outputError, ofOutputs);
    }
    if (!(weightError <= ofWeights)) {
      return "DISAGREES: %d steps change the weights otherwise than in float64 by %.2e, allowed are %.0e"
          .formatted(CHECK_STEPS, weightError, ofWeights);
    }
    return "";
  }

  private List<Times> race(List<Learner> learners, Batches batches, Part part) {
    List<Contestant> contestants = new ArrayList<>();
    for (Learner learner : learners) {
      contestants.add(new Turn(learner, batches, part));
    }
    return new Race(batches.count(), Clock.host(), effort).run(contestants);
  }

  /** A learner as somebody who is timed; each of its calls ends with the result on the host. */
  private record Turn(Learner learner, Batches batches, Part part) implements Contestant {
    @Override
    public String name() {
      return learner.name();
    }

    @Override
    public String algorithm() {
      return learner.algorithm();
    }

    @Override
    public long workspaceBytes() {
      return 0;
    }

    @Override
    public void run(int set) {
      switch (part) {
        case TRAINING -> learner.step(batches, set);
        case INFERENCE -> learner.predict(batches, set, batches.size());
        case LATENCY -> learner.predict(batches, set, 1);
      }
    }

    @Override
    public void close() {}
  }

  /** |a - b| / |b - origin| by Euclid's length. */
  private static double distance(double[] a, double[] b, double[] origin) {
    double difference = 0;
    double length = 0;
    for (int i = 0; i < b.length; i++) {
      difference += (a[i] - b[i]) * (a[i] - b[i]);
      double from = origin == null ? 0 : origin[i];
      length += (b[i] - from) * (b[i] - from);
    }
    return Math.sqrt(difference / length);
  }

  private static OptionalLong sum(OptionalLong a, OptionalLong b) {
    return a.isPresent() && b.isPresent()
        ? OptionalLong.of(a.getAsLong() + b.getAsLong())
        : OptionalLong.empty();
  }
}
