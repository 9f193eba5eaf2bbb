// Packed copies of planes for the gradient to the weights on wgmma, in which a tap of the kernel is a shift.
//
// The lines of a channel's plane and the planes of its samples lie end to end, so that all output pixels of a batch are
// one axis k: pixel (n, p, q) is k = (n * lines + p) * pitch + q. Between lines, and between the lines of two samples,
// are as many zeros as taps reach beyond the plane. With strides x is taken apart into images, of every stride-th line
// and column; tap (r, s) of output pixel k then is element k + shift of one of them:
//
//   r * dilation - pad = shift(r) * stride + offset, 0 <= offset < stride; element j of an image is
//   x[j * stride + offset]
//
// But a box of the copy engine begins on 16 bytes, `unit` elements (PTX ISA, "Tensors", "Bounding Box"). So lines
// are as many positions apart as make whole units, and there is an image for each rest that taps along a line leave: in
// it everything lies delay() positions further on, and tap s of output pixel q is element q + shift(s) + delay.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "divisor.hpp"
#include "tensor_map.hpp"

namespace azj::cuda {

// One axis of a convolution.
struct ImageAxis {
  int stride = 1, pad = 0, dilation = 1;
  int unit = 1;    // what shift() + delay() is a multiple of
  int images = 1;  // different offsets and delays; tap r has those of image r % period
  int period = 1;
  int pitch = 0;   // positions from one line, or sample, to the next

  // `size` and `outputs`: positions of x and of z.
  ImageAxis(int64_t size, int64_t outputs, int64_t taps, int64_t stride, int64_t pad, int64_t dilation,
            int64_t unit = 1);
  // z itself, on the positions of `x`.
  static ImageAxis of_outputs(const ImageAxis& x);

  __host__ __device__ int shift(int tap) const {
    const int lift = (pad + stride - 1) / stride;  // so that the quotient is of no negative number
    return (tap * dilation - pad + lift * stride) / stride - lift;
  }
  __device__ int offset(int image) const { return image * dilation - pad - shift(image) * stride; }
  __device__ int delay(int image) const {
    const int rest = shift(image) % unit;
    return rest > 0 ? unit - rest : -rest;
  }

 private:
  ImageAxis() = default;
};

// What is packed: `samples` samples of planes with groups * channels channels.
struct PlanePack {
  const float* source;
  int source_h, source_w;
  int64_t source_sample;
  int channels, groups, samples;
  ImageAxis h, w;
};

// The copy at `memory`: rows are channels, batches images, those of w first. k = samples * h.pitch * w.pitch.
OperandView packed_planes(const PlanePack& pack, int bytes, void* memory);
uint64_t packed_plane_bytes(const PlanePack& pack, int bytes);

// Rounds to BF16 where `packed`, from packed_planes(), has elements of 2 bytes.
void pack_planes(cudaStream_t stream, const PlanePack& pack, const OperandView& packed);

}  // namespace azj::cuda
