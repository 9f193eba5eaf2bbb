package dev.azulejo.compare.command;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code azulejo jmh}: the benchmarks of {@link dev.azulejo.compare.overhead}. */
@Command(
    name = "jmh",
    header = "Runs the JMH benchmarks of what a call costs.",
    description =
        "An empty call, an operation, a copy, a training step, a graph: from C, through FFM, as a"
            + " critical call, through JNI. Takes JMH's own arguments, a pattern of names first, such"
            + " as: jmh EmptyCall -f 1 -rf json -rff calls.json. The allocation profiler is always on"
            + " (gc.alloc.rate.norm, bytes an operation). Without arguments everything runs, with"
            + " three forks each, which takes half an hour.")
public final class JmhCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Unmatched private List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() throws RunnerException {
    PrintWriter text = spec.commandLine().getOut();
    try {
      CommandLineOptions options = new CommandLineOptions(arguments.toArray(String[]::new));
      ChainedOptionsBuilder builder =
          new OptionsBuilder().parent(options).addProfiler(GCProfiler.class);
      if (Device.list().stream().noneMatch(info -> info.kind() == DeviceKind.CUDA)) {
        text.println("no CUDA device is usable: GraphReplay is left out");
        builder.exclude("GraphReplay");
      }
      text.flush();
      new Runner(builder.build()).run();
    } catch (CommandLineOptionException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage());
    }
    return 0;
  }
}
