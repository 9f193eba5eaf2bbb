package dev.azulejo.cli.command;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The command that goes on with a run. */
final class Resume {
  /** How this program was called; the launcher says it. */
  private static final String COMMAND_PROPERTY = "azulejo.command";

  private static final String OPTION = "--resume";

  private Resume() {}

  /** The arguments of the run that was stopped, and {@code --resume} with its checkpoint. */
  static String command(List<String> arguments, Path checkpoint) {
    List<String> words = new ArrayList<>();
    words.add(System.getProperty(COMMAND_PROPERTY, "azulejo"));
    for (Iterator<String> rest = arguments.iterator(); rest.hasNext(); ) {
      String argument = rest.next();
      if (argument.equals(OPTION)) {
        rest.next(); // the checkpoint it was resumed from itself
      } else if (!argument.startsWith(OPTION + "=")) {
        words.add(quote(argument));
      }
    }
    words.add(OPTION);
    words.add(quote(checkpoint.toString()));
    return String.join(" ", words);
  }

  /** As a shell would have it. */
  private static String quote(String word) {
    return word.matches("[\\w@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
