package dev.azulejo.compare.engine.onednn;

import dev.azulejo.bindings.dnnl.dnnl_h;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.Conv2dShape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;

/** The primitives of a convolution with one size of mini-batch. */
final class DnnlConvolutionPasses {
  private final DnnlSession session;
  private final String what;
  private final long[] x;
  private final long[] w;
  private final long[] y;
  private final long[] vector;
  private final long[][] window;
  private final Activation activation;
  private final float slope;
  private final MemorySegment hint;
  private final DnnlPass forward;
  private final DnnlPass gradInput;
  private final DnnlPass gradWeights;
  private DnnlPass forwardUnbiased;
  private DnnlPass gradWeightsOnly;

  DnnlConvolutionPasses(DnnlSession session, Conv2dProblem problem) {
    this.session = session;
    what = problem.toString();
    activation = problem.activation();
    slope = problem.slope();
    Conv2dShape s = problem.shape();
    long batch = problem.batch();
    x = new long[] {batch, s.channels(), s.height(), s.width()};
    y = new long[] {batch, s.filters(), s.outputHeight(), s.outputWidth()};
    w = weights(s);
    vector = new long[] {s.filters()};
    window = window(s);
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

  /** [filters][channels / groups][rows][columns], with the groups in front where there are any. */
  private static long[] weights(Conv2dShape s) {
    long g = s.groups();
    return g == 1
        ? new long[] {s.filters(), s.channels(), s.kernelHeight(), s.kernelWidth()}
        : new long[] {g, s.filters() / g, s.channels() / g, s.kernelHeight(), s.kernelWidth()};
  }

  /** Strides, dilations (0 is dense), padding before and after. */
  private static long[][] window(Conv2dShape s) {
    return new long[][] {
      {s.strideHeight(), s.strideWidth()},
      {s.dilationHeight() - 1, s.dilationWidth() - 1},
      {s.paddingHeight(), s.paddingWidth()},
      {
        // oneDNN takes rows that no window reaches for an error: here they are negative padding.
        (s.outputHeight() - 1) * s.strideHeight()
            + (s.kernelHeight() - 1) * s.dilationHeight()
            + 1
            - s.height()
            - s.paddingHeight(),
        (s.outputWidth() - 1) * s.strideWidth()
            + (s.kernelWidth() - 1) * s.dilationWidth()
            + 1
            - s.width()
            - s.paddingWidth()
      }
    };
  }

  private MemorySegment makeHint(boolean biased) {
    int kind =
        session.training() ? dnnl_h.dnnl_forward_training() : dnnl_h.dnnl_forward_inference();
    MemorySegment xs = any(x);
    MemorySegment ws = any(w);
    MemorySegment bs = biased ? plain(vector) : MemorySegment.NULL;
    MemorySegment ys = any(y);
    MemorySegment attributes = DnnlAttributes.of(session, activation, slope);
    return descriptor(
        "dnnl_convolution_forward_primitive_desc_create",
        dims ->
            out ->
                dnnl_h.dnnl_convolution_forward_primitive_desc_create(
                    out,
                    session.engine(),
                    kind,
                    dnnl_h.dnnl_convolution_auto(),
                    xs,
                    ws,
                    bs,
                    ys,
                    dims[0],
                    dims[1],
                    dims[2],
                    dims[3],
                    attributes));
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
        descriptor(
            "dnnl_convolution_backward_data_primitive_desc_create",
            dims ->
                out ->
                    dnnl_h.dnnl_convolution_backward_data_primitive_desc_create(
                        out,
                        session.engine(),
                        dnnl_h.dnnl_convolution_auto(),
                        xs,
                        ws,
                        ys,
                        dims[0],
                        dims[1],
                        dims[2],
                        dims[3],
                        hint,
                        attributes));
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
        descriptor(
            "dnnl_convolution_backward_weights_primitive_desc_create",
            dims ->
                out ->
                    dnnl_h.dnnl_convolution_backward_weights_primitive_desc_create(
                        out,
                        session.engine(),
                        dnnl_h.dnnl_convolution_auto(),
                        xs,
                        ws,
                        bias,
                        ys,
                        dims[0],
                        dims[1],
                        dims[2],
                        dims[3],
                        hint,
                        attributes));
    DnnlPass pass =
        new DnnlPass(session, descriptor)
            .reads(dnnl_h.DNNL_ARG_SRC(), plain(x), dnnl_h.dnnl_query_src_md())
            .reads(dnnl_h.DNNL_ARG_DIFF_DST(), plain(y), dnnl_h.dnnl_query_diff_dst_md())
            .writes(dnnl_h.DNNL_ARG_DIFF_WEIGHTS(), plain(w), dnnl_h.dnnl_query_diff_weights_md());
    return (withBias ? pass.vector(dnnl_h.DNNL_ARG_DIFF_BIAS(), bias) : pass).build();
  }

  private MemorySegment descriptor(String function, Function<MemorySegment[], Dnnl.Maker> maker) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment[] dims = new MemorySegment[window.length];
      for (int i = 0; i < dims.length; i++) {
        dims[i] = Dnnl.dims(arena, window[i]);
      }
      return session.own(function, what, maker.apply(dims), dnnl_h::dnnl_primitive_desc_destroy);
    }
  }

  private MemorySegment plain(long[] sizes) {
    return DnnlLayout.plain(session, sizes);
  }

  private MemorySegment any(long[] sizes) {
    return DnnlLayout.any(session, sizes);
  }
}
