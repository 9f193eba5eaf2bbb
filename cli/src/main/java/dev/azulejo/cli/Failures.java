package dev.azulejo.cli;

import dev.azulejo.bindings.NativeLibraryException;
import dev.azulejo.data.DatasetException;
import dev.azulejo.device.AzulejoException;
import dev.azulejo.io.CheckpointException;
import dev.azulejo.train.TrainingException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns exceptions into a readable line on the error stream and an exit code. */
final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("azulejo: " + e.getMessage());
    UnmatchedArgumentException.printSuggestions(e, err);
    printHint(command, err);
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    boolean verbose = root(command).verbose();
    if (verbose) {
      e.printStackTrace(err);
    }
    if (e instanceof UsageException) {
      err.println("azulejo: " + e.getMessage());
      printHint(command, err);
      return ExitCode.USAGE;
    }
    err.println("azulejo: " + (isExpected(e) ? e.getMessage() : describe(e, verbose)));
    err.flush();
    return ExitCode.SOFTWARE;
  }

  private static void printHint(CommandLine command, PrintWriter err) {
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    err.flush();
  }

  private static Azulejo root(CommandLine command) {
    CommandLine root = command;
    while (root.getParent() != null) {
      root = root.getParent();
    }
    return (Azulejo) root.getCommand();
  }

  /** Whether the message was written for the user, and says it all. */
  private static boolean isExpected(Exception e) {
    return e.getMessage() != null
        && (e instanceof AzulejoException
            || e instanceof CheckpointException
            || e instanceof DatasetException
            || e instanceof NativeLibraryException
            || e instanceof TrainingException
            || e instanceof UncheckedIOException
            || e.getClass() == IOException.class
            || e.getClass() == IllegalArgumentException.class);
  }

  private static String describe(Exception e, boolean verbose) {
    return "unexpected " + e + (verbose ? "" : " (--verbose shows where)");
  }
}
