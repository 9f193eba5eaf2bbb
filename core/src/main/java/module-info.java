/** Azulejo: convolutional networks for Java on native kernels. */
module dev.azulejo.core {
  requires java.desktop;
  requires java.net.http;
  requires com.fasterxml.jackson.core;
  requires dev.azulejo.bindings;

  exports dev.azulejo.data;
  exports dev.azulejo.device;
  exports dev.azulejo.engine;
  exports dev.azulejo.io;
  exports dev.azulejo.nn;
  exports dev.azulejo.ops;
  exports dev.azulejo.reference;
  exports dev.azulejo.signal;
  exports dev.azulejo.train;

  // Engines of other modules; see Engines.
  uses dev.azulejo.engine.EngineProvider;
}
