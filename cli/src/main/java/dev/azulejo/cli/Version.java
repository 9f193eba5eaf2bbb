package dev.azulejo.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version of this build, which Maven writes into a resource. */
public final class Version implements IVersionProvider {
  /** Set by the launcher where the sources are a git checkout. */
  private static final String COMMIT_PROPERTY = "azulejo.commit";

  /** Such as {@code 0.1.0}. */
  public static String version() {
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The commit of the sources, with {@code -dirty} where they were changed since; null if unknown.
   */
  public static String commit() {
    return System.getProperty(COMMIT_PROPERTY);
  }

  @Override
  public String[] getVersion() {
    String commit = commit() == null ? "" : ", commit " + commit();
    return new String[] {
      "azulejo " + version() + commit,
      "Java " + Runtime.version() + ", " + System.getProperty("java.vm.name"),
    };
  }
}
