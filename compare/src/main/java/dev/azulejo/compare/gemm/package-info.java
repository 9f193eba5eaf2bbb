/** {@code compare gemm}: the ladder of matrix products beside others', a row a rung. */
package dev.azulejo.compare.gemm;
