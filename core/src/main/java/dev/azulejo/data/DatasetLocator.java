package dev.azulejo.data;

import dev.azulejo.data.PublishedIdx.Part;
import dev.azulejo.data.PublishedIdx.PublishedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Finds a published data set: in the folder the user named, and nowhere else if there is one;
 * otherwise in the cache folder, in the Debian package's folder, by download from the data set's
 * own home into the cache, or by installing the Debian package. Everything but the user's own
 * folder is believed only if its SHA-256 is right. When nothing works, the error lists what was
 * tried and how each failed.
 */
final class DatasetLocator {

  private final PublishedIdx dataset;
  private final DataFolders folders;
  private final Downloader downloader;
  private final AptInstaller apt;
  private final Consumer<String> messages;
  private Path source;

  DatasetLocator(
      PublishedIdx dataset,
      DataFolders folders,
      Downloader downloader,
      AptInstaller apt,
      Consumer<String> messages) {
    this.dataset = dataset;
    this.folders = folders;
    this.downloader = downloader;
    this.apt = apt;
    this.messages = messages;
  }

  /** The folder of the part that was loaded last; null before. */
  Path source() {
    return source;
  }

  /** With this process's environment, the network and this machine's package manager. */
  static DatasetLocator standard(PublishedIdx dataset, Path dataDir, Consumer<String> messages) {
    return new DatasetLocator(
        dataset,
        DataFolders.ofProcess(dataDir),
        Downloader.standard(messages),
        AptInstaller.ofThisMachine(messages),
        messages);
  }

  /**
   * Loads a part of the data set.
   *
   * @throws DatasetException if it is nowhere to be had
   */
  InMemoryDataset load(Part part) {
    if (folders.explicit() != null) {
      return loadExplicit(part);
    }
    List<String> tried = new ArrayList<>();
    Path cache = folders.cacheFor(dataset.name());
    InMemoryDataset found = loadVerified("cache folder", cache, part, tried);
    if (found == null && dataset.debianFolder() != null) {
      found = loadVerified("Debian package's folder", dataset.debianFolder(), part, tried);
    }
    if (found == null && download(part, cache, tried)) {
      found = loadVerified("cache folder after the download", cache, part, tried);
    }
    if (found == null && dataset.debianPackage() != null && install(tried)) {
      found =
          loadVerified(
              "Debian package's folder after the installation",
              dataset.debianFolder(),
              part,
              tried);
    }
    if (found == null) {
      throw new DatasetException(
          "%s was not found and could not be fetched. Tried:%n  - %s%n"
                  .formatted(dataset.title(), String.join(System.lineSeparator() + "  - ", tried))
              + "Put its files into a folder and name that with --data-dir or AZULEJO_DATA, or use"
              + " the generated images instead: --data glyphs");
    }
    return found;
  }

  private InMemoryDataset loadExplicit(Part part) {
    Path folder = folders.explicitFor(dataset.name());
    for (PublishedFile file : part.files()) {
      if (find(folder, file) == null) {
        throw new DatasetException(
            "%s %s has neither %s nor %s, which %s needs; no other place is looked at when a folder is named"
                .formatted(
                    folders.named(), folder, file.name(), file.compressedName(), dataset.title()));
      }
    }
    Path imagesPath = find(folder, part.images());
    Path labelsPath = find(folder, part.labels());
    IdxDataset.Content images = IdxDataset.readImages(imagesPath);
    IdxDataset.Content labels = IdxDataset.readLabels(labelsPath);
    warnIfOther(imagesPath, images, part.images());
    warnIfOther(labelsPath, labels, part.labels());
    source = folder;
    return IdxDataset.join(imagesPath, images, labelsPath, labels, dataset.classNames());
  }

  /** The user's own files are used as they are, but not in silence. */
  private void warnIfOther(Path path, IdxDataset.Content content, PublishedFile published) {
    if (!content.sha256().equals(published.sha256())) {
      messages.accept(
          "%s is not the published %s (its content has SHA-256 %s); used because %s names its folder"
              .formatted(path, dataset.title(), content.sha256(), folders.named()));
    }
  }

  /** The part from a folder; or null, and the reason in {@code tried}. */
  private InMemoryDataset loadVerified(String what, Path folder, Part part, List<String> tried) {
    Path imagesPath = find(folder, part.images());
    Path labelsPath = find(folder, part.labels());
    if (imagesPath == null || labelsPath == null) {
      String missing = (imagesPath == null ? part.images() : part.labels()).compressedName();
      tried.add("%s %s: no %s".formatted(what, folder, missing));
      return null;
    }
    try {
      IdxDataset.Content images = IdxDataset.readImages(imagesPath);
      verify(imagesPath, images.sha256(), part.images());
      IdxDataset.Content labels = IdxDataset.readLabels(labelsPath);
      verify(labelsPath, labels.sha256(), part.labels());
      source = folder;
      return IdxDataset.join(imagesPath, images, labelsPath, labels, dataset.classNames());
    } catch (DatasetException e) {
      String problem = "%s: %s".formatted(what, e.getMessage());
      messages.accept(problem);
      tried.add(problem);
      return null;
    }
  }

  static void verify(Path path, String sha256, PublishedFile published) {
    if (!sha256.equals(published.sha256())) {
      throw new DatasetException(
          "%s is not the published file: its content has SHA-256 %s instead of %s"
              .formatted(path, sha256, published.sha256()));
    }
  }

  private static Path find(Path folder, PublishedFile file) {
    for (String name : List.of(file.compressedName(), file.name())) {
      Path path = folder.resolve(name);
      if (Files.exists(path)) {
        return path;
      }
    }
    return null;
  }

  private boolean download(Part part, Path cache, List<String> tried) {
    for (PublishedFile file : part.files()) {
      var address = dataset.home().resolve(file.compressedName());
      try {
        downloader.fetch(address, cache.resolve(file.compressedName()), file);
      } catch (IOException | DatasetException e) {
        String problem = "download from %s: %s".formatted(address, Downloader.describe(e));
        messages.accept(problem);
        tried.add(problem);
        return false;
      }
    }
    return true;
  }

  private boolean install(List<String> tried) {
    String problem = apt.install(dataset.debianPackage());
    if (problem != null) {
      messages.accept(problem);
      tried.add(problem);
    }
    return problem == null;
  }
}
