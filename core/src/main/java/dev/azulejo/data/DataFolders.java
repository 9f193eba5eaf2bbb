package dev.azulejo.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where data may lie, from the command line and the environment.
 *
 * @param explicit the folder the user named, or null; nothing else is looked at then
 * @param named how the user named it: {@code --data-dir} or {@code AZULEJO_DATA}
 * @param cache where downloads are kept
 */
record DataFolders(Path explicit, String named, Path cache) {

  static final String VARIABLE = "AZULEJO_DATA";

  /**
   * Looks at the command line first, then at AZULEJO_DATA; the cache is $XDG_CACHE_HOME/azulejo, or
   * ~/.cache/azulejo where that variable is not set to an absolute path (as the XDG base directory
   * specification asks).
   */
  static DataFolders of(Path dataDir, Map<String, String> environment, Path userHome) {
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    Path caches =
        !xdg.isEmpty() && Path.of(xdg).isAbsolute() ? Path.of(xdg) : userHome.resolve(".cache");
    Path cache = caches.resolve("azulejo");
    if (dataDir != null) {
      return new DataFolders(dataDir, "--data-dir", cache);
    }
    String variable = environment.getOrDefault(VARIABLE, "");
    return variable.isEmpty()
        ? new DataFolders(null, null, cache)
        : new DataFolders(Path.of(variable), VARIABLE, cache);
  }

  static DataFolders ofProcess(Path dataDir) {
    return of(dataDir, System.getenv(), Path.of(System.getProperty("user.home")));
  }

  /**
   * The explicit folder for one data set: a folder of the set's name inside it where there is one,
   * else itself.
   */
  Path explicitFor(String dataset) {
    Path inside = explicit.resolve(dataset);
    return Files.isDirectory(inside) ? inside : explicit;
  }

  /** The cache folder of one data set. */
  Path cacheFor(String dataset) {
    return cache.resolve(dataset);
  }
}
