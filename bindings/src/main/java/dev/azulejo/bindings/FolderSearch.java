package dev.azulejo.bindings;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A file of a certain name in one of several folders. The name ends in the major version, so
 * another one is never loaded; where it is there, it is said.
 *
 * @param place what the folders are, in words
 * @param folders where to look, in order
 * @param file the library's file name, such as {@code libcudnn.so.9}
 */
record FolderSearch(String place, List<Path> folders, String file) implements LibraryPlace {
  @Override
  public Attempt attempt() {
    List<String> found = new ArrayList<>();
    for (Path folder : folders) {
      Path candidate = folder.resolve(file);
      if (Files.isRegularFile(candidate)) {
        Optional<String> reason = Loader.load(candidate);
        if (reason.isEmpty()) {
          return Attempt.loaded(place, candidate.toString());
        }
        found.add(candidate + " does not load: " + reason.get());
      } else {
        found.add(folder + otherVersions(folder));
      }
    }
    return Attempt.passed(
        place, found.isEmpty() ? "there are none" : "not in " + String.join(", ", found));
  }

  /** Files of the same library with another version, in words. */
  private String otherVersions(Path folder) {
    String stem = file.substring(0, file.lastIndexOf(".so") + 3);
    List<String> others = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, stem + "*")) {
      files.forEach(one -> others.add(one.getFileName().toString()));
    } catch (IOException | DirectoryIteratorException e) {
      return Files.exists(folder) ? " (cannot be read: " + e.getMessage() + ")" : " (absent)";
    }
    return others.isEmpty() ? "" : " (has only " + String.join(", ", others) + ")";
  }
}
