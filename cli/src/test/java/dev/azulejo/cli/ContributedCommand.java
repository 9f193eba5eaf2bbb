package dev.azulejo.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** A command as another module would contribute it; see META-INF/services of the tests. */
@Command(name = "contributed", header = "Comes from another module.")
public final class ContributedCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    return 7;
  }
}
