/** The commands {@code azulejo compare} and {@code azulejo jmh}, found by the command line. */
package dev.azulejo.compare.command;
