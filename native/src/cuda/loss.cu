// Losses by row, each with its gradient in the same launch, and argmax (azulejo.h; T(2.3), T(2.4), T(3.26)).
//
//   x, targets, grad [rows][columns]; labels, predictions [rows] int32; losses, hits [rows]
//   a warp or a block per row, row_team.cuh
//
// In place (grad == x) is allowed: each element is overwritten by the thread that alone reads it, the one at the label
// after all have it. A kernel cannot refuse a label outside the classes; its row becomes NaN.
#include "kernels.hpp"
#include "row_team.cuh"

namespace azj::cuda {

namespace {

template <class Team>
__global__ __launch_bounds__(kRowThreads, kResidentBlocks) void softmax_cross_entropy_kernel(
    int64_t rows, int64_t classes, const float* x, const int32_t* labels, float grad_scale, float* losses,
    float* grad) {
  const Team team;
  for (int64_t r = team.first_row(); r < rows; r += team.row_step()) {
    const float* from = x + r * classes;
    float* to = grad == nullptr ? nullptr : grad + r * classes;
    const int32_t label = labels[r];
    if (label < 0 || label >= classes) {
      for (int64_t c = team.rank(); to != nullptr && c < classes; c += Team::kSize) to[c] = NAN;
      if (team.rank() == 0) losses[r] = NAN;
      continue;
    }
    float largest = -INFINITY;
    for (int64_t c = team.rank(); c < classes; c += Team::kSize) largest = fmaxf(largest, from[c]);
    largest = team.reduce(largest, Largest{});
    const float at_label = from[label];
    team.synchronize();
    double sum = 0;
    for (int64_t c = team.rank(); c < classes; c += Team::kSize) sum += expf(from[c] - largest);
    sum = team.reduce(sum, Add{});
    if (team.rank() == 0) losses[r] = static_cast<float>(log(sum) + (static_cast<double>(largest) - at_label));
    if (to == nullptr) continue;
    const float factor = static_cast<float>(grad_scale / sum);
    // exp - sum before the division: p - 1 would lose the digits of a confident row.
    const float label_grad = static_cast<float>((expf(at_label - largest) - sum) / sum * grad_scale);
    for (int64_t c = team.rank(); c < classes; c += Team::kSize) {
      to[c] = c == label ? label_grad : expf(from[c] - largest) * factor;
    }
  }
}

template <class Team>
__global__ __launch_bounds__(kRowThreads) void sigmoid_cross_entropy_kernel(int64_t rows, int64_t classes,
                                                                            const float* x, const float* targets,
                                                                            float grad_scale, float* losses,
                                                                            float* grad) {
  const Team team;
  for (int64_t r = team.first_row(); r < rows; r += team.row_step()) {
    double loss = 0;
    for (int64_t i = r * classes + team.rank(); i < (r + 1) * classes; i += Team::kSize) {
      const float value = x[i], target = targets[i];
      const float e = expf(-fabsf(value));  // what sigmoid and its cross-entropy share; never overflows
      loss += (value < 0.0f ? 0.0f : value) - value * target + log1pf(e);
      if (grad != nullptr) grad[i] = grad_scale * ((value < 0.0f ? e : 1.0f) / (1.0f + e) - target);
    }
    loss = team.reduce(loss, Add{});
    if (team.rank() == 0) losses[r] = static_cast<float>(loss);
  }
}

template <class Team>
__global__ __launch_bounds__(kRowThreads) void mean_squared_error_kernel(int64_t rows, int64_t columns, const float* x,
                                                                         const float* targets, float grad_scale,
                                                                         float* losses, float* grad) {
  const Team team;
  const float factor = static_cast<float>(2.0 * grad_scale / static_cast<double>(columns));
  for (int64_t r = team.first_row(); r < rows; r += team.row_step()) {
    double loss = 0;
    for (int64_t i = r * columns + team.rank(); i < (r + 1) * columns; i += Team::kSize) {
      const float difference = x[i] - targets[i];
      loss += static_cast<double>(difference) * difference;
      if (grad != nullptr) grad[i] = factor * difference;
    }
    loss = team.reduce(loss, Add{});
    if (team.rank() == 0) losses[r] = static_cast<float>(loss / static_cast<double>(columns));
  }
}

template <class Team>
__global__ __launch_bounds__(kRowThreads) void argmax_kernel(int64_t rows, int64_t classes, const float* x,
                                                             const int32_t* labels, int32_t* predictions, float* hits) {
  const Team team;
  for (int64_t r = team.first_row(); r < rows; r += team.row_step()) {
    const float* from = x + r * classes;
    unsigned long long best = 0;  // below the key of every value
    for (int64_t c = team.rank(); c < classes; c += Team::kSize) {
      best = Largest{}(best, argmax_key(from[c], static_cast<uint32_t>(c)));
    }
    const auto prediction = static_cast<int32_t>(argmax_index(team.reduce(best, Largest{})));
    if (team.rank() != 0) continue;
    predictions[r] = prediction;
    if (hits != nullptr) hits[r] = prediction == labels[r] ? 1.0f : 0.0f;
  }
}

}  // namespace

void softmax_cross_entropy(cudaStream_t stream, int64_t rows, int64_t classes, const float* x, const int32_t* labels,
                           float grad_scale, float* losses, float* grad) {
  launch_rows(softmax_cross_entropy_kernel<WarpTeam>, softmax_cross_entropy_kernel<BlockTeam>, stream, rows, classes, x,
              labels, grad_scale, losses, grad);
}

void sigmoid_cross_entropy(cudaStream_t stream, int64_t rows, int64_t classes, const float* x, const float* targets,
                           float grad_scale, float* losses, float* grad) {
  launch_rows(sigmoid_cross_entropy_kernel<WarpTeam>, sigmoid_cross_entropy_kernel<BlockTeam>, stream, rows, classes, x,
              targets, grad_scale, losses, grad);
}

void mean_squared_error(cudaStream_t stream, int64_t rows, int64_t columns, const float* x, const float* targets,
                        float grad_scale, float* losses, float* grad) {
  launch_rows(mean_squared_error_kernel<WarpTeam>, mean_squared_error_kernel<BlockTeam>, stream, rows, columns, x,
              targets, grad_scale, losses, grad);
}

void argmax(cudaStream_t stream, int64_t rows, int64_t classes, const float* x, const int32_t* labels,
            int32_t* predictions, float* hits) {
  launch_rows(argmax_kernel<WarpTeam>, argmax_kernel<BlockTeam>, stream, rows, classes, x, labels, predictions, hits);
}

}  // namespace azj::cuda
