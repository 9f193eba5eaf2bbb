package dev.azulejo.bindings;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file that somebody named in a setting. A setting that can't be honoured ends the search: going
 * on would quietly run another library than the one asked for.
 *
 * @param setting the setting, in words
 * @param value its value; null or empty where it is not set
 */
record ExplicitFile(String setting, String value) implements LibraryPlace {
  static ExplicitFile property(String name) {
    return new ExplicitFile("system property " + name, System.getProperty(name));
  }

  static ExplicitFile environment(String name) {
    return new ExplicitFile("environment variable " + name, System.getenv(name));
  }

  @Override
  public Attempt attempt() {
    if (value == null || value.isEmpty()) {
      return Attempt.passed(setting, "not set");
    }
    String place = setting + "=" + value;
    Path file;
    try {
      file = Path.of(value).toAbsolutePath();
    } catch (InvalidPathException e) {
      return Attempt.refused(place, "not a path: " + e.getReason());
    }
    if (Files.isDirectory(file)) {
      return Attempt.refused(place, "a folder; the path of the library file itself is needed");
    }
    if (!Files.exists(file)) {
      return Attempt.refused(place, "absent: there is no file " + file);
    }
    Optional<String> reason = Loader.load(file);
    return reason
        .map(why -> Attempt.refused(place, "does not load: " + why))
        .orElseGet(() -> Attempt.loaded(place, file.toString()));
  }
}
