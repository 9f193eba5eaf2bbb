package dev.azulejo.compare.measure;

import dev.azulejo.device.OutOfDeviceMemoryException;
import dev.azulejo.device.UnsupportedProblemException;
import java.util.ArrayList;
import java.util.List;

/**
 * Entrants on one problem: each is made ready, its result compared with the reference, and only
 * those that agree are timed, taking turns.
 */
public final class Trial {
  private final Clock clock;
  private final Effort effort;

  /**
   * A trial.
   *
   * @param clock tells how long runs take
   */
  public Trial(Clock clock, Effort effort) {
    this.clock = clock;
    this.effort = effort;
  }

  /**
   * The results, in the order of the entrants.
   *
   * @throws IllegalArgumentException if there are none
   */
  public List<Result> run(List<Entrant> entrants, ProblemData data) {
    if (entrants.isEmpty()) {
      throw new IllegalArgumentException(
          "nobody computes this on this device in this precision; --precision fp32 is there on every"
              + " device, tf32 and bf16 on GPUs of compute capability 8.0 and up");
    }
    var contestants = new ArrayList<Contestant>();
    var agreements = new ArrayList<Agreement>();
    Result[] results = new Result[entrants.size()];
    var places = new ArrayList<Integer>();
    try {
      for (int i = 0; i < results.length; i++) {
        Entrant entrant = entrants.get(i);
        Contestant contestant;
        try {
          contestant = entrant.maker().get();
        } catch (UnsupportedProblemException e) {
          results[i] = refused(entrant, "unsupported: " + e.getMessage());
          continue;
        } catch (OutOfDeviceMemoryException e) {
          results[i] = refused(entrant, "not enough memory: " + e.getMessage());
          continue;
        }
        Agreement agreement = check(contestant, entrant, data);
        if (agreement.agrees()) {
          contestants.add(contestant);
          agreements.add(agreement);
          places.add(i);
        } else {
          results[i] = result(contestant, new Outcome.Disagrees(agreement));
          contestant.close();
        }
      }
      List<Times> times = new Race(data.sets(), clock, effort).run(contestants);
      for (int i = 0; i < contestants.size(); i++) {
        Outcome timed = new Outcome.Timed(agreements.get(i), times.get(i));
        results[places.get(i)] = result(contestants.get(i), timed);
      }
      return List.of(results);
    } finally {
      contestants.forEach(Contestant::close);
    }
  }

  private Agreement check(Contestant contestant, Entrant entrant, ProblemData data) {
    try {
      data.poison();
      contestant.prove();
      return data.check(entrant.precision(), contestant.isWinograd());
    } catch (RuntimeException | Error e) {
      contestant.close();
      throw e;
    }
  }

  private static Result refused(Entrant entrant, String why) {
    return new Result(entrant.name(), "", 0, new Outcome.Refused(why));
  }

  private static Result result(Contestant contestant, Outcome outcome) {
    return new Result(
        contestant.name(), contestant.algorithm(), contestant.workspaceBytes(), outcome);
  }
}
