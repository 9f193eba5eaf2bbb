/** The vendors' libraries as engines; what their adapters share. */
package dev.azulejo.compare.engine;
