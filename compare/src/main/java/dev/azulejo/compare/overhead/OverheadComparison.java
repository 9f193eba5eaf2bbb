package dev.azulejo.compare.overhead;

import dev.azulejo.compare.gemm.OpenBlas;
import dev.azulejo.compare.measure.Clock;
import dev.azulejo.compare.measure.Contestant;
import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.measure.Race;
import dev.azulejo.compare.measure.Times;
import dev.azulejo.device.DeviceKind;
import java.util.ArrayList;
import java.util.List;

/**
 * The JMH benchmarks in this process, one after another without forks: quick, and good enough to
 * see the order of things. Each way has a loop of its own, so that the JIT compiles each for
 * itself.
 */
public final class OverheadComparison {
  private static final int CALLS = 1000;

  private final Effort effort;

  /**
   * One way to call something.
   *
   * @param what is called
   * @param way how
   * @param seconds of one call
   * @param spread of the samples, as a part of the median
   * @param samples how many
   */
  public record Cost(String what, String way, double seconds, double spread, int samples) {}

  /** A comparison. */
  public OverheadComparison(Effort effort) {
    this.effort = effort;
  }

  /**
   * What calls on the CPU cost, with one thread, beside OpenBLAS.
   *
   * @throws java.io.UncheckedIOException where there is no OpenBLAS
   */
  public List<Cost> calls() {
    OpenBlas.load();
    var costs = new ArrayList<Cost>();
    costs.addAll(emptyCall());
    costs.addAll(operationCall());
    costs.addAll(bufferCopy());
    costs.addAll(step(1));
    costs.addAll(step(64));
    return costs;
  }

  /** What it costs to start many operations on a GPU. */
  public List<Cost> replays(DeviceKind kind) {
    GraphReplay call = new GraphReplay(kind);
    call.open();
    try {
      return race(
          GraphReplay.OPERATIONS + " operations and their end",
          new Way("a graph, from C", GraphReplay.CALLS, () -> call.c()),
          new Way(
              "a graph, from Java",
              GraphReplay.CALLS,
              () -> {
                for (int i = 0; i < GraphReplay.CALLS; i++) {
                  call.replay();
                }
              }),
          new Way(
              "one by one",
              GraphReplay.CALLS,
              () -> {
                for (int i = 0; i < GraphReplay.CALLS; i++) {
                  call.calls();
                }
              }));
    } finally {
      call.close();
    }
  }

  private List<Cost> emptyCall() {
    EmptyCall call = new EmptyCall();
    return race(
        "empty call",
        new Way("C", EmptyCall.CALLS, () -> call.c()),
        new Way(
            "our bindings",
            CALLS,
            () -> {
              for (int i = 0; i < CALLS; i++) {
                call.bindings();
              }
            }),
        new Way(
            "FFM critical",
            CALLS,
            () -> {
              for (int i = 0; i < CALLS; i++) {
                call.ffmCritical();
              }
            }),
        new Way("OpenBLAS from C", EmptyCall.CALLS, () -> call.blasC()),
        new Way(
            "OpenBLAS by FFM",
            CALLS,
            () -> {
              for (int i = 0; i < CALLS; i++) {
                call.blasFfm();
              }
            }),
        new Way(
            "OpenBLAS by FFM critical",
            CALLS,
            () -> {
              for (int i = 0; i < CALLS; i++) {
                call.blasCritical();
              }
            }),
        new Way(
            "OpenBLAS by JNI",
            CALLS,
            () -> {
              for (int i = 0; i < CALLS; i++) {
                call.blasJni();
              }
            }));
  }

  private List<Cost> operationCall() {
    OperationCall call = new OperationCall();
    call.open();
    try {
      return race(
          "y += 0 x, 256 floats",
          new Way("C", OperationCall.CALLS, () -> call.c()),
          new Way(
              "our bindings",
              CALLS,
              () -> {
                for (int i = 0; i < CALLS; i++) {
                  call.bindings();
                }
              }),
          new Way(
              "FFM critical",
              CALLS,
              () -> {
                for (int i = 0; i < CALLS; i++) {
                  call.ffmCritical();
                }
              }),
          new Way(
              "core, checked",
              CALLS,
              () -> {
                for (int i = 0; i < CALLS; i++) {
                  call.core();
                }
              }),
          new Way(
              "OpenBLAS by JNI",
              CALLS,
              () -> {
                for (int i = 0; i < CALLS; i++) {
                  call.blasJni();
                }
              }),
          new Way(
              "OpenBLAS by FFM",
              CALLS,
              () -> {
                for (int i = 0; i < CALLS; i++) {
                  call.blasFfm();
                }
              }));
    } finally {
      call.close();
    }
  }

  private List<Cost> bufferCopy() {
    BufferCopy call = new BufferCopy();
    call.open();
    try {
      return race(
          "copy of 4 KiB to a buffer",
          new Way("C", BufferCopy.CALLS, () -> call.c()),
          new Way(
              "our bindings",
              CALLS,
              () -> {
                for (int i = 0; i < CALLS; i++) {
                  call.bindings();
                }
              }),
          new Way(
              "core, checked",
              CALLS,
              () -> {
                for (int i = 0; i < CALLS; i++) {
                  call.core();
                }
              }),
          new Way(
              "array, FFM critical",
              CALLS,
              () -> {
                for (int i = 0; i < CALLS; i++) {
                  call.arrayCritical();
                }
              }),
          new Way(
              "array, core",
              CALLS,
              () -> {
                for (int i = 0; i < CALLS; i++) {
                  call.coreArray();
                }
              }),
          new Way(
              "array, JavaCPP by JNI",
              CALLS,
              () -> {
                for (int i = 0; i < CALLS; i++) {
                  call.arrayJni();
                }
              }));
    } finally {
      call.close();
    }
  }

  private List<Cost> step(int batch) {
    Step call = new Step();
    call.batch = batch;
    call.open();
    try {
      return race("training step of lenet5, batch " + batch, new Way("core", 1, call::step));
    } finally {
      call.close();
    }
  }

  private List<Cost> race(String what, Way... ways) {
    List<Times> times = new Race(1, Clock.host(), effort).run(List.of(ways));
    var costs = new ArrayList<Cost>();
    for (int i = 0; i < ways.length; i++) {
      Times one = times.get(i);
      costs.add(
          new Cost(
              what,
              ways[i].name(),
              one.median() / ways[i].calls(),
              one.spread(),
              one.sorted().length));
    }
    return costs;
  }

  /** So many calls as one run of a contestant: a single one is too short for the clock. */
  private record Way(String name, int calls, Runnable loop) implements Contestant {
    @Override
    public String algorithm() {
      return "";
    }

    @Override
    public long workspaceBytes() {
      return 0;
    }

    @Override
    public void run(int set) {
      loop.run();
    }

    @Override
    public void close() {}
  }
}
