/** Our kernels beside those of others, and what a native call costs. */
module dev.azulejo.compare {
  requires ai.djl.api;
  requires com.fasterxml.jackson.databind;
  requires dev.azulejo.bindings;
  requires dev.azulejo.core;
  requires info.picocli;
  requires java.desktop;
  requires jmh.core;
  requires org.bytedeco.openblas;
  requires org.knowm.xchart;

  // Found by the command line; see its CommandLines.
  provides java.util.concurrent.Callable with
      dev.azulejo.compare.command.CompareCommand,
      dev.azulejo.compare.command.JmhCommand;

  // Found by core; see Engines.
  provides dev.azulejo.engine.EngineProvider with
      dev.azulejo.compare.engine.cublas.CublasProvider,
      dev.azulejo.compare.engine.cudnn.CudnnProvider,
      dev.azulejo.compare.engine.onednn.DnnlProvider;

  // picocli sets the options' fields.
  opens dev.azulejo.compare.command to
      info.picocli;
}
