// y = exp(x) / sum exp(x) by row, and grad_x = y (grad_y - sum grad_y y) (azulejo.h).
//
//   x, y, grad_y, grad_x [rows][classes]; a warp or a block per row, row_team.cuh
//
// Stable: exp(x - max). The row is read from memory once and then found in the cache; the exponentials of the second
// pass are computed again in the third rather than stored. In place is allowed: only the last pass writes, each thread
// what only it reads in that pass.
#include "kernels.hpp"
#include "row_team.cuh"

namespace azj::cuda {

namespace {

template <class Team>
__global__ __launch_bounds__(kRowThreads) void forward_kernel(int64_t rows, int64_t classes, const float* x, float* y) {
  const Team team;
  for (int64_t r = team.first_row(); r < rows; r += team.row_step()) {
    const float* from = x + r * classes;
    float* to = y + r * classes;
    float largest = -INFINITY;
    for (int64_t c = team.rank(); c < classes; c += Team::kSize) largest = fmaxf(largest, from[c]);
    largest = team.reduce(largest, Largest{});
    double sum = 0;
    for (int64_t c = team.rank(); c < classes; c += Team::kSize) sum += expf(from[c] - largest);
    const float inverse = static_cast<float>(1 / team.reduce(sum, Add{}));
    for (int64_t c = team.rank(); c < classes; c += Team::kSize) to[c] = expf(from[c] - largest) * inverse;
  }
}

template <class Team>
__global__ __launch_bounds__(kRowThreads) void backward_kernel(int64_t rows, int64_t classes, const float* y,
                                                               const float* grad_y, float* grad_x) {
  const Team team;
  for (int64_t r = team.first_row(); r < rows; r += team.row_step()) {
    const float* p = y + r * classes;
    const float* g = grad_y + r * classes;
    float* to = grad_x + r * classes;
    double sum = 0;
    for (int64_t c = team.rank(); c < classes; c += Team::kSize) sum += static_cast<double>(g[c]) * p[c];
    const float dot = static_cast<float>(team.reduce(sum, Add{}));
    for (int64_t c = team.rank(); c < classes; c += Team::kSize) to[c] = p[c] * (g[c] - dot);
  }
}

}  // namespace

void softmax_forward(cudaStream_t stream, int64_t rows, int64_t classes, const float* x, float* y) {
  launch_rows(forward_kernel<WarpTeam>, forward_kernel<BlockTeam>, stream, rows, classes, x, y);
}

void softmax_backward(cudaStream_t stream, int64_t rows, int64_t classes, const float* y, const float* grad_y,
                      float* grad_x) {
  launch_rows(backward_kernel<WarpTeam>, backward_kernel<BlockTeam>, stream, rows, classes, y, grad_y, grad_x);
}

}  // namespace azj::cuda
