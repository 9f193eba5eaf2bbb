package dev.azulejo.cli.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.bindings.NativeLibraries;
import dev.azulejo.cli.options.DeviceOptions;
import dev.azulejo.cli.options.JsonOption;
import dev.azulejo.cli.report.Json;
import dev.azulejo.cli.report.Table;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code azulejo devices}: what there is to compute on, and the library that knows how. */
@Command(
    name = "devices",
    header = "Lists the devices of this machine.",
    description =
        "Only those that this build can use; and says which native library was loaded from where.")
public final class DevicesCommand implements Callable<Integer> {
  private static final double GIB = 1L << 30;

  @Spec private CommandSpec spec;

  @Mixin private JsonOption json;

  @Override
  public Integer call() throws IOException {
    json.check();
    List<DeviceInfo> devices = Device.list();
    Table table = new Table("device", "name", "units", "instructions", "memory", "free");
    ObjectNode document = Json.object();
    ArrayNode list = document.putArray("devices");
    for (DeviceInfo info : devices) {
      String device = DeviceOptions.name(info.kind()) + ":" + info.ordinal();
      table.row(
          device,
          info.name(),
          info.computeUnits(),
          info.instructionSet(),
          gib(info.totalBytes()),
          gib(info.freeBytes()));
      ObjectNode node = list.addObject();
      node.put("device", device);
      node.put("name", info.name());
      node.put("computeUnits", info.computeUnits());
      node.put("instructionSet", info.instructionSet());
      node.put("capability", info.capability());
      node.put("totalBytes", info.totalBytes());
      node.put("freeBytes", info.freeBytes());
    }
    document.put("library", NativeLibraries.describe());
    PrintWriter text = json.text(spec);
    text.print(table);
    text.println();
    text.println(NativeLibraries.describe());
    text.flush();
    json.write(spec, document);
    return 0;
  }

  private static String gib(long bytes) {
    return String.format(Locale.ROOT, "%.1f GiB", bytes / GIB);
  }
}
