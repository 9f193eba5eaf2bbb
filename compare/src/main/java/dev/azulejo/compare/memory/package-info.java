/** {@code compare memory}: what is predicted before a byte is allocated, and what is used. */
package dev.azulejo.compare.memory;
