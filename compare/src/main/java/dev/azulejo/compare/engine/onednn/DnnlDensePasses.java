package dev.azulejo.compare.engine.onednn;

import dev.azulejo.bindings.dnnl.dnnl_h;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.DenseProblem;
import java.lang.foreign.MemorySegment;

/** The primitives of a dense layer with one size of mini-batch. */
final class DnnlDensePasses {
  private final DnnlSession session;
  private final String what;
  private final long[] x;
  private final long[] w;
  private final long[] y;
  private final long[] vector;
  private final Activation activation;
  private final float slope;
  private final MemorySegment hint;
  private final DnnlPass forward;
  private final DnnlPass gradInput;
  private final DnnlPass gradWeights;
  private DnnlPass forwardUnbiased;
  private DnnlPass gradWeightsOnly;

  DnnlDensePasses(DnnlSession session, DenseProblem problem) {
    this.session = session;
    what = problem.toString();
    activation = problem.activation();
    slope = problem.slope();
    x = new long[] {problem.batch(), problem.inputs()};
    w = new long[] {problem.outputs(), problem.inputs()};
    y = new long[] {problem.batch(), problem.outputs()};
    vector = new long[] {problem.outputs()};
    hint = makeHint(true);
    forward = makeForward(hint, true);
    gradInput = session.training() ? makeGradInput() : null;
    gradWeights = session.training() ? makeGradWeights(true) : null;
  }

  /**
   * @param biased whether a bias is added; the pass without is made when it is first asked for, as
   *     no layer does
   */
  DnnlPass forward(boolean biased) {
    if (!biased && forwardUnbiased == null) {
      forwardUnbiased = makeForward(makeHint(false), false);
    }
    return biased ? forward : forwardUnbiased;
  }

  DnnlPass gradInput() {
    return trained(gradInput);
  }

  /**
   * @param biased whether the gradient to the bias is computed, too; see {@link #forward}
   */
  DnnlPass gradWeights(boolean biased) {
    trained(gradWeights);
    if (!biased && gradWeightsOnly == null) {
      gradWeightsOnly = makeGradWeights(false);
    }
    return biased ? gradWeights : gradWeightsOnly;
  }

  private static DnnlPass trained(DnnlPass pass) {
    if (pass == null) {
      throw new IllegalStateException("a gradient of a session that was opened for inference");
    }
    return pass;
  }

  private MemorySegment makeHint(boolean biased) {
    int kind =
        session.training() ? dnnl_h.dnnl_forward_training() : dnnl_h.dnnl_forward_inference();
    MemorySegment xs = any(x);
    MemorySegment ws = any(w);
    MemorySegment bs = biased ? plain(vector) : MemorySegment.NULL;
    MemorySegment ys = any(y);
    MemorySegment attributes = DnnlAttributes.of(session, activation, slope);
    return session.own(
        "dnnl_inner_product_forward_primitive_desc_create",
        what,
        out ->
            dnnl_h.dnnl_inner_product_forward_primitive_desc_create(
                out, session.engine(), kind, xs, ws, bs, ys, attributes),
        dnnl_h::dnnl_primitive_desc_destroy);
  }

  private DnnlPass makeForward(MemorySegment descriptor, boolean biased) {
    DnnlPass pass =
        new DnnlPass(session, descriptor)
            .reads(dnnl_h.DNNL_ARG_SRC(), plain(x), dnnl_h.dnnl_query_src_md())
            .reads(dnnl_h.DNNL_ARG_WEIGHTS(), plain(w), dnnl_h.dnnl_query_weights_md())
            .writes(dnnl_h.DNNL_ARG_DST(), plain(y), dnnl_h.dnnl_query_dst_md());
    return (biased ? pass.vector(dnnl_h.DNNL_ARG_BIAS(), plain(vector)) : pass).build();
  }

  private DnnlPass makeGradInput() {
    MemorySegment xs = any(x);
    MemorySegment ws = any(w);
    MemorySegment ys = any(y);
    MemorySegment attributes = DnnlAttributes.of(session);
    MemorySegment descriptor =
        session.own(
            "dnnl_inner_product_backward_data_primitive_desc_create",
            what,
            out ->
                dnnl_h.dnnl_inner_product_backward_data_primitive_desc_create(
                    out, session.engine(), xs, ws, ys, hint, attributes),
            dnnl_h::dnnl_primitive_desc_destroy);
    return new DnnlPass(session, descriptor)
        .reads(dnnl_h.DNNL_ARG_DIFF_DST(), plain(y), dnnl_h.dnnl_query_diff_dst_md())
        .reads(dnnl_h.DNNL_ARG_WEIGHTS(), plain(w), dnnl_h.dnnl_query_weights_md())
        .writes(dnnl_h.DNNL_ARG_DIFF_SRC(), plain(x), dnnl_h.dnnl_query_diff_src_md())
        .build();
  }

  private DnnlPass makeGradWeights(boolean withBias) {
    MemorySegment xs = any(x);
    MemorySegment ws = any(w);
    MemorySegment ys = any(y);
    MemorySegment bias = withBias ? plain(vector) : MemorySegment.NULL;
    MemorySegment attributes = DnnlAttributes.of(session);
    MemorySegment descriptor =
        session.own(
            "dnnl_inner_product_backward_weights_primitive_desc_create",
            what,
            out ->
                dnnl_h.dnnl_inner_product_backward_weights_primitive_desc_create(
                    out, session.engine(), xs, ws, bias, ys, hint, attributes),
            dnnl_h::dnnl_primitive_desc_destroy);
    DnnlPass pass =
        new DnnlPass(session, descriptor)
            .reads(dnnl_h.DNNL_ARG_SRC(), plain(x), dnnl_h.dnnl_query_src_md())
            .reads(dnnl_h.DNNL_ARG_DIFF_DST(), plain(y), dnnl_h.dnnl_query_diff_dst_md())
            .writes(dnnl_h.DNNL_ARG_DIFF_WEIGHTS(), plain(w), dnnl_h.dnnl_query_diff_weights_md());
    return (withBias ? pass.vector(dnnl_h.DNNL_ARG_DIFF_BIAS(), bias) : pass).build();
  }

  private MemorySegment plain(long[] sizes) {
    return DnnlLayout.plain(session, sizes);
  }

  private MemorySegment any(long[] sizes) {
    return DnnlLayout.any(session, sizes);
  }
}
