package dev.azulejo.bindings;

import java.util.Locale;
import java.util.function.Supplier;

/**
 * The vendors' libraries that Azulejo compares itself with. Each is found and loaded at most once,
 * when it is first needed, and its version checked before anything else of it is called. Version
 * queries need no GPU.
 *
 * <p>Each is looked for, in this order, at
 *
 * <ol>
 *   <li>the file that the system property {@code azulejo.<name>} names, such as {@code
 *       azulejo.cudnn},
 *   <li>the file that the environment variable {@code AZULEJO_<NAME>} names, such as {@code
 *       AZULEJO_CUDNN},
 *   <li>oneDNN only: the jar {@code org.bytedeco:dnnl} of this platform,
 *   <li>the folders of {@code java.library.path}, which include {@code LD_LIBRARY_PATH}, and those
 *       where the system's packages put libraries,
 *   <li>the libraries of the CUDA toolkit at {@code CUDA_HOME}, {@code CUDA_PATH} or {@code
 *       /usr/local/cuda} (not oneDNN),
 *   <li>the NVIDIA packages of the Python environments at {@code VIRTUAL_ENV} and {@code
 *       CONDA_PREFIX}, of the user and of the system (not oneDNN).
 * </ol>
 *
 * <p>A file that somebody named and that can't be loaded is an error, as is another major version
 * than the bindings are for. A failure is remembered. Safe for any number of threads.
 */
public enum VendorLibrary {
  /** cuBLAS 13. */
  CUBLAS(() -> VendorVersion.cublas(VendorSearch.cublas().load())),
  /** cuDNN 9. */
  CUDNN(() -> VendorVersion.cudnn(VendorSearch.cudnn().load())),
  /** oneDNN 3. */
  DNNL(() -> VendorVersion.dnnl(VendorSearch.dnnl().load()));

  private final LoadOnce once;

  VendorLibrary(Supplier<LoadedLibrary> loader) {
    once = new LoadOnce(loader);
  }

  /**
   * Makes the functions of its generated bindings callable.
   *
   * @throws NativeLibraryException if it is nowhere, does not load, or has another major version;
   *     the message names every place, what was found there, and what to install
   */
  public void load() {
    once.get();
  }

  /** Its version, such as {@code 9.24.0}; loads it. */
  public String version() {
    return once.get().version();
  }

  /**
   * What was loaded, its version, and from where; or that nothing was asked for yet; or why loading
   * failed. Loads nothing.
   */
  public String describe() {
    return once.describe(name().toLowerCase(Locale.ROOT));
  }
}
