package dev.azulejo.bindings;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A library packed in a jar as {@code natives/<os>-<arch>/<file>}. The system can only map a file,
 * so it is written to a private temporary one, loaded, and the file deleted at once: nothing is
 * left behind even when the JVM is killed later.
 *
 * @param library the library's name without prefix and suffix
 * @param moduleName the module that carries the resource where the module path is used
 */
record JarResource(String library, String moduleName) implements LibraryPlace {
  @Override
  public Attempt attempt() {
    Platform platform = Platform.current();
    String resource = resourceFor(platform);
    String place = "jar resource " + resource;
    try (InputStream packed = open(resource)) {
      if (packed == null) {
        return Attempt.passed(place, absence());
      }
      return loadCopy(packed, platform, place);
    } catch (IOException e) {
      return Attempt.passed(place, "present, but can't be copied to a temporary file: " + e);
    }
  }

  /** The platforms for which the jars on the class path or module path do have a library. */
  List<String> platforms() {
    return Platform.KNOWN.stream().filter(this::isPacked).map(Platform::toString).toList();
  }

  private Attempt loadCopy(InputStream packed, Platform platform, String place) throws IOException {
    // Only its owner has access to such a folder, so nobody can swap the file before it is loaded.
    Path folder = Files.createTempDirectory("azulejo-");
    Path file = folder.resolve(platform.fileName(library));
    try {
      Files.copy(packed, file);
      Optional<String> reason = Loader.load(file);
      return reason
          .map(why -> Attempt.passed(place, "present, but its copy does not load: " + why))
          .orElseGet(() -> Attempt.loaded(place, originOf(resourceFor(platform))));
    } finally {
      delete(file);
      delete(folder);
    }
  }

  private String absence() {
    List<String> platforms = platforms();
    return platforms.isEmpty()
        ? "absent; no jar here has a library for any platform"
        : "absent; the jar has libraries for: " + String.join(", ", platforms);
  }

  private String resourceFor(Platform platform) {
    return "natives/" + platform + "/" + platform.fileName(library);
  }

  private boolean isPacked(Platform platform) {
    try (InputStream packed = open(resourceFor(platform))) {
      return packed != null;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * The class loader sees the class path and, on the module path, every module of the loader: a
   * folder with a hyphen is no package, so it is not encapsulated. A layer with one loader per
   * module needs the module itself.
   */
  private InputStream open(String resource) throws IOException {
    InputStream packed = JarResource.class.getClassLoader().getResourceAsStream(resource);
    ModuleLayer layer = JarResource.class.getModule().getLayer();
    if (packed != null || layer == null) {
      return packed;
    }
    Optional<Module> module = layer.findModule(moduleName);
    return module.isPresent() ? module.get().getResourceAsStream(resource) : null;
  }

  private String originOf(String resource) {
    URL url = JarResource.class.getClassLoader().getResource(resource);
    return url != null ? url.toString() : "module " + moduleName;
  }

  /**
   * The library is mapped by now. Where a system keeps a mapped file from being deleted, the JVM's
   * end deletes it.
   */
  static void delete(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      path.toFile().deleteOnExit();
    }
  }
}
