// Convolutions by kernels for some shapes only: few channels, depthwise, Winograd, 1x1.
#include "cuda_conv_passes.hpp"

using namespace conv_passes;

// Kernels with a row of taps at one address and without, bands that begin in the middle of a row, several bands and
// blocks of filters, paddings, strides and dilations; more taps than a block has threads for; patches that do not fit.
void test_conv2d_few_channels(cudaStream_t stream) {
  const azj_conv2d_desc problems[] = {
      conv(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1),      conv(2, 1, 28, 28, 33, 3, 3, 1, 1, 0, 0, 1, 1, 1),
      conv(3, 3, 20, 20, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1),    conv(2, 1, 16, 16, 6, 5, 5, 1, 1, 2, 2, 1, 1, 1),
      conv(1, 3, 31, 37, 9, 7, 7, 2, 2, 3, 3, 1, 1, 1),    conv(2, 4, 9, 11, 70, 2, 2, 1, 1, 0, 0, 1, 1, 1),
      conv(1, 1, 30, 90, 5, 5, 20, 2, 2, 0, 0, 1, 1, 1),   conv(2, 2, 17, 15, 3, 3, 3, 1, 2, 2, 1, 2, 3, 1),
      conv(5, 3, 5, 4, 12, 3, 3, 1, 1, 2, 2, 1, 1, 1),     conv(1, 2, 40, 41, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1),
      conv(1, 1, 17, 9, 3, 4, 3, 1, 3, 1, 0, 1, 1, 1),     conv(1, 3, 12, 9, 3, 5, 5, 1, 1, 0, 0, 1, 1, 1),
      conv(1, 4, 19, 7, 3, 5, 3, 1, 1, 2, 1, 1, 1, 1),     conv(2, 4, 9, 7, 3, 4, 3, 1, 2, 2, 1, 1, 1, 1),
      conv(2, 4, 10, 7, 3, 1, 1, 2, 2, 0, 0, 1, 1, 1),     conv(1, 2, 9, 8, 5, 4, 4, 2, 1, 1, 2, 1, 1, 1),
      conv(1, 4, 8, 8, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1),      conv(1, 3, 9, 9, 2, 1, 3, 1, 1, 0, 1, 1, 1, 1),
  };
  int number = 0;
  for (azj_conv2d_desc d : problems) {
    d.activation = number % 5;
    d.slope = 0.25f;
    const int passes = d.dilation_h == 1 ? 3 : 2;  // the gradient to the input takes no gaps between taps
    CHECK(Passes(stream, d, number % 3 == 1 ? 1 : 0).few_channels() == passes);
    ++number;
  }
  // 342 rows of threads.
  CHECK(Passes(stream, conv(1, 4, 20, 20, 3, 18, 19, 1, 1, 0, 0, 1, 1, 1), 0).few_channels() == 0);
  for (const azj_conv2d_desc& d : {conv(1, 5, 4, 4, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1),           // five channels
                                   conv(1, 2, 4, 4, 2, 3, 3, 1, 1, 1, 1, 1, 1, 2),           // groups
                                   conv(1, 4, 40, 4000, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1)}) {  // rows beyond shared memory
    CHECK(!azj::cuda::conv2d_few_channels_fits(d) && !azj::cuda::conv2d_few_channels_weights_fits(d));
    CHECK(azj::cuda::conv2d_few_channels_input_fits(d) == (d.width == 4000));
  }
}

// Planes of one pixel to several tiles, several planes in a block and several blocks, both kernels and strides, samples
// cut into slices.
void test_conv2d_depthwise(cudaStream_t stream) {
  const azj_conv2d_desc problems[] = {
      conv(1, 1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1),      conv(3, 19, 14, 14, 19, 3, 3, 1, 1, 1, 1, 1, 1, 19),
      conv(2, 7, 9, 13, 7, 5, 5, 1, 1, 2, 2, 1, 1, 7),     conv(2, 6, 15, 12, 6, 3, 3, 2, 2, 1, 1, 1, 1, 6),
      conv(1, 4, 3, 5, 4, 3, 3, 1, 1, 0, 2, 1, 1, 4),      conv(1, 3, 4, 3, 3, 3, 3, 1, 1, 3, 3, 1, 1, 3),
      conv(1, 2, 6, 7, 2, 5, 5, 1, 1, 0, 0, 1, 1, 2),      conv(40, 2, 57, 40, 2, 3, 3, 1, 1, 1, 1, 1, 1, 2),
      conv(17, 1, 37, 130, 1, 5, 5, 1, 1, 2, 2, 1, 1, 1),
  };
  int number = 0;
  for (azj_conv2d_desc d : problems) {
    d.activation = number % 5;
    d.slope = 0.25f;
    CHECK(azj::cuda::conv2d_depthwise_fits(d, AZJ_CONV_FORWARD));
    Passes(stream, d, number % 3 == 1 ? 1 : 0).direct();
    ++number;
  }
}

// Corners of the tiles: planes of 1 pixel to several tiles, paddings that crop the gradient's, channels and filters
// around the panels of the fused kernel, batches whose samples share a block.
void test_conv2d_winograd(cudaStream_t stream) {
  const azj_conv2d_desc problems[] = {
      conv(1, 1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1),    conv(1, 1, 3, 3, 1, 3, 3, 1, 1, 0, 0, 1, 1, 1),
      conv(3, 5, 6, 5, 33, 3, 3, 1, 1, 1, 1, 1, 1, 1),   conv(2, 4, 7, 9, 32, 3, 3, 1, 1, 0, 0, 1, 1, 1),
      conv(2, 33, 8, 8, 3, 3, 3, 1, 1, 2, 2, 1, 1, 1),   conv(1, 3, 2, 35, 6, 3, 3, 1, 1, 2, 0, 1, 1, 1),
      conv(1, 2, 4, 5, 3, 3, 3, 1, 1, 4, 3, 1, 1, 1),    conv(35, 6, 4, 4, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1),
      conv(1, 9, 21, 18, 66, 3, 3, 1, 1, 1, 1, 1, 1, 1), conv(2, 8, 12, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1),
  };
  int number = 0;
  for (azj_conv2d_desc d : problems) {
    d.activation = number % 5;
    d.slope = 0.25f;
    Passes passes(stream, d, number % 4 == 2 ? 1 : 0);
    for (const WinogradSize size : {WinogradSize::F4X4, WinogradSize::F2X2}) {
      passes.winograd(size, WinogradForm::AUTO);
      passes.winograd(size, WinogradForm::STAGED);
      passes.winograd(size, WinogradForm::FUSED);
    }
    ++number;
  }
  // Many channels and filters: STAGED by itself. Slices of the gradient to the weights.
  for (const WinogradSize size : {WinogradSize::F4X4, WinogradSize::F2X2}) {
    Passes(stream, conv(1, 330, 3, 3, 320, 3, 3, 1, 1, 1, 1, 1, 1, 1), 0).winograd(size, WinogradForm::AUTO);
    Passes(stream, conv(3, 3, 61, 33, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1), 0).winograd(size, WinogradForm::AUTO);
  }
}

// 1x1 kernels: planes that four pixels divide and others, operands off 16 bytes, strides whose last row and column have
// shorter gaps, paddings whose pixels meet no tap, groups; phases with one tap of a larger kernel.
void test_conv2d_pointwise(cudaStream_t stream) {
  const azj_conv2d_desc problems[] = {
      conv(3, 5, 6, 6, 40, 1, 1, 1, 1, 0, 0, 1, 1, 1),    conv(2, 37, 7, 7, 9, 1, 1, 1, 1, 0, 0, 1, 1, 1),
      conv(2, 18, 8, 4, 6, 1, 1, 1, 1, 0, 0, 1, 1, 2),    conv(2, 6, 9, 8, 35, 1, 1, 2, 2, 0, 0, 1, 1, 1),
      conv(1, 5, 8, 11, 4, 1, 1, 3, 4, 0, 0, 1, 1, 1),    conv(2, 4, 6, 5, 3, 1, 1, 2, 1, 1, 2, 1, 1, 1),
      conv(2, 4, 9, 9, 5, 1, 1, 2, 2, 1, 1, 1, 1, 1),     conv(2, 3, 8, 8, 5, 2, 2, 2, 2, 0, 0, 1, 1, 1),
      conv(1, 3, 1, 5, 2, 1, 1, 4, 4, 0, 0, 1, 1, 1),     conv(3, 20, 4, 4, 70, 1, 1, 1, 2, 0, 0, 1, 1, 1),
  };
  int number = 0;
  for (azj_conv2d_desc d : problems) {
    d.activation = number % 5;
    d.slope = 0.25f;
    Passes passes(stream, d, number % 3 == 2 ? 1 : 0);
    passes.implicit(ConvMath::FP32, GemmTile::AUTO);
    passes.implicit(ConvMath::FP32, GemmTile::MEDIUM);
    passes.implicit(ConvMath::FP32, GemmTile::LARGE);
    passes.implicit(ConvMath::FP32, GemmTile::WIDE);
    ++number;
  }
}
