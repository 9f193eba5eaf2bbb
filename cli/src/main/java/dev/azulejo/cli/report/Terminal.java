package dev.azulejo.cli.report;

import java.nio.charset.Charset;

/**
 * The terminal that the error stream goes to.
 *
 * @param columns its width; 0 where the error stream goes to a file or a pipe
 * @param unicode whether it shows more than ASCII
 */
public record Terminal(int columns, boolean unicode) {
  /** Set by the launcher, which can ask; Java itself cannot tell about the error stream. */
  private static final String COLUMNS_PROPERTY = "azulejo.terminal.columns";

  /** No terminal. */
  public static final Terminal NONE = new Terminal(0, false);

  /** That of this process. */
  public static Terminal ofProcess() {
    int columns = Integer.getInteger(COLUMNS_PROPERTY, 0);
    return columns > 0 ? new Terminal(columns, encodesBlocks()) : NONE;
  }

  private static boolean encodesBlocks() {
    String name = System.getProperty("stderr.encoding", Charset.defaultCharset().name());
    return Charset.forName(name).newEncoder().canEncode('█');
  }
}
