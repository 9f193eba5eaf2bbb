/**
 * The engine {@code cudnn}: convolutions by cuDNN 9, dense layers by cuBLAS, on the network's own
 * memory and stream. Each pass is the fastest of two searches, timed on the device when the plan is
 * made: the legacy API's own over all its algorithms, and the first plans that the heuristics of
 * the graph ("backend") API propose.
 *
 * <p>All calls go through {@link dev.azulejo.compare.engine.cudnn.CudnnApi}, which tests implement.
 */
package dev.azulejo.compare.engine.cudnn;
