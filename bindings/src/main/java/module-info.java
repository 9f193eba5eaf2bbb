/** The generated bindings to libazulejo, and what finds and loads that library. */
module dev.azulejo.bindings {
  // Nothing here names a type of it: it carries the library as a resource, and must be resolved for that.
  requires dev.azulejo.natives;

  exports dev.azulejo.bindings;
  // Generated code passes pointers unchecked; the checked operations of core are the way to it.
  exports dev.azulejo.bindings.azulejo to
      dev.azulejo.core;
}
