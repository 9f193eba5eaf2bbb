package dev.azulejo.compare.engine.onednn;

import dev.azulejo.bindings.dnnl.dnnl_exec_arg_t;
import dev.azulejo.bindings.dnnl.dnnl_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * One primitive of oneDNN with its tensors. Where oneDNN prefers a layout other than the plain one,
 * a tensor has a second memory in that layout and a reorder before or after the primitive.
 *
 * <p>The caller gives every tensor's memory before each run; a run allocates nothing.
 */
final class DnnlPass {
  /** A tensor: how it is called, its plain layout, and the layout that the primitive wants. */
  private record Argument(int name, MemorySegment memory) {}

  /** A copy from one layout to another. */
  private record Reorder(MemorySegment primitive, MemorySegment arguments) {}

  private final DnnlSession session;
  private final MemorySegment descriptor;
  private final Arena arena = Arena.ofAuto();
  private final List<Argument> arguments = new ArrayList<>();
  private final List<MemorySegment> tensors = new ArrayList<>();
  private final List<Reorder> before = new ArrayList<>();
  private final List<Reorder> after = new ArrayList<>();
  private MemorySegment primitive;
  private MemorySegment execution;
  private MemorySegment scratchMemory;

  /**
   * A pass of a primitive.
   *
   * @param descriptor its primitive descriptor, which the session owns
   */
  DnnlPass(DnnlSession session, MemorySegment descriptor) {
    this.session = session;
    this.descriptor = descriptor;
  }

  /**
   * Adds a tensor that the primitive reads.
   *
   * @param name {@code DNNL_ARG_...}
   * @param plain its layout in our memory
   * @param query which of the primitive's layouts is for it, {@code dnnl_query_..._md}
   */
  DnnlPass reads(int name, MemorySegment plain, int query) {
    MemorySegment tensor = tensor(plain);
    MemorySegment wanted = dnnl_h.dnnl_primitive_desc_query_md(descriptor, query, 0);
    MemorySegment used = tensor;
    if (dnnl_h.dnnl_memory_desc_equal(plain, wanted) == 0) {
      used = internal(wanted);
      before.add(reorder(plain, tensor, wanted, used));
    }
    arguments.add(new Argument(name, used));
    return this;
  }

  /** Adds a tensor that the primitive writes; see {@link #reads}. */
  DnnlPass writes(int name, MemorySegment plain, int query) {
    MemorySegment tensor = tensor(plain);
    MemorySegment wanted = dnnl_h.dnnl_primitive_desc_query_md(descriptor, query, 0);
    MemorySegment used = tensor;
    if (dnnl_h.dnnl_memory_desc_equal(plain, wanted) == 0) {
      used = internal(wanted);
      after.add(reorder(wanted, used, plain, tensor));
    }
    arguments.add(new Argument(name, used));
    return this;
  }

  /** Adds a tensor of one dimension, which has but one layout. */
  DnnlPass vector(int name, MemorySegment plain) {
    arguments.add(new Argument(name, tensor(plain)));
    return this;
  }

  /** Makes the primitive; the last step. */
  DnnlPass build() {
    primitive =
        session.own(
            "dnnl_primitive_create",
            "",
            out -> dnnl_h.dnnl_primitive_create(out, descriptor),
            dnnl_h::dnnl_primitive_destroy);
    MemorySegment scratch =
        dnnl_h.dnnl_primitive_desc_query_md(descriptor, dnnl_h.dnnl_query_scratchpad_md(), 0);
    scratchMemory = memory(scratch);
    session.reserveScratch(dnnl_h.dnnl_memory_desc_get_size(scratch));
    arguments.add(new Argument(dnnl_h.DNNL_ARG_SCRATCHPAD(), scratchMemory));
    execution = execution(arguments);
    return this;
  }

  /** Sets the memory of a tensor, by the order in which they were added. */
  void set(int tensor, MemorySegment data) {
    Dnnl.check(
        dnnl_h.dnnl_memory_set_data_handle(tensors.get(tensor), data),
        "dnnl_memory_set_data_handle");
  }

  /** Reorders, computes, reorders. */
  void run() {
    session.useTeam();
    for (int i = 0; i < before.size(); i++) {
      run(before.get(i).primitive(), 2, before.get(i).arguments());
    }
    compute();
    for (int i = 0; i < after.size(); i++) {
      run(after.get(i).primitive(), 2, after.get(i).arguments());
    }
    Dnnl.check(dnnl_h.dnnl_stream_wait(session.queue()), "dnnl_stream_wait");
  }

  /**
   * Only computes: reads and writes what the last {@link #run} left in oneDNN's layouts. Waits for
   * nothing, and the session's team must be in use.
   */
  void compute() {
    Dnnl.check(
        dnnl_h.dnnl_memory_set_data_handle(scratchMemory, session.scratch()),
        "dnnl_memory_set_data_handle");
    run(primitive, arguments.size(), execution);
  }

  /** Whether a tensor has another layout than ours. */
  boolean reorders() {
    return !before.isEmpty() || !after.isEmpty();
  }

  /** oneDNN's name of the kernel, and how many reorders go with it. */
  String describe() {
    MemorySegment name =
        Dnnl.make(
            "dnnl_primitive_desc_query",
            "",
            out ->
                dnnl_h.dnnl_primitive_desc_query(
                    descriptor, dnnl_h.dnnl_query_impl_info_str(), 0, out));
    int reorders = before.size() + after.size();
    return name.getString(0)
        + (reorders == 0 ? "" : ", " + reorders + (reorders == 1 ? " reorder" : " reorders"));
  }

  private void run(MemorySegment what, int count, MemorySegment with) {
    Dnnl.check(
        dnnl_h.dnnl_primitive_execute(what, session.queue(), count, with),
        "dnnl_primitive_execute");
  }

  private MemorySegment tensor(MemorySegment layout) {
    MemorySegment memory = memory(layout);
    tensors.add(memory);
    return memory;
  }

  private MemorySegment memory(MemorySegment layout) {
    return session.own(
        "dnnl_memory_create",
        "",
        out -> dnnl_h.dnnl_memory_create(out, layout, session.engine(), MemorySegment.NULL),
        dnnl_h::dnnl_memory_destroy);
  }

  private MemorySegment internal(MemorySegment layout) {
    MemorySegment memory = memory(layout);
    MemorySegment data = session.buffer(dnnl_h.dnnl_memory_desc_get_size(layout));
    Dnnl.check(dnnl_h.dnnl_memory_set_data_handle(memory, data), "dnnl_memory_set_data_handle");
    return memory;
  }

  private Reorder reorder(
      MemorySegment fromLayout, MemorySegment from, MemorySegment toLayout, MemorySegment to) {
    MemorySegment copy =
        session.own(
            "dnnl_reorder_primitive_desc_create",
            "",
            out ->
                dnnl_h.dnnl_reorder_primitive_desc_create(
                    out,
                    fromLayout,
                    session.engine(),
                    toLayout,
                    session.engine(),
                    MemorySegment.NULL),
            dnnl_h::dnnl_primitive_desc_destroy);
    MemorySegment made =
        session.own(
            "dnnl_primitive_create",
            "",
            out -> dnnl_h.dnnl_primitive_create(out, copy),
            dnnl_h::dnnl_primitive_destroy);
    return new Reorder(
        made,
        execution(
            List.of(
                new Argument(dnnl_h.DNNL_ARG_FROM(), from),
                new Argument(dnnl_h.DNNL_ARG_TO(), to))));
  }

  private MemorySegment execution(List<Argument> all) {
    MemorySegment array = dnnl_exec_arg_t.allocateArray(all.size(), arena);
    for (int i = 0; i < all.size(); i++) {
      MemorySegment one = dnnl_exec_arg_t.asSlice(array, i);
      dnnl_exec_arg_t.arg(one, all.get(i).name());
      dnnl_exec_arg_t.memory(one, all.get(i).memory());
    }
    return array;
  }
}
