package dev.azulejo.bindings;

/**
 * The folders of {@code java.library.path}, searched by the JVM. On Linux they include {@code
 * LD_LIBRARY_PATH}.
 *
 * @param library the library's name without prefix and suffix
 */
record SystemLoader(String library) implements LibraryPlace {
  @Override
  public Attempt attempt() {
    String place = "system loader, name " + library;
    return Loader.loadByName(library)
        .map(why -> Attempt.passed(place, why))
        .orElseGet(
            () ->
                Attempt.loaded(
                    place, System.mapLibraryName(library) + ", found by the system loader"));
  }
}
