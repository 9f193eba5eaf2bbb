// The implicit GEMM with samples in the lanes: for mini-batches of small images with few channels, whose rows would leave
// lanes empty. kLanes samples are laid side by side (lanes.hpp), so that every product of the convolution is one
// multiply-add of whole vectors, whatever the sizes of image and kernel:
//   strip[plane][row][column][sample]
// A thread takes a band of output rows of one group of channels of kLanes samples at a time.
#pragma once

#include "conv2d_implicit.hpp"
#include "lanes.hpp"

namespace azj::cpu::AZJ_ISA {

// Rows of some planes of up to kLanes samples, and columns from `origin` on, which may lie on the padding.
struct SampleStrip {
  SampleStrip(int64_t planes, int64_t height, int64_t width, int64_t rows, int64_t columns, int64_t origin)
      : planes(planes), height(height), width(width), columns(columns), origin(origin), row(columns * kLanes),
        plane(rows * row + kLanes), floats(planes * plane) {}  // a line more: planes must not fall into one cache set

  // strip[p][r][c][lane] = x[lane][p][first + r][origin + c], zero where no column is; rows first..last-1 exist.
  void load_rows(const float* x, int64_t sample_distance, int64_t samples, int64_t first, int64_t last,
                 float* strip) const;

  int64_t planes, height, width;  // of x
  int64_t columns, origin;        // of the strip
  int64_t row, plane;             // floats from one to the next
  int64_t floats;
};

// Groups of kLanes samples, the last one with fewer, and bands of output rows.
struct SampleGrid {
  // Bands of a multiple of `unit` rows, which divides the number of rows.
  SampleGrid(const Team& team, const Correlation& c, int64_t unit = 1);

  int64_t blocks;     // of samples
  int64_t most_rows;  // of a band, whatever the batch and the threads
  int64_t bands;      // of a plane of outputs
  int64_t band_rows;  // of all bands but the last
  int64_t units;      // blocks * groups * bands: what threads share
};

// One of the units: samples sample..sample+samples-1, group g, output rows row..row_end-1.
struct SampleUnit {
  SampleUnit(const Correlation& c, const SampleGrid& grid, int64_t unit);

  int64_t g, sample, samples, row, row_end;
};

// The input rows that output rows begin..end-1 read, of those that exist.
struct InputRows {
  InputRows(const Axis& rows, int64_t begin, int64_t end);
  static int64_t most(const Axis& rows, int64_t outputs) {
    return min(rows.input, (outputs - 1) * rows.stride + (rows.taps - 1) * rows.dilation + 1);
  }
  int64_t first, last;  // last excluded
};

// Whether samples in the lanes are faster than outputs in the lanes, by the shape of a pass and the size of the batch.
bool conv2d_samples_pays(const azj_conv2d_desc& d, int32_t pass);

// For the batch and every smaller one; 0 where samples in the lanes pay for none of them.
uint64_t conv2d_samples_workspace_bytes(const Team& team, const azj_conv2d_desc& d, int32_t pass);
uint64_t conv2d_samples_correlate_workspace_bytes(const Team& team, const Correlation& c);
void conv2d_samples_correlate(Team& team, const Correlation& c, const float* x, const float* w, const float* bias,
                              int32_t activation, float slope, float* y, float* workspace);
// The same for a convolution that ends in max pooling; `c` is Correlation::pooled().
uint64_t conv2d_samples_pool_workspace_bytes(const Team& team, const azj_conv2d_desc& d);
void conv2d_samples_pool(Team& team, const Correlation& c, const float* x, const float* w, const float* bias,
                         int32_t activation, float slope, const Pooled& y, float* workspace);
uint64_t conv2d_samples_correlate_pool_workspace_bytes(const Team& team, const Correlation& c);

uint64_t conv2d_samples_weights_workspace_bytes(const Team& team, const azj_conv2d_desc& d);
void conv2d_samples_grad_weights(Team& team, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                 float* grad_w, float* workspace);

}  // namespace azj::cpu::AZJ_ISA
