/**
 * The operations in float64, written plainly from the equations: loops only, one operation a file.
 * What the devices compute is compared with these, within {@link dev.azulejo.reference.Tolerance}.
 *
 * <p>Tests, the self-test and the comparisons hold what they measure against these, so they are
 * part of the library; nothing that computes for its user depends on them.
 *
 * <p>The references themselves are held against central differences and the laws that their
 * equations obey.
 */
package dev.azulejo.reference;
