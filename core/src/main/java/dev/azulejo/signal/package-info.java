/**
 * Convolution and cross-correlation of arrays and matrices: rows N1-N6 of the lecture notes, on any
 * device.
 */
package dev.azulejo.signal;
