package dev.azulejo.compare.command;

import dev.azulejo.engine.Precision;
import dev.azulejo.engine.Storage;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** How everybody's operands lie in memory. */
final class StorageOption {
  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--storage",
      paramLabel = "S",
      defaultValue = "f32",
      description =
          "How everybody's operands lie in memory: f32, float32, or, with --precision bf16 on GPUs of"
              + " compute capability 9.0, bf16, images with channels last. Default:"
              + " ${DEFAULT-VALUE}.")
  private String storage;

  /** The storage; checked to go with a precision. */
  Storage storage(Precision precision) {
    for (Storage one : Storage.values()) {
      if (one.name().toLowerCase(Locale.ROOT).equals(storage)) {
        if (one == Storage.BF16 && precision != Precision.BF16) {
          throw mistake("--storage bf16 is for --precision bf16, not " + precision);
        }
        return one;
      }
    }
    throw mistake("unknown storage \"" + storage + "\"; there are f32 and bf16");
  }

  private ParameterException mistake(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
