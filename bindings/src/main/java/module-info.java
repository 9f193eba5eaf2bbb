/** The generated bindings to libazulejo, and what finds and loads that library. */
module dev.azulejo.bindings {
  // It has no types, only the library as a resource; it must be resolved for that to be found.
  requires dev.azulejo.natives;

  exports dev.azulejo.bindings;
  // Generated code passes pointers unchecked; the checked operations of core are the way to it.
  exports dev.azulejo.bindings.azulejo to
      dev.azulejo.compare,
      dev.azulejo.core;
  exports dev.azulejo.bindings.cublas to
      dev.azulejo.compare;
  exports dev.azulejo.bindings.cudnn to
      dev.azulejo.compare;
  exports dev.azulejo.bindings.dnnl to
      dev.azulejo.compare;
}
