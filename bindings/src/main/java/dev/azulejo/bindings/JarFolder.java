package dev.azulejo.bindings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A library in a folder of a jar on the class path, with a library that it needs beside it. Both
 * are written to a private temporary folder, loaded, and deleted at once.
 *
 * @param folder in the jar, with a slash at the end
 * @param file the library's file name
 * @param companion the file name of what it needs and finds in its own folder; used if it is there
 */
record JarFolder(String folder, String file, String companion) implements LibraryPlace {
  @Override
  public Attempt attempt() {
    String place = "jar resource " + folder + file;
    ClassLoader loader = JarFolder.class.getClassLoader();
    try (InputStream packed = loader.getResourceAsStream(folder + file);
        InputStream needed = loader.getResourceAsStream(folder + companion)) {
      return packed == null
          ? Attempt.passed(place, "absent; no such jar is on the class path")
          : loadCopy(packed, needed, place);
    } catch (IOException e) {
      return Attempt.passed(place, "present, but can't be copied to a temporary file: " + e);
    }
  }

  private Attempt loadCopy(InputStream packed, InputStream needed, String place)
      throws IOException {
    Path temporary = Files.createTempDirectory("azulejo-");
    Path library = temporary.resolve(file);
    Path beside = temporary.resolve(companion);
    try {
      Files.copy(packed, library);
      if (needed != null) {
        Files.copy(needed, beside);
      }
      Optional<String> reason = Loader.load(library);
      return reason
          .map(why -> Attempt.passed(place, "present, but its copy does not load: " + why))
          .orElseGet(
              () ->
                  Attempt.loaded(
                      place,
                      String.valueOf(JarFolder.class.getClassLoader().getResource(folder + file))));
    } finally {
      JarResource.delete(library);
      JarResource.delete(beside);
      JarResource.delete(temporary);
    }
  }
}
