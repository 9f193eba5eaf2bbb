package dev.azulejo.compare.conv;

import dev.azulejo.compare.measure.Clock;
import dev.azulejo.compare.measure.Contestant;
import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.measure.Entrant;
import dev.azulejo.compare.measure.Result;
import dev.azulejo.compare.measure.Roundoff;
import dev.azulejo.compare.measure.Trial;
import dev.azulejo.device.Device;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.Precision;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Our convolutions, each algorithm and what AUTO takes, beside other engines'. */
public final class ConvComparison {
  /** What our entrants' names begin with. */
  public static final String OURS = "azulejo ";

  /** The one the others are compared with. */
  public static final String AUTO = OURS + "auto";

  private static final String ONEDNN = "onednn";

  private final Device device;
  private final Precision precision;
  private final Storage storage;
  private final Map<String, Engine> others;
  private final boolean preferredLayouts;
  private final Effort effort;

  /**
   * One pass of one problem, by everybody.
   *
   * @param sets how many sets of operands took turns
   */
  public record Heat(ConvCase problem, ConvPass pass, int sets, List<Result> results) {}

  /**
   * A comparison.
   *
   * @param precision what the factors are rounded to, by everybody
   * @param storage how everybody's operands lie in memory
   * @param others who else, by name; on operands in BF16 only cuDNN
   * @param preferredLayouts whether oneDNN also runs on operands in the layouts it likes best
   */
  public ConvComparison(
      Device device,
      Precision precision,
      Storage storage,
      Map<String, Engine> others,
      boolean preferredLayouts,
      Effort effort) {
    this.device = device;
    this.precision = precision;
    this.storage = storage;
    this.others = others;
    this.preferredLayouts = preferredLayouts;
    this.effort = effort;
  }

  /** Runs one pass of a problem. */
  public Heat run(ConvCase problem, ConvPass pass) {
    Stream stream = device.stream();
    try (ConvData data = new ConvData(device, problem, pass, storage)) {
      Trial trial = new Trial(Clock.of(stream), effort);
      return new Heat(problem, pass, data.sets(), trial.run(entrants(problem, pass, data), data));
    } finally {
      stream.workspace().trim();
    }
  }

  private List<Entrant> entrants(ConvCase problem, ConvPass pass, ConvData data) {
    var entrants = new ArrayList<Entrant>();
    Engine ours = storage == Storage.BF16 ? Engine.azulejoBf16() : Engine.azulejo();
    for (ConvAlgorithm algorithm : algorithms(problem)) {
      String name = OURS + algorithm.name().toLowerCase(Locale.ROOT).replace('_', '-');
      entrants.add(entrant(name, ours, algorithm, problem, pass, data));
    }
    others.forEach(
        (name, engine) ->
            entrants.add(
                storage == Storage.BF16
                    ? channelsLast(name, problem, pass, data)
                    : entrant(name, engine, ConvAlgorithm.AUTO, problem, pass, data)));
    if (others.containsKey(ONEDNN) && preferredLayouts) {
      entrants.add(
          new Entrant(
              BlockedContestant.NAME,
              precision,
              () -> new BlockedContestant(device.stream(), problem, pass, precision, data)));
    }
    return entrants;
  }

  private Entrant entrant(
      String name,
      Engine engine,
      ConvAlgorithm algorithm,
      ConvCase problem,
      ConvPass pass,
      ConvData data) {
    return new Entrant(
        name, precision, () -> contestant(name, engine, algorithm, problem, pass, data));
  }

  /** Of the engines cuDNN alone has passes on such operands. */
  private Entrant channelsLast(String name, ConvCase problem, ConvPass pass, ConvData data) {
    return new Entrant(
        name,
        precision,
        () -> new ChannelsLastContestant(name, device.stream(), problem, pass, data));
  }

  private Contestant contestant(
      String name,
      Engine engine,
      ConvAlgorithm algorithm,
      ConvCase problem,
      ConvPass pass,
      ConvData data) {
    return new PlanContestant(name, engine, algorithm, device.stream(), problem, pass, data);
  }

  /**
   * Our algorithms of this precision that the device has for the shape; AUTO is full float32. On
   * operands in BF16 there is one, which says itself what it does not do.
   */
  private List<ConvAlgorithm> algorithms(ConvCase problem) {
    if (storage == Storage.BF16) {
      return ConvAlgorithm.HOPPER_BF16.runsOn(device.info())
          ? List.of(ConvAlgorithm.HOPPER_BF16)
          : List.of();
    }
    return Arrays.stream(ConvAlgorithm.values())
        .filter(one -> one.precision() == Roundoff.ops(precision))
        .filter(one -> one.runsOn(device.info()) && one.fits(problem.shape()))
        .toList();
  }
}
