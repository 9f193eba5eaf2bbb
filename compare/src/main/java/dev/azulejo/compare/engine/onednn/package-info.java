/**
 * The engine {@code onednn}: convolutions and dense layers by oneDNN on the CPU, on the network's
 * own memory. Tensors stay plain (NCHW); where oneDNN prefers another layout, each pass reorders
 * what it reads and writes, and says so.
 *
 * <p>Threads: oneDNN's builds with OpenMP compute with as many threads as OpenMP's setting of the
 * calling thread says; every call here sets it to the size of the stream's team. OpenMP's threads
 * wait actively for a while after a call, which on a machine without spare processors takes time
 * from the other layers: the environment variable {@code OMP_WAIT_POLICY=passive} has them sleep.
 */
package dev.azulejo.compare.engine.onednn;
