package dev.azulejo.compare.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code azulejo compare}: the group of the comparisons. */
@Command(
    name = "compare",
    header = "Measures our kernels beside those of others.",
    description =
        "Results are compared with a float64 reference before anything is timed; who disagrees gets"
            + " no time. The contestants take turns in one process, on the same random data.",
    synopsisSubcommandLabel = "COMPARISON",
    subcommands = {
      ConvCommand.class,
      GemmCommand.class,
      TrainingCommand.class,
      OverheadCommand.class,
      MemoryCommand.class
    })
public final class CompareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(
        spec.commandLine(),
        "a comparison is missing; there are " + String.join(", ", spec.subcommands().keySet()));
  }
}
