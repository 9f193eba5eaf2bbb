// The sums of taps that forward pass and gradient to the input are (ConvGather), as the copy engine walks over them.
#pragma once

#include "conv2d.hpp"
#include "tensor_map.hpp"

namespace azj::cuda {

// The source of `samples` samples as matrices pixels x channels.
OperandView view_source(const ConvGather& gather, int64_t samples);

// All weights as a matrix rows x channels for each of the kernel's taps, which are next to each other in memory.
OperandView view_weights(const ConvGather& gather, const float* w, int64_t taps);

// The same sum from the other end of an axis on which taps go backwards: a copy's offsets are not negative.
ConvGather forwards(ConvGather gather);

// The pixels of the packed source that tap (0, 0) meets, in the order of the result's.
PixelView first_pixels(const ConvGather& gather, const OperandView& packed);

}  // namespace azj::cuda
