// azulejo.h: one function per operation. Each checks its arguments and hands them to the stream's backend.
#include "api.hpp"
#include "validate.hpp"

using namespace azj;

// ---- elementwise and reductions

azj_status azj_fill(azj_stream* stream, int64_t count, float value, float* x) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_vector(count);
    check_pointer("x", x);
    stream->fill(count, value, x);
  });
}

azj_status azj_scale(azj_stream* stream, int64_t count, float alpha, float* x) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_vector(count);
    check_pointer("x", x);
    stream->scale(count, alpha, x);
  });
}

azj_status azj_axpy(azj_stream* stream, int64_t count, float alpha, const float* x, float* y) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_vector(count);
    check_pointer("x", x);
    check_pointer("y", y);
    stream->axpy(count, alpha, x, y);
  });
}

azj_status azj_sum(azj_stream* stream, int64_t count, float alpha, const float* x, float beta, float* result) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_vector(count);
    check_pointer("x", x);
    check_pointer("result", result);
    stream->sum(count, alpha, x, beta, result);
  });
}

// ---- GEMM

azj_status azj_gemm(azj_stream* stream, const azj_gemm_desc* desc, const float* a, const float* b, float* c) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_gemm(desc);
    check_pointer("a", a);
    check_pointer("b", b);
    check_pointer("c", c);
    stream->gemm(*desc, GemmBatch{}, a, b, c);
  });
}

azj_status azj_gemm_batched(azj_stream* stream, const azj_gemm_desc* desc, int64_t batch, int64_t stride_a,
                            int64_t stride_b, int64_t stride_c, const float* a, const float* b, float* c) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_gemm(desc);
    const GemmBatch products{batch, stride_a, stride_b, stride_c};
    check_gemm_batch(*desc, products);
    check_pointer("a", a);
    check_pointer("b", b);
    check_pointer("c", c);
    stream->gemm(*desc, products, a, b, c);
  });
}

azj_status azj_gemm_choice(azj_stream* stream, const azj_gemm_desc* desc, int64_t batch, int32_t* algorithm) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_gemm(desc);
    check_at_least("batch", batch, 1);
    check_pointer("algorithm", algorithm);
    *algorithm = stream->gemm_choice(*desc, batch);
  });
}

// ---- activations

azj_status azj_activation_forward(azj_stream* stream, int32_t activation, float slope, int64_t count, const float* x,
                                  float* y) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_activation(activation, slope);
    check_vector(count);
    check_pointer("x", x);
    check_pointer("y", y);
    stream->activation_forward(activation, slope, count, x, y);
  });
}

azj_status azj_activation_backward(azj_stream* stream, int32_t activation, float slope, int64_t count, const float* y,
                                   const float* grad_y, float* grad_x) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_activation(activation, slope);
    check_vector(count);
    check_pointer("y", y);
    check_pointer("grad_y", grad_y);
    check_pointer("grad_x", grad_x);
    stream->activation_backward(activation, slope, count, y, grad_y, grad_x);
  });
}

azj_status azj_softmax_forward(azj_stream* stream, int64_t rows, int64_t classes, const float* x, float* y) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_matrix("rows", rows, "classes", classes);
    check_pointer("x", x);
    check_pointer("y", y);
    stream->softmax_forward(rows, classes, x, y);
  });
}

azj_status azj_softmax_backward(azj_stream* stream, int64_t rows, int64_t classes, const float* y, const float* grad_y,
                                float* grad_x) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_matrix("rows", rows, "classes", classes);
    check_pointer("y", y);
    check_pointer("grad_y", grad_y);
    check_pointer("grad_x", grad_x);
    stream->softmax_backward(rows, classes, y, grad_y, grad_x);
  });
}

// ---- dense

azj_status azj_dense_forward(azj_stream* stream, const azj_dense_desc* desc, const float* x, const float* w,
                             const float* bias, float* y) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_dense(desc);
    check_pointer("x", x);
    check_pointer("w", w);
    check_optional("bias", bias);
    check_pointer("y", y);
    stream->dense_forward(*desc, x, w, bias, y);
  });
}

azj_status azj_dense_grad_input(azj_stream* stream, const azj_dense_desc* desc, const float* grad_z, const float* w,
                                float* grad_x) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_dense(desc);
    check_pointer("grad_z", grad_z);
    check_pointer("w", w);
    check_pointer("grad_x", grad_x);
    stream->dense_grad_input(*desc, grad_z, w, grad_x);
  });
}

azj_status azj_dense_grad_weights(azj_stream* stream, const azj_dense_desc* desc, const float* x, const float* grad_z,
                                  float* grad_w) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_dense(desc);
    check_pointer("x", x);
    check_pointer("grad_z", grad_z);
    check_pointer("grad_w", grad_w);
    stream->dense_grad_weights(*desc, x, grad_z, grad_w);
  });
}

azj_status azj_dense_grad_bias(azj_stream* stream, const azj_dense_desc* desc, const float* grad_z, float* grad_bias) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_dense(desc);
    check_pointer("grad_z", grad_z);
    check_pointer("grad_bias", grad_bias);
    stream->dense_grad_bias(*desc, grad_z, grad_bias);
  });
}

// ---- losses

azj_status azj_softmax_cross_entropy(azj_stream* stream, int64_t rows, int64_t classes, const float* x,
                                     const int32_t* labels, float grad_scale, float* losses, float* grad) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_classes(rows, classes);
    check_pointer("x", x);
    check_pointer("labels", labels);
    check_pointer("losses", losses);
    check_optional("grad", grad);
    stream->softmax_cross_entropy(rows, classes, x, labels, grad_scale, losses, grad);
  });
}

azj_status azj_sigmoid_cross_entropy(azj_stream* stream, int64_t rows, int64_t classes, const float* x,
                                     const float* targets, float grad_scale, float* losses, float* grad) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_matrix("rows", rows, "classes", classes);
    check_pointer("x", x);
    check_pointer("targets", targets);
    check_pointer("losses", losses);
    check_optional("grad", grad);
    stream->sigmoid_cross_entropy(rows, classes, x, targets, grad_scale, losses, grad);
  });
}

azj_status azj_mean_squared_error(azj_stream* stream, int64_t rows, int64_t columns, const float* x,
                                  const float* targets, float grad_scale, float* losses, float* grad) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_matrix("rows", rows, "columns", columns);
    check_pointer("x", x);
    check_pointer("targets", targets);
    check_pointer("losses", losses);
    check_optional("grad", grad);
    stream->mean_squared_error(rows, columns, x, targets, grad_scale, losses, grad);
  });
}

azj_status azj_argmax(azj_stream* stream, int64_t rows, int64_t classes, const float* x, const int32_t* labels,
                      int32_t* predictions, float* hits) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_classes(rows, classes);
    check_pointer("x", x);
    if (hits != nullptr) check_pointer("labels", labels);
    check_pointer("predictions", predictions);
    check_optional("hits", hits);
    stream->argmax(rows, classes, x, labels, predictions, hits);
  });
}

// ---- optimisers

azj_status azj_sgd(azj_stream* stream, const azj_sgd_settings* settings, int64_t count, const float* g, float* w,
                   float* v) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_pointer("settings", settings);
    check_vector(count);
    check_pointer("g", g);
    check_pointer("w", w);
    check_optional("v", v);
    stream->sgd(settings, count, g, w, v);
  });
}

azj_status azj_adam(azj_stream* stream, const azj_adam_settings* settings, int64_t count, const float* g, float* w,
                    float* m, float* v) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_pointer("settings", settings);
    check_vector(count);
    check_pointer("g", g);
    check_pointer("w", w);
    check_pointer("m", m);
    check_pointer("v", v);
    stream->adam(settings, count, g, w, m, v);
  });
}
