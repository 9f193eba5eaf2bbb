/** Holds libazulejo for one platform as a resource; dev.azulejo.bindings loads it from here. */
module dev.azulejo.natives {}
