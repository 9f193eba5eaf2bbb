// What the convolutions on wgmma share: the sums of taps that forward pass and gradient to the input are (ConvGather),
// as the copy engine walks over them; and the two ways to the gradient to the weights.
#pragma once

#include <vector>

#include "conv2d.hpp"
#include "hopper_plan.hpp"
#include "tensor_map.hpp"

namespace azj::cuda {

// The source of `samples` samples as matrices pixels x channels; of a 1x1 kernel with strides, without padding, and one
// group only the pixels that it reads.
OperandView view_source(const ConvGather& gather, int64_t samples);

// The same sum over the source that view_source() tells of.
ConvGather on_view(ConvGather gather);

// The pixels of samples first .. first + samples - 1 of a BF16 tensor as a matrix pixels x channels.
OperandView view_pixels(const azj_bf16* x, int64_t channels, int64_t first, int64_t samples, int64_t plane);

// All weights as a matrix rows x channels for each of the kernel's taps, which are next to each other in memory.
OperandView view_weights(const ConvGather& gather, const float* w, int64_t taps);

// The same sum from the other end of an axis on which taps go backwards: a copy's offsets are not negative.
ConvGather forwards(ConvGather gather);

constexpr int kMaxPhases = 4;  // of one launch: those of a stride of 2 along both axes

// A pass in launches of at most kMaxPhases sums, those of most steps first. `bytes`: of an element.
std::vector<std::vector<ConvGather>> launches_of(std::vector<ConvGather> phases, int bytes);

// The upper pixels of 2x2 windows with stride 2: every second row of pixels, and no odd last column.
ConvGather upper_pixels(ConvGather gather);

// The pixels of the packed source that tap (0, 0) meets, in the order of the result's.
PixelView first_pixels(const ConvGather& gather, const OperandView& packed);

// Stages of a sum whose channels, of `bytes` bytes each, come in chunks of so many bytes.
int64_t steps_of(const ConvGather& gather, int bytes, int64_t chunk_bytes);

// Whether two taps share a stage, because that makes fewer of them.
bool half_chunks(const std::vector<ConvGather>& phases, int bytes);

// The sums of a launch as products, of `samples` samples.
std::vector<HopperProduct> products_of(const std::vector<ConvGather>& phases, int bytes, int64_t samples,
                                       TileStore store);

// The phases of the gradient to the input that any tap meets.
std::vector<ConvGather> phases_of(const azj_conv2d_desc& desc, const ConvSize& size, const float* grad_z,
                                  const float* w, float* grad_x);

// Whether phases_of() leaves any out: pixels that no tap meets, such as three of four with a 1 x 1 kernel and stride 2.
bool misses_pixels(const azj_conv2d_desc& desc, const std::vector<ConvGather>& phases);

// Samples that one product takes: its pixels, on either side, stay below kMaxGemmExtent.
int64_t samples_of_product(const azj_conv2d_desc& desc, const ConvSize& size);

// The gradient to the weights in two ways. columns(): of the product, with those that only fill it; it is computed at
// as many pixels of a sample as the output has, or, shifted, as `pixels` says.
int64_t shifted_weights_columns(const azj_conv2d_desc& desc, const ConvSize& size, int64_t& pixels);
uint64_t shifted_weights_bytes(const azj_conv2d_desc& desc, ConvMath math, const HopperPlan& plan);
void shifted_weights(cudaStream_t stream, const azj_conv2d_desc& desc, ConvMath math, const float* x,
                     const float* grad_z, float* grad_w, void* workspace, const HopperPlan& plan);

// BF16, one group.
int64_t pixel_weights_columns(const azj_conv2d_desc& desc, const ConvSize& size);
uint64_t pixel_weights_bytes(const azj_conv2d_desc& desc, const HopperPlan& plan);
void pixel_weights(cudaStream_t stream, const azj_conv2d_desc& desc, const float* x, const float* grad_z,
                   float* grad_w, void* workspace, const HopperPlan& plan);

}  // namespace azj::cuda
