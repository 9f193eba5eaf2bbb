package dev.azulejo.cli;

import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Puts the command line together. */
public final class CommandLines {
  private CommandLines() {}

  /**
   * The command with its own subcommands and those of other modules on the class path or module
   * path: providers of the service {@link Callable} that are annotated with picocli's {@code
   * Command}. A type of the JDK is the service, so neither side names the other.
   */
  public static CommandLine create() {
    CommandLine commandLine = new CommandLine(new Azulejo());
    contributed(Callable.class).forEach(commandLine::addSubcommand);
    Failures failures = new Failures();
    return commandLine
        .setParameterExceptionHandler(failures)
        .setExecutionExceptionHandler(failures)
        .setCaseInsensitiveEnumValuesAllowed(true);
  }

  private static <S> List<Object> contributed(Class<S> service) {
    return ServiceLoader.load(service).stream()
        .filter(provider -> provider.type().isAnnotationPresent(Command.class))
        .<Object>map(ServiceLoader.Provider::get)
        .toList();
  }
}
