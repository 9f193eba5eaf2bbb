/**
 * The operations in float64, written plainly from the equations: loops only, one operation a file.
 * What the devices compute is compared with these, within {@link dev.azulejo.reference.Tolerance}.
 *
 * <p>The references themselves are held against central differences and the laws that their
 * equations obey.
 */
package dev.azulejo.reference;
