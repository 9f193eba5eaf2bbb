package dev.azulejo.cli.options;

import com.fasterxml.jackson.databind.JsonNode;
import dev.azulejo.cli.report.Json;
import dev.azulejo.cli.report.WholeFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Results for programs, beside the text for people. */
public final class JsonOption {
  private static final String STDOUT = "-";

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description =
          "Write the results as JSON too. With - it goes to the standard output and nothing else"
              + " does: the text for people then goes to the error stream.")
  private String file;

  /** Whether it is asked for. */
  public boolean isGiven() {
    return file != null;
  }

  /** Where the text for people goes. */
  public PrintWriter text(CommandSpec spec) {
    return STDOUT.equals(file) ? spec.commandLine().getErr() : spec.commandLine().getOut();
  }

  /**
   * Before the work: whether the result can be written after it.
   *
   * @throws IOException if not
   */
  public void check() throws IOException {
    if (file != null && !file.equals(STDOUT)) {
      WholeFile.check(Path.of(file));
    }
  }

  /** Writes a document that is still growing: into a file, not to the standard output. */
  public void update(JsonNode document) throws IOException {
    if (file != null && !file.equals(STDOUT)) {
      Json.write(Path.of(file), document);
    }
  }

  /** Writes the finished document, where one is asked for. */
  public void write(CommandSpec spec, JsonNode document) throws IOException {
    if (STDOUT.equals(file)) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(Json.text(document));
      out.flush();
    } else {
      update(document);
    }
  }
}
