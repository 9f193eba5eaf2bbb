/** Every operation of a device against float64: what {@code azulejo selftest} runs. */
package dev.azulejo.cli.selftest;
