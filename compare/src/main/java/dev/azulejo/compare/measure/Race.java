package dev.azulejo.compare.measure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Times contestants who take turns, A B C A B C ..., so that what disturbs the machine for a while
 * disturbs all of them. Each run takes the next of the prepared inputs, which together are larger
 * than the caches.
 */
public final class Race {
  private static final double NANOS = 1e9;

  /** Of slow contestants: how many samples they have at least, however long those take. */
  private static final int FEWEST = 3;

  /** More samples than this tell nothing more. */
  private static final int MOST = 100;

  /** How many times as long as asked for a slow contestant may be measured for its rounds. */
  private static final double PATIENCE = 3;

  private final int sets;
  private final Clock clock;
  private final Effort effort;

  /**
   * A race.
   *
   * @param sets how many inputs are prepared
   * @param clock tells how long runs take
   */
  public Race(int sets, Clock clock, Effort effort) {
    this.sets = sets;
    this.clock = clock;
    this.effort = effort;
  }

  /** The times of the contestants, in their order. */
  public List<Times> run(List<? extends Contestant> contestants) {
    var lanes = new ArrayList<Lane>();
    for (Contestant contestant : contestants) {
      lanes.add(new Lane(contestant));
    }
    lanes.forEach(Lane::warmUp);
    for (int round = 0; lanes.stream().anyMatch(Lane::wantsMore); round++) {
      for (int i = 0; i < lanes.size(); i++) {
        // Who begins changes too, so that nobody always follows the same one.
        Lane lane = lanes.get((round + i) % lanes.size());
        if (!lane.isSlow() || lane.wantsMore()) {
          lane.sample();
        }
      }
    }
    return lanes.stream().map(Lane::times).toList();
  }

  /** One contestant with its samples. */
  private final class Lane {
    private final Contestant contestant;
    private double[] samples = new double[64];
    private int count;
    private double measured;
    private int repeats = 1;
    private int next;

    Lane(Contestant contestant) {
      this.contestant = contestant;
    }

    void warmUp() {
      int runs = 0;
      long begin = System.nanoTime();
      // The fastest, because one run that was disturbed must not decide how samples are made.
      double fastest = Double.POSITIVE_INFINITY;
      while (runs < 2 || (System.nanoTime() - begin) / NANOS < effort.warmUpSeconds()) {
        fastest = Math.min(fastest, time(1));
        runs++;
      }
      double wanted = Math.ceil(effort.sampleSeconds() / Math.max(fastest, 1e-9));
      repeats = (int) Math.clamp(wanted, 1, 1 << 20);
    }

    boolean wantsMore() {
      return count < FEWEST || count < MOST && wantsMoreTime();
    }

    private boolean wantsMoreTime() {
      return measured < effort.seconds() || (count < effort.rounds() && !isSlow());
    }

    /** Whether more rounds would take much longer than was asked for. */
    boolean isSlow() {
      return measured > PATIENCE * effort.seconds();
    }

    void sample() {
      if (count == samples.length) {
        samples = Arrays.copyOf(samples, 2 * count);
      }
      settle();
      double seconds = time(repeats);
      measured += seconds;
      samples[count++] = seconds / repeats;
    }

    Times times() {
      return new Times(Arrays.copyOf(samples, count), repeats);
    }

    /** The others' threads go to sleep, and one run that does not count wakes its own. */
    private void settle() {
      if (effort.settleSeconds() > 0) {
        LockSupport.parkNanos((long) (effort.settleSeconds() * NANOS));
        time(1);
      }
    }

    private double time(int runs) {
      return clock.seconds(
          () -> {
            for (int i = 0; i < runs; i++) {
              contestant.run(next);
              next = next + 1 == sets ? 0 : next + 1;
            }
          });
    }
  }
}
