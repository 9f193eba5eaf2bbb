/**
 * Finds and loads the native libraries that the generated bindings call. The classes below {@code
 * dev.azulejo.bindings.azulejo} are jextract's output for {@code azulejo.h}; see {@code
 * regenerate.sh}.
 */
package dev.azulejo.bindings;
