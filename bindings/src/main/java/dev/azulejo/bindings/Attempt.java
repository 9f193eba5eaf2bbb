package dev.azulejo.bindings;

/**
 * What came of looking at one place.
 *
 * @param place the place, in words
 * @param outcome what the search does next
 * @param found what was there: where the library was loaded from, or why it was not
 */
record Attempt(String place, Outcome outcome, String found) {
  enum Outcome {
    /** The library is loaded: the search is over. */
    LOADED,
    /** Nothing usable here: the search goes on. */
    PASSED,
    /**
     * Somebody asked for this very file and can't have it: the search is over, without a library.
     */
    REFUSED
  }

  static Attempt loaded(String place, String from) {
    return new Attempt(place, Outcome.LOADED, from);
  }

  static Attempt passed(String place, String why) {
    return new Attempt(place, Outcome.PASSED, why);
  }

  static Attempt refused(String place, String why) {
    return new Attempt(place, Outcome.REFUSED, why);
  }
}
