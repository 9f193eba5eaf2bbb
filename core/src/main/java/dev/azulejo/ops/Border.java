package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;

/** What comes into view where an image is moved: {@code azj_border} of azulejo.h. */
public enum Border {
  /** 0, before normalisation. */
  ZERO(azulejo_h.AZJ_BORDER_ZERO()),
  /** The image mirrored at its edge, the edge itself not repeated. */
  MIRROR(azulejo_h.AZJ_BORDER_MIRROR());

  private final int code;

  Border(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
