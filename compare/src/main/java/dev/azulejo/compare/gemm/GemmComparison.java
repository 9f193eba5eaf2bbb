package dev.azulejo.compare.gemm;

import dev.azulejo.compare.measure.Clock;
import dev.azulejo.compare.measure.Contestant;
import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.measure.Entrant;
import dev.azulejo.compare.measure.Result;
import dev.azulejo.compare.measure.Roundoff;
import dev.azulejo.compare.measure.Trial;
import dev.azulejo.device.Device;
import dev.azulejo.engine.Precision;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.GemmAlgorithm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Every rung of our ladder beside the products of others. */
public final class GemmComparison {
  /** What our entrants' names begin with. */
  public static final String OURS = "azulejo ";

  /** The one the others are compared with. */
  public static final String AUTO = OURS + "auto";

  private final Device device;
  private final Precision precision;
  private final Storage storage;
  private final Map<String, Other> others;
  private final Effort effort;

  /** Makes somebody else ready for a problem. */
  @FunctionalInterface
  interface Other {
    Contestant prepare(GemmCase problem, GemmData data);
  }

  /**
   * One problem, by everybody.
   *
   * @param sets how many sets of operands took turns
   */
  public record Heat(GemmCase problem, int sets, List<Result> results) {}

  GemmComparison(
      Device device,
      Precision precision,
      Storage storage,
      Map<String, Other> others,
      Effort effort) {
    this.device = device;
    this.precision = precision;
    this.storage = storage;
    this.others = others;
    this.effort = effort;
  }

  /** Runs a problem. */
  public Heat run(GemmCase problem) {
    try (GemmData data = new GemmData(device, problem, storage)) {
      var entrants = new ArrayList<Entrant>();
      for (GemmAlgorithm algorithm : algorithms()) {
        String name = OURS + OwnGemm.word(algorithm);
        entrants.add(
            new Entrant(
                name,
                precision,
                () -> new OwnGemm(name, algorithm, device.stream(), problem, data)));
      }
      others.forEach(
          (name, other) ->
              entrants.add(new Entrant(name, precision, () -> other.prepare(problem, data))));
      Trial trial = new Trial(Clock.of(device.stream()), effort);
      return new Heat(problem, data.sets(), trial.run(entrants, data));
    }
  }

  /**
   * The device's rungs of this precision, and those in full float32, which they are measured
   * against. On operands in BF16 there is one.
   */
  private List<GemmAlgorithm> algorithms() {
    if (storage == Storage.BF16) {
      return Stream.of(GemmAlgorithm.HOPPER_BF16).filter(one -> one.runsOn(device.info())).toList();
    }
    return Arrays.stream(GemmAlgorithm.values())
        .filter(
            one ->
                one.precision() == Roundoff.ops(precision)
                    || one.precision() == Roundoff.ops(Precision.FP32))
        .filter(one -> one.runsOn(device.info()))
        .toList();
  }
}
