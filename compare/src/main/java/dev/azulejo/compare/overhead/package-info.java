/**
 * What a call costs: JMH benchmarks ({@code azulejo jmh}), and a quick run of them in this process
 * ({@code azulejo compare overhead}).
 *
 * <p>Each benchmark calls the same function in several ways: from C, through FFM (our bindings),
 * through FFM as a critical call, and through JNI (JavaCPP's presets, which are what other Java
 * libraries use).
 */
package dev.azulejo.compare.overhead;
