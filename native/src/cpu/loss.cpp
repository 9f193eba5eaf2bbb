// Losses by row, each with its gradient in the same pass, and argmax.
#include "grain.hpp"
#include "operations.hpp"
#include "rows.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// One row of the softmax cross-entropy; grad may be null or x.
inline float softmax_cross_entropy_row(const float* x, int64_t classes, int32_t label, float scale, float* grad) {
  if (label < 0 || label >= classes) {
    for (int64_t c = 0; grad != nullptr && c < classes; ++c) grad[c] = __builtin_nanf("");
    return __builtin_nanf("");
  }
  const float largest = row_maximum(x, classes);
  const float at_label = x[label];  // before grad overwrites it
  const double sum = row_exponentials(x, classes, largest, grad);
  if (grad != nullptr) {
    // exp - sum before the division: p - 1 would lose the digits of a confident row.
    const double at_label_grad = (grad[label] - sum) / sum * scale;
    const float factor = static_cast<float>(scale / sum);
#pragma omp simd
    for (int64_t c = 0; c < classes; ++c) grad[c] *= factor;
    grad[label] = static_cast<float>(at_label_grad);
  }
  return static_cast<float>(__builtin_log(sum) + (static_cast<double>(largest) - at_label));
}

// The two parts of x that sigmoid and its cross-entropy share: z = exp(-|x|).
AZJ_ALWAYS_INLINE float sigmoid_loss(float x, float target) {
  const float z = exponential(-__builtin_fabsf(x));
  return (x < 0.0f ? 0.0f : x) - x * target + log_one_plus(z);
}

inline float sigmoid_cross_entropy_row(const float* x, const float* targets, int64_t classes, float scale,
                                       float* grad) {
  double loss = 0;
  if (grad == nullptr) {
#pragma omp simd reduction(+ : loss)
    for (int64_t c = 0; c < classes; ++c) loss += sigmoid_loss(x[c], targets[c]);
  } else {
#pragma omp simd reduction(+ : loss)
    for (int64_t c = 0; c < classes; ++c) {
      const float value = x[c];
      const float target = targets[c];
      loss += sigmoid_loss(value, target);
      grad[c] = scale * (sigmoid(value) - target);
    }
  }
  return static_cast<float>(loss);
}

inline float mean_squared_error_row(const float* x, const float* targets, int64_t columns, float scale, float* grad) {
  double loss = 0;
  const float factor = static_cast<float>(2.0 * scale / static_cast<double>(columns));
  if (grad == nullptr) {
#pragma omp simd reduction(+ : loss)
    for (int64_t c = 0; c < columns; ++c) {
      const float difference = x[c] - targets[c];
      loss += static_cast<double>(difference) * difference;
    }
  } else {
#pragma omp simd reduction(+ : loss)
    for (int64_t c = 0; c < columns; ++c) {
      const float difference = x[c] - targets[c];
      loss += static_cast<double>(difference) * difference;
      grad[c] = factor * difference;
    }
  }
  return static_cast<float>(loss / static_cast<double>(columns));
}

inline int32_t argmax_row(const float* x, int64_t classes) {
  int64_t best = 0;
  for (int64_t c = 0; c < classes; ++c) {
    if (x[c] != x[c]) return static_cast<int32_t>(c);
    if (x[c] > x[best]) best = c;
  }
  return static_cast<int32_t>(best);
}

// row(r, grad of row r or null) gives the loss of row r.
template <class Row>
inline void rows_with_loss(Team& team, int64_t rows, int64_t columns, int64_t grain, float* losses, float* grad,
                           Row row) {
  team.parallel(rows, rows_per_grain(columns, grain), [=](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) losses[r] = row(r, grad == nullptr ? nullptr : grad + r * columns);
  });
}

}  // namespace

void Stream::softmax_cross_entropy(int64_t rows, int64_t classes, const float* x, const int32_t* labels,
                                   float grad_scale, float* losses, float* grad) {
  rows_with_loss(team_, rows, classes, kExponentialGrain, losses, grad, [=](int64_t r, float* row_grad) {
    return softmax_cross_entropy_row(x + r * classes, classes, labels[r], grad_scale, row_grad);
  });
}

void Stream::sigmoid_cross_entropy(int64_t rows, int64_t classes, const float* x, const float* targets,
                                   float grad_scale, float* losses, float* grad) {
  rows_with_loss(team_, rows, classes, kExponentialGrain, losses, grad, [=](int64_t r, float* row_grad) {
    return sigmoid_cross_entropy_row(x + r * classes, targets + r * classes, classes, grad_scale, row_grad);
  });
}

void Stream::mean_squared_error(int64_t rows, int64_t columns, const float* x, const float* targets, float grad_scale,
                                float* losses, float* grad) {
  rows_with_loss(team_, rows, columns, kGrain, losses, grad, [=](int64_t r, float* row_grad) {
    return mean_squared_error_row(x + r * columns, targets + r * columns, columns, grad_scale, row_grad);
  });
}

void Stream::argmax(int64_t rows, int64_t classes, const float* x, const int32_t* labels, int32_t* predictions,
                    float* hits) {
  team_.parallel(rows, rows_per_grain(classes, kGrain), [=](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) {
      predictions[r] = argmax_row(x + r * classes, classes);
      if (hits != nullptr) hits[r] = predictions[r] == labels[r] ? 1.0f : 0.0f;
    }
  });
}

}  // namespace azj::cpu::AZJ_ISA
