package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.bindings.cudnn.cudnn_h;
import dev.azulejo.compare.engine.VendorArguments;
import dev.azulejo.engine.Precision;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.Conv2dShape;
import java.lang.foreign.MemorySegment;

/**
 * A convolution's tensors in the legacy API, float32 NCHW.
 *
 * @param x of the input
 * @param w of the weights
 * @param y of the output
 * @param bias of one number a filter
 */
record LegacyLayouts(MemorySegment x, MemorySegment w, MemorySegment y, MemorySegment bias) {

  static LegacyLayouts of(CudnnHandles owner, Conv2dProblem problem) {
    Conv2dShape s = problem.shape();
    return new LegacyLayouts(
        tensor(owner, ConvolutionGraph.input(problem)),
        filter(owner, ConvolutionGraph.weights(problem)),
        tensor(owner, ConvolutionGraph.output(problem)),
        tensor(owner, 1, s.filters(), 1, 1));
  }

  private static MemorySegment tensor(CudnnHandles owner, long... sizes) {
    Cudnn cudnn = owner.cudnn();
    CudnnApi api = cudnn.api();
    MemorySegment tensor =
        owner.own(
            "cudnnCreateTensorDescriptor",
            api::createTensorDescriptor,
            api::destroyTensorDescriptor);
    cudnn.check(
        api.setTensor4dDescriptor(
            tensor,
            cudnn_h.CUDNN_TENSOR_NCHW(),
            cudnn_h.CUDNN_DATA_FLOAT(),
            number(sizes[0]),
            number(sizes[1]),
            number(sizes[2]),
            number(sizes[3])),
        "cudnnSetTensor4dDescriptor",
        "");
    return tensor;
  }

  private static MemorySegment filter(CudnnHandles owner, long[] sizes) {
    Cudnn cudnn = owner.cudnn();
    CudnnApi api = cudnn.api();
    MemorySegment filter =
        owner.own(
            "cudnnCreateFilterDescriptor",
            api::createFilterDescriptor,
            api::destroyFilterDescriptor);
    cudnn.check(
        api.setFilter4dDescriptor(
            filter,
            cudnn_h.CUDNN_DATA_FLOAT(),
            cudnn_h.CUDNN_TENSOR_NCHW(),
            number(sizes[0]),
            number(sizes[1]),
            number(sizes[2]),
            number(sizes[3])),
        "cudnnSetFilter4dDescriptor",
        "");
    return filter;
  }

  /**
   * Padding, strides, dilations, groups, and the arithmetic of one pass. Each pass has its own: the
   * search may find that less rounding than is allowed is faster.
   */
  static MemorySegment convolution(CudnnHandles owner, Conv2dShape s, Precision precision) {
    Cudnn cudnn = owner.cudnn();
    CudnnApi api = cudnn.api();
    MemorySegment convolution =
        owner.own(
            "cudnnCreateConvolutionDescriptor",
            api::createConvolutionDescriptor,
            api::destroyConvolutionDescriptor);
    cudnn.check(
        api.setConvolution2dDescriptor(
            convolution,
            number(s.paddingHeight()),
            number(s.paddingWidth()),
            number(s.strideHeight()),
            number(s.strideWidth()),
            number(s.dilationHeight()),
            number(s.dilationWidth()),
            cudnn_h.CUDNN_CROSS_CORRELATION(),
            cudnn_h.CUDNN_DATA_FLOAT()),
        "cudnnSetConvolution2dDescriptor",
        s.toString());
    cudnn.check(
        api.setConvolutionGroupCount(convolution, number(s.groups())),
        "cudnnSetConvolutionGroupCount",
        "");
    // The default mode is free to use TF32.
    cudnn.check(
        api.setConvolutionMathType(
            convolution,
            precision == Precision.FP32
                ? cudnn_h.CUDNN_FMA_MATH()
                : cudnn_h.CUDNN_TENSOR_OP_MATH()),
        "cudnnSetConvolutionMathType",
        "");
    return convolution;
  }

  private static int number(long size) {
    return VendorArguments.number(size, "cudnnSetTensor4dDescriptor");
  }
}
