package dev.azulejo.bindings;

/**
 * A library in this process.
 *
 * @param name the library's name
 * @param version its version, in words
 * @param place the place that had it, as in the list of a failed search
 * @param origin the file or resource it came from
 */
record LoadedLibrary(String name, String version, String place, String origin) {
  @Override
  public String toString() {
    return name + ", " + version + ", from " + origin + " (" + place + ")";
  }
}
