/**
 * The engine {@code cublas}: dense layers by cuBLAS's GEMM, convolutions by Azulejo. All calls go
 * through {@link dev.azulejo.compare.engine.cublas.CublasApi}, which tests implement.
 */
package dev.azulejo.compare.engine.cublas;
