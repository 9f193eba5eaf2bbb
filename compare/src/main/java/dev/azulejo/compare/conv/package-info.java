/** {@code compare conv}: convolution, forward and both gradients. */
package dev.azulejo.compare.conv;
