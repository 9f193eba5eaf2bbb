package dev.azulejo.bindings;

import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;

/** Like {@link LoadProbe}, from a layer in which each module has a class loader of its own. */
final class LayerProbe {
  private LayerProbe() {}

  /**
   * @param modules the folders or jars of the modules
   */
  public static void main(String[] modules) throws ReflectiveOperationException {
    ModuleFinder finder =
        ModuleFinder.of(Arrays.stream(modules).map(Path::of).toArray(Path[]::new));
    ModuleLayer boot = ModuleLayer.boot();
    Configuration configuration =
        boot.configuration().resolve(finder, ModuleFinder.of(), Set.of("dev.azulejo.bindings"));
    ModuleLayer layer =
        boot.defineModulesWithManyLoaders(configuration, ClassLoader.getPlatformClassLoader());
    Class<?> libraries =
        layer.findLoader("dev.azulejo.bindings").loadClass("dev.azulejo.bindings.NativeLibraries");
    libraries.getMethod("loadAzulejo").invoke(null);
    System.out.print("LOADED " + libraries.getMethod("describe").invoke(null));
  }
}
