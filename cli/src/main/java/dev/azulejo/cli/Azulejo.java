package dev.azulejo.cli;

import dev.azulejo.cli.command.BenchCommand;
import dev.azulejo.cli.command.DevicesCommand;
import dev.azulejo.cli.command.EvaluateCommand;
import dev.azulejo.cli.command.PredictCommand;
import dev.azulejo.cli.command.SelftestCommand;
import dev.azulejo.cli.command.TrainCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command itself: what all subcommands have in common. */
@Command(
    name = "azulejo",
    description = "Trains and runs convolutional networks on hand-written kernels.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    scope = ScopeType.INHERIT,
    sortOptions = false,
    usageHelpAutoWidth = true,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "./azulejo compare and ./azulejo jmh measure it beside others; the first use builds them.",
      "./azulejo bundle makes an archive for machines without a JDK or compilers; see its --help."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:success",
      "1:failure, with one line that says what is wrong",
      "2:wrong usage",
      "130:stopped by Ctrl-C (143: by SIGTERM); train saves a checkpoint first"
    },
    subcommands = {
      TrainCommand.class,
      EvaluateCommand.class,
      PredictCommand.class,
      DevicesCommand.class,
      BenchCommand.class,
      SelftestCommand.class
    })
final class Azulejo implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "After a failure print the stack trace too.")
  private boolean verbose;

  boolean verbose() {
    return verbose;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
