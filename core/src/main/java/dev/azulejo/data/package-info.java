/**
 * Labelled image data sets (row T1), their label encodings (row T3), augmentation, and the loader
 * that feeds shuffled mini-batches to training (row T5, Algorithm 1).
 *
 * <p>The parts, in the order data flows through them:
 *
 * <ul>
 *   <li>{@link Datasets} turns a name ({@code fashion-mnist}, {@code glyphs}, {@code folder:PATH})
 *       into data sets; {@link DatasetLocator} finds or fetches the files behind a name.
 *   <li>{@link IdxDataset}, {@link CifarDataset}, {@link ImageFolder} and {@link Glyphs} make an
 *       {@link InMemoryDataset}; {@link Subset} and {@link Splits} are views of one.
 *   <li>{@link Transform} changes a sample on its way into a batch; {@link Loader} fills the
 *       batches.
 * </ul>
 *
 * <p>Everything random is derived from explicit seeds with {@link SeededRandom}: the same seed
 * gives the same bits on every machine and JDK, whatever the number of threads.
 */
package dev.azulejo.data;
