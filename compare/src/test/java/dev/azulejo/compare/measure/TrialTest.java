package dev.azulejo.compare.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.engine.Precision;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrialTest {
  private static final Effort EFFORT = new Effort(0, 0, 0, 5, 1e-6);

  private final List<String> calls = new ArrayList<>();
  private final List<String> closed = new ArrayList<>();
  private final double[] result = new double[1];

  /** Two sets, of which each run writes the first's result; 3 is right. */
  private final class Data implements ProblemData {
    @Override
    public int sets() {
      return 2;
    }

    @Override
    public void poison() {
      result[0] = Double.NaN;
    }

    @Override
    public Agreement check(Precision precision, boolean winograd) {
      return Agreement.of(result, new double[] {3}, new double[] {1e-6}, new long[] {0});
    }

    @Override
    public void close() {}
  }

  private final class Writer implements Contestant {
    private final String name;
    private final double value;

    Writer(String name, double value) {
      this.name = name;
      this.value = value;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public String algorithm() {
      return "writes";
    }

    @Override
    public long workspaceBytes() {
      return 8;
    }

    @Override
    public void run(int set) {
      calls.add(name + set);
      if (!Double.isInfinite(value)) {
        result[0] = value;
      }
    }

    @Override
    public void close() {
      closed.add(name);
    }
  }

  private Entrant writer(String name, double value) {
    return new Entrant(name, Precision.FP32, () -> new Writer(name, value));
  }

  private List<Result> run(Entrant... entrants) {
    return run(Clock.host(), entrants);
  }

  private List<Result> run(Clock clock, Entrant... entrants) {
    return new Trial(clock, EFFORT).run(List.of(entrants), new Data());
  }

  @Test
  void contestantsTakeTurnsOnTheNextInputs() {
    List<Result> results = run(writer("a", 3), writer("b", 3));
    assertTrue(results.stream().allMatch(one -> one.median() >= 0));
    assertEquals(List.of("a", "b"), closed);
    // The checks and two runs each to warm up, then turns: who begins alternates.
    assertEquals(List.of("a0", "b0", "a0", "a1", "b0", "b1"), calls.subList(0, 6));
    assertEquals(List.of("a0", "b0", "b1", "a1", "a0", "b0"), calls.subList(6, 12));
    int[] samples =
        results.stream()
            .mapToInt(one -> ((Outcome.Timed) one.outcome()).times().sorted().length)
            .toArray();
    assertTrue(samples[0] >= 3 && samples[1] >= 3);
    assertEquals(calls.size() - 6, samples[0] + samples[1]);
  }

  /** The warm-up's clock has a long reading, which is no time of a contestant's. */
  @Test
  void timesAreWhatTheClockSays() {
    int[] samples = new int[1];
    Clock clock =
        work -> {
          int before = calls.size();
          work.run();
          assertEquals(before + 1, calls.size());
          return ++samples[0] <= 2 ? 60 : 0.25;
        };
    Outcome outcome = run(clock, writer("a", 3)).getFirst().outcome();
    Times times = assertInstanceOf(Outcome.Timed.class, outcome).times();
    assertEquals(0.25, times.sorted()[0]);
    assertEquals(0.25, times.quantile(1));
    assertEquals(samples[0] - 2, times.sorted().length);
  }

  @Test
  void whoDisagreesGetsNoTime() {
    List<Result> results = run(writer("wrong", 3.1), writer("right", 3), writer("nan", Double.NaN));
    assertTrue(Double.isNaN(results.get(0).median()));
    assertTrue(results.get(0).outcome().reason().startsWith("DISAGREES: element 0 is 3.1"));
    assertInstanceOf(Outcome.Timed.class, results.get(1).outcome());
    assertInstanceOf(Outcome.Disagrees.class, results.get(2).outcome());
    assertEquals(List.of("wrong", "nan", "right"), closed);
    assertEquals(1, calls.stream().filter(call -> call.startsWith("wrong")).count());
  }

  @Test
  void whatAnotherOneWroteDoesNotCount() {
    List<Result> results = run(writer("right", 3), writer("idle", Double.POSITIVE_INFINITY));
    assertInstanceOf(Outcome.Disagrees.class, results.get(1).outcome());
  }

  @Test
  void withoutAnybodyThereIsNoTrial() {
    assertThrows(IllegalArgumentException.class, this::run);
  }

  @Test
  void agreementNeedsEveryPoint() {
    double[] expected = {1, 2, 4};
    double[] tolerance = {0.1, 0.1, 0.1};
    long[] indices = {0, 5, 9};
    Agreement good = Agreement.of(new double[] {1.05, 2, 4}, expected, tolerance, indices);
    assertTrue(good.agrees());
    assertEquals(0.05 / 4, good.error(), 1e-12);
    double[][] bad = {{1, 2.2, 4}, {Double.NaN, 2, 4}, {1, 2, Double.POSITIVE_INFINITY}};
    for (double[] actual : bad) {
      assertFalse(Agreement.of(actual, expected, tolerance, indices).agrees());
    }
    String worst = Agreement.of(bad[0], expected, tolerance, indices).worst();
    assertTrue(worst.startsWith("element 5 is 2.2, the reference 2.0, allowed are 0.1"), worst);
  }
}
