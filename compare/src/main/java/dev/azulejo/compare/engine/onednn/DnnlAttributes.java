package dev.azulejo.compare.engine.onednn;

import dev.azulejo.bindings.dnnl.dnnl_h;
import dev.azulejo.ops.Activation;
import java.lang.foreign.MemorySegment;

/** Attributes of a primitive: the caller's scratch memory, the arithmetic, an activation. */
final class DnnlAttributes {
  private DnnlAttributes() {}

  /** Attributes without activation, owned by the session. */
  static MemorySegment of(DnnlSession session) {
    MemorySegment attributes =
        session.own(
            "dnnl_primitive_attr_create",
            "",
            dnnl_h::dnnl_primitive_attr_create,
            dnnl_h::dnnl_primitive_attr_destroy);
    Dnnl.check(
        dnnl_h.dnnl_primitive_attr_set_scratchpad_mode(
            attributes, dnnl_h.dnnl_scratchpad_mode_user()),
        "dnnl_primitive_attr_set_scratchpad_mode");
    Dnnl.check(
        dnnl_h.dnnl_primitive_attr_set_fpmath_mode(attributes, session.mathMode()),
        "dnnl_primitive_attr_set_fpmath_mode");
    return attributes;
  }

  /** Attributes with an activation of what the primitive computed. */
  static MemorySegment of(DnnlSession session, Activation activation, float slope) {
    MemorySegment attributes = of(session);
    if (activation == Activation.IDENTITY) {
      return attributes;
    }
    MemorySegment after =
        session.own(
            "dnnl_post_ops_create",
            "",
            dnnl_h::dnnl_post_ops_create,
            dnnl_h::dnnl_post_ops_destroy);
    // oneDNN's relu with alpha is alpha * z for z <= 0: the leaky one.
    int kind =
        switch (activation) {
          case RELU, LEAKY_RELU -> dnnl_h.dnnl_eltwise_relu();
          case SIGMOID -> dnnl_h.dnnl_eltwise_logistic();
          case TANH -> dnnl_h.dnnl_eltwise_tanh();
          case IDENTITY -> throw new AssertionError(activation);
        };
    float alpha = activation == Activation.LEAKY_RELU ? slope : 0;
    Dnnl.check(
        dnnl_h.dnnl_post_ops_append_eltwise(after, kind, alpha, 0), "dnnl_post_ops_append_eltwise");
    Dnnl.check(
        dnnl_h.dnnl_primitive_attr_set_post_ops(attributes, after),
        "dnnl_primitive_attr_set_post_ops");
    return attributes;
  }
}
