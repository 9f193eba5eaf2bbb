package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;

/** The rows of a table, one after another. */
public final class Select {
  private Select() {}

  /**
   * out[c] = table[next[0]][c], and next[0] is raised by 1: the same call, replayed by a graph,
   * gives the next row. A row that the table does not have gives NaN.
   *
   * @param table [rows][columns]
   * @param next one 64-bit integer
   * @param out [columns], overwritten
   */
  public static void select(
      Stream stream, long rows, long columns, Tensor table, Tensor next, Tensor out) {
    MemorySegment queue = Args.stream(stream);
    long count = Args.matrix(rows, "rows", columns, "columns");
    MemorySegment ts = Args.floats(stream, table, count, "table");
    MemorySegment ns = Args.longs(stream, next, 1, "next");
    MemorySegment os = Args.floats(stream, out, columns, "out");
    Args.apart(out, columns, "out", table, count, "table");
    Args.apart(out, columns, "out", next, 1, "next");
    Args.apart(next, 1, "next", table, count, "table");
    NativeCall.check(azulejo_h.azj_select(queue, rows, columns, ts, ns, os), "azj_select");
  }
}
