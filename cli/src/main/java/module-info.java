/** Azulejo's command line. */
module dev.azulejo.cli {
  requires com.fasterxml.jackson.databind;
  requires dev.azulejo.bindings;
  requires dev.azulejo.core;
  requires info.picocli;
  requires java.desktop;
  requires me.tongfei.progressbar;
  requires org.knowm.xchart;

  // Commands of other modules; see CommandLines.
  uses java.util.concurrent.Callable;

  // picocli sets the options' fields.
  opens dev.azulejo.cli to
      info.picocli;
  opens dev.azulejo.cli.command to
      info.picocli;
  opens dev.azulejo.cli.options to
      info.picocli;
}
