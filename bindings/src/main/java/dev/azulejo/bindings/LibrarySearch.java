package dev.azulejo.bindings;

import java.util.ArrayList;
import java.util.List;

/**
 * Looks for one library at its places, in their order, until one loads.
 *
 * @param library the library, in words
 * @param places where to look, in order
 * @param advice what to do when it is nowhere, one idea each
 */
record LibrarySearch(String library, List<LibraryPlace> places, List<String> advice) {
  /** The attempt that loaded the library. */
  Attempt load() {
    List<Attempt> attempts = new ArrayList<>();
    for (LibraryPlace place : places) {
      Attempt attempt = place.attempt();
      attempts.add(attempt);
      switch (attempt.outcome()) {
        case LOADED -> {
          return attempt;
        }
        case REFUSED -> throw failure(attempts);
        case PASSED -> {}
      }
    }
    throw failure(attempts);
  }

  private NativeLibraryException failure(List<Attempt> attempts) {
    StringBuilder text = new StringBuilder();
    text.append("Can't load ").append(library).append(" on ").append(Platform.current());
    text.append(". Looked at, in this order:\n");
    for (int i = 0; i < attempts.size(); i++) {
      Attempt attempt = attempts.get(i);
      text.append("  ").append(i + 1).append(". ").append(attempt.place()).append(": ");
      text.append(attempt.found()).append('\n');
    }
    if (attempts.getLast().outcome() == Attempt.Outcome.REFUSED) {
      text.append(
          "  An explicit choice that can't be had is an error: no other place was tried.\n");
    }
    text.append("What to do:");
    advice.forEach(line -> text.append("\n  - ").append(line));
    return new NativeLibraryException(text.toString());
  }
}
