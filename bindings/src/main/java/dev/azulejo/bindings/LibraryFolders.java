package dev.azulejo.bindings;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The folders in which vendors' libraries are installed. */
final class LibraryFolders {
  private LibraryFolders() {}

  /** The environment variables that the folders depend on, with their values, for a message. */
  static String settings(String... variables) {
    List<String> settings = new ArrayList<>();
    for (String variable : variables) {
      String value = System.getenv(variable);
      settings.add(value == null ? variable + " not set" : variable + "=" + value);
    }
    return String.join(", ", settings);
  }

  /** {@code java.library.path}, and where packages of the system put libraries. */
  static List<Path> system() {
    Set<Path> folders = new LinkedHashSet<>();
    for (String folder : System.getProperty("java.library.path", "").split(File.pathSeparator)) {
      addPath(folders, folder);
    }
    String arch = Platform.current().arch();
    addPath(folders, "/usr/lib/" + arch + "-linux-gnu");
    addPath(folders, "/usr/lib64");
    addPath(folders, "/usr/lib");
    addPath(folders, "/usr/local/lib");
    return existing(folders);
  }

  /** The libraries of the CUDA toolkit. */
  static List<Path> cuda() {
    Set<Path> roots = new LinkedHashSet<>();
    addPath(roots, System.getenv("CUDA_HOME"));
    addPath(roots, System.getenv("CUDA_PATH"));
    addPath(roots, "/usr/local/cuda");
    Set<Path> folders = new LinkedHashSet<>();
    for (Path root : roots) {
      folders.add(root.resolve("lib64"));
      folders.add(root.resolve("lib"));
      String target = Platform.current().arch().equals("aarch64") ? "sbsa" : "x86_64";
      folders.add(root.resolve("targets/" + target + "-linux/lib"));
    }
    return List.copyOf(folders);
  }

  /**
   * The libraries that NVIDIA's Python packages and those of conda bring.
   *
   * @param component the folder of a package below {@code site-packages/nvidia}
   */
  static List<Path> python(String component) {
    Set<Path> roots = new LinkedHashSet<>();
    addPath(roots, System.getenv("VIRTUAL_ENV"));
    addPath(roots, System.getenv("CONDA_PREFIX"));
    addPath(roots, System.getProperty("user.home") + "/.local");
    addPath(roots, "/usr/local");
    addPath(roots, "/usr");
    Set<Path> folders = new LinkedHashSet<>();
    for (Path root : roots) {
      for (Path lib : pythons(root.resolve("lib"))) {
        folders.add(lib.resolve("site-packages/nvidia/" + component + "/lib"));
        folders.add(lib.resolve("dist-packages/nvidia/" + component + "/lib"));
      }
    }
    if (System.getenv("CONDA_PREFIX") != null) {
      addPath(folders, System.getenv("CONDA_PREFIX") + "/lib");
    }
    return existing(folders);
  }

  /** The folders {@code python3*} below one. */
  private static List<Path> pythons(Path lib) {
    List<Path> found = new ArrayList<>();
    if (!Files.isDirectory(lib)) {
      return found;
    }
    try (DirectoryStream<Path> versions = Files.newDirectoryStream(lib, "python3*")) {
      versions.forEach(found::add);
    } catch (IOException | DirectoryIteratorException e) {
      // A folder that may not be listed has nothing that could be loaded.
      return List.of();
    }
    return found.stream().sorted().toList();
  }

  private static void addPath(Set<Path> folders, String folder) {
    if (folder == null || folder.isEmpty()) {
      return;
    }
    try {
      folders.add(Path.of(folder));
    } catch (InvalidPathException e) {
      // A setting of somebody else's that names no path of this system is no folder to look at.
      return;
    }
  }

  private static List<Path> existing(Set<Path> folders) {
    return folders.stream().filter(Files::isDirectory).toList();
  }
}
