package dev.azulejo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where data may lie. */
class DataFoldersTest {

  private static final Path HOME = Path.of("/home/someone");

  @Test
  void theCommandLineComesBeforeTheEnvironment() {
    Map<String, String> environment = Map.of("AZULEJO_DATA", "/from/environment");
    DataFolders both = DataFolders.of(Path.of("/from/option"), environment, HOME);
    assertEquals(Path.of("/from/option"), both.explicit());
    assertEquals("--data-dir", both.named());
    DataFolders variable = DataFolders.of(null, environment, HOME);
    assertEquals(Path.of("/from/environment"), variable.explicit());
    assertEquals("AZULEJO_DATA", variable.named());
    assertNull(DataFolders.of(null, Map.of("AZULEJO_DATA", ""), HOME).explicit());
    assertNull(DataFolders.of(null, Map.of(), HOME).explicit());
  }

  @Test
  void theCacheFollowsTheXdgSpecification() {
    Path byDefault = HOME.resolve(".cache/azulejo/mnist");
    assertEquals(byDefault, DataFolders.of(null, Map.of(), HOME).cacheFor("mnist"));
    Map<String, String> absolute = Map.of("XDG_CACHE_HOME", "/var/caches");
    assertEquals(
        Path.of("/var/caches/azulejo/mnist"),
        DataFolders.of(null, absolute, HOME).cacheFor("mnist"));
    for (String ignored : new String[] {"", "relative/folder"}) {
      Map<String, String> environment = Map.of("XDG_CACHE_HOME", ignored);
      assertEquals(byDefault, DataFolders.of(null, environment, HOME).cacheFor("mnist"));
    }
  }

  @Test
  void anExplicitFolderMayHoldSeveralDataSets(@TempDir Path folder) throws Exception {
    DataFolders folders = DataFolders.of(folder, Map.of(), HOME);
    assertEquals(folder, folders.explicitFor("mnist"));
    Files.createDirectory(folder.resolve("mnist"));
    assertEquals(folder.resolve("mnist"), folders.explicitFor("mnist"));
  }
}
