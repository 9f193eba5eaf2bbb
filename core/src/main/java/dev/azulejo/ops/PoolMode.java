package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;

/** What a pooling window becomes. */
public enum PoolMode {
  /** Its maximum, T(2.9). */
  MAX(azulejo_h.AZJ_POOL_MAX()),
  /** Its mean. */
  MEAN(azulejo_h.AZJ_POOL_MEAN());

  private final int code;

  PoolMode(int code) {
    this.code = code;
  }

  /** {@code azj_pool_mode} of azulejo.h. */
  int code() {
    return code;
  }
}
