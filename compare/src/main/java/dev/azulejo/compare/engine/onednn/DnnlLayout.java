package dev.azulejo.compare.engine.onednn;

import dev.azulejo.bindings.dnnl.dnnl_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Descriptions of float32 tensors: plain, as our memory has them, or as oneDNN likes best. */
final class DnnlLayout {
  private DnnlLayout() {}

  /** Row-major, the last size varying fastest. */
  static MemorySegment plain(DnnlSession session, long... sizes) {
    return of(
        session,
        switch (sizes.length) {
          case 1 -> dnnl_h.dnnl_a();
          case 2 -> dnnl_h.dnnl_ab();
          case 4 -> dnnl_h.dnnl_abcd();
          case 5 -> dnnl_h.dnnl_abcde();
          default -> throw new IllegalArgumentException(sizes.length + " dimensions");
        },
        sizes);
  }

  /** A matrix of these sizes whose columns are stored one after another. */
  static MemorySegment transposed(DnnlSession session, long rows, long columns) {
    return of(session, dnnl_h.dnnl_ba(), rows, columns);
  }

  /** In a layout that the primitive chooses. */
  static MemorySegment any(DnnlSession session, long... sizes) {
    return of(session, dnnl_h.dnnl_format_tag_any(), sizes);
  }

  private static MemorySegment of(DnnlSession session, int tag, long... sizes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment dims = Dnnl.dims(arena, sizes);
      return session.own(
          "dnnl_memory_desc_create_with_tag",
          Arrays.toString(sizes),
          out ->
              dnnl_h.dnnl_memory_desc_create_with_tag(
                  out, sizes.length, dims, dnnl_h.dnnl_f32(), tag),
          dnnl_h::dnnl_memory_desc_destroy);
    }
  }
}
