/**
 * Files that Azulejo writes and reads: {@link dev.azulejo.io.SafeTensors} checkpoints, written
 * through {@link dev.azulejo.io.AtomicFile} so that an interrupted or failed write never costs the
 * file that was there before.
 */
package dev.azulejo.io;
