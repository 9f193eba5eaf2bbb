package dev.azulejo.bindings;

import java.util.List;
import java.util.Locale;

/** Where each vendor's library may be, and what to install where it is not. */
final class VendorSearch {
  private VendorSearch() {}

  static LibrarySearch cublas() {
    String file = "libcublas.so.13";
    return new LibrarySearch(
        "cuBLAS 13 (" + file + ")",
        List.of(
            ExplicitFile.property("azulejo.cublas"),
            ExplicitFile.environment("AZULEJO_CUBLAS"),
            new FolderSearch("system folders", LibraryFolders.system(), file),
            toolkit(file),
            python("cu13", file)),
        List.of(
            "install the CUDA 13 toolkit, and let CUDA_HOME name its folder",
            "or install it into a Python environment (pip install \"nvidia-cublas>=13,<14\"), and let"
                + " VIRTUAL_ENV or CONDA_PREFIX name that",
            named("cublas")));
  }

  static LibrarySearch cudnn() {
    String file = "libcudnn.so.9";
    return new LibrarySearch(
        "cuDNN 9 (" + file + ")",
        List.of(
            ExplicitFile.property("azulejo.cudnn"),
            ExplicitFile.environment("AZULEJO_CUDNN"),
            new FolderSearch("system folders", LibraryFolders.system(), file),
            toolkit(file),
            python("cudnn", file)),
        List.of(
            "install NVIDIA's package cudnn9-cuda-13",
            "or install it into a Python environment (pip install nvidia-cudnn-cu13), and let"
                + " VIRTUAL_ENV or CONDA_PREFIX name that",
            named("cudnn")));
  }

  static LibrarySearch dnnl() {
    String file = "libdnnl.so.3";
    return new LibrarySearch(
        "oneDNN 3 (" + file + ")",
        List.of(
            ExplicitFile.property("azulejo.dnnl"),
            ExplicitFile.environment("AZULEJO_DNNL"),
            new JarFolder("org/bytedeco/dnnl/" + Platform.current() + "/", file, "libgomp.so.1"),
            new FolderSearch("system folders", LibraryFolders.system(), file)),
        List.of(
            "put the jar org.bytedeco:dnnl, classifier "
                + Platform.current()
                + ", version 3, on the class path; azulejo-compare depends on it",
            "or install a package with " + file + ", such as libdnnl3.6 of Debian 13",
            named("dnnl")));
  }

  private static FolderSearch toolkit(String file) {
    return new FolderSearch(
        "CUDA toolkit (" + LibraryFolders.settings("CUDA_HOME", "CUDA_PATH") + ")",
        LibraryFolders.cuda(),
        file);
  }

  private static FolderSearch python(String component, String file) {
    return new FolderSearch(
        "Python environments ("
            + LibraryFolders.settings("VIRTUAL_ENV", "CONDA_PREFIX")
            + "), folder nvidia/"
            + component
            + "/lib",
        LibraryFolders.python(component),
        file);
  }

  private static String named(String library) {
    return "to use a certain file, name it with -Dazulejo.%s=FILE or the environment variable AZULEJO_%s"
        .formatted(library, library.toUpperCase(Locale.ROOT));
  }
}
