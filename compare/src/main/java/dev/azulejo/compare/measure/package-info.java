/** How times are taken: contestants that take turns, and what is made of the samples. */
package dev.azulejo.compare.measure;
