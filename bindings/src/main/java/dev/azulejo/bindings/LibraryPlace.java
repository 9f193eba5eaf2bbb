package dev.azulejo.bindings;

/** One place where a library may be: a setting, a jar, a folder, the system loader. */
interface LibraryPlace {
  /** Looks there, and loads the library if it is there. Says what it found; throws nothing. */
  Attempt attempt();
}
