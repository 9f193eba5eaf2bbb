package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.bindings.cudnn.cudnn_h;
import dev.azulejo.ops.Bf16Packing;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvPass;
import java.lang.foreign.MemorySegment;
import java.util.function.UnaryOperator;

/** Graphs of the graph API with one operation: a pass of a convolution, or a conversion. */
final class ConvolutionGraph {
  /** The tensors' names in a graph, by the operands of CudnnApi; a conversion has no second. */
  static final long A = 'a';

  static final long B = 'b';
  static final long RESULT = 'r';

  private static final long ALIGNMENT = 16;

  private ConvolutionGraph() {}

  /**
   * A pass on contiguous tensors.
   *
   * @param type of the tensors, {@code CUDNN_DATA_...}; sums are float32
   */
  static Backend of(
      CudnnHandles owner, MemorySegment handle, Conv2dProblem problem, ConvPass pass, int type) {
    return of(owner, handle, problem, pass, type, ConvolutionGraph::contiguous);
  }

  /** A pass on BF16 tensors as {@link dev.azulejo.ops.Bf16Convolution} has them. */
  static Backend ofChannelsLast(
      CudnnHandles owner, MemorySegment handle, Conv2dProblem problem, ConvPass pass) {
    int type = cudnn_h.CUDNN_DATA_BFLOAT16();
    return of(owner, handle, problem, pass, type, ConvolutionGraph::channelsLast);
  }

  private static Backend of(
      CudnnHandles owner,
      MemorySegment handle,
      Conv2dProblem problem,
      ConvPass pass,
      int type,
      UnaryOperator<long[]> layout) {
    long nameOfX = pass == ConvPass.GRAD_INPUT ? RESULT : A;
    long nameOfW =
        switch (pass) {
          case FORWARD -> B;
          case GRAD_INPUT -> A;
          case GRAD_WEIGHTS -> RESULT;
        };
    long nameOfY = pass == ConvPass.FORWARD ? RESULT : B;
    Backend x = tensor(owner, nameOfX, type, input(problem), layout);
    Backend w = tensor(owner, nameOfW, type, weights(problem), layout);
    Backend y = tensor(owner, nameOfY, type, output(problem), layout);
    Backend convolution = convolution(owner, problem.shape());
    return graph(
        owner,
        handle,
        switch (pass) {
          case FORWARD ->
              Backend.create(
                      owner,
                      cudnn_h.CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR(),
                      "forward")
                  .set(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC(), convolution)
                  .set(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X(), x)
                  .set(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W(), w)
                  .set(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y(), y)
                  .setFloat(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA(), 1)
                  .setFloat(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA(), 0);
          case GRAD_INPUT ->
              Backend.create(
                      owner,
                      cudnn_h.CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR(),
                      "gradInput")
                  .set(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC(), convolution)
                  .set(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX(), x)
                  .set(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W(), w)
                  .set(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY(), y)
                  .setFloat(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA(), 1)
                  .setFloat(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA(), 0);
          case GRAD_WEIGHTS ->
              Backend.create(
                      owner,
                      cudnn_h.CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR(),
                      "gradWeights")
                  .set(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC(), convolution)
                  .set(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X(), x)
                  .set(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW(), w)
                  .set(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY(), y)
                  .setFloat(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA(), 1)
                  .setFloat(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA(), 0);
        });
  }

  /** A copy of a tensor in another type. */
  static Backend conversion(
      CudnnHandles owner, MemorySegment handle, long[] sizes, int from, int to) {
    Backend identity =
        Backend.create(owner, cudnn_h.CUDNN_BACKEND_POINTWISE_DESCRIPTOR(), "conversion")
            .setEnum(
                cudnn_h.CUDNN_ATTR_POINTWISE_MODE(),
                cudnn_h.CUDNN_TYPE_POINTWISE_MODE(),
                cudnn_h.CUDNN_POINTWISE_IDENTITY())
            .setEnum(
                cudnn_h.CUDNN_ATTR_POINTWISE_MATH_PREC(),
                cudnn_h.CUDNN_TYPE_DATA_TYPE(),
                cudnn_h.CUDNN_DATA_FLOAT())
            .complete();
    return graph(
        owner,
        handle,
        Backend.create(owner, cudnn_h.CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR(), "conversion")
            .set(cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR(), identity)
            .set(
                cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_XDESC(),
                tensor(owner, A, from, sizes, ConvolutionGraph::contiguous))
            .set(
                cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_YDESC(),
                tensor(owner, RESULT, to, sizes, ConvolutionGraph::contiguous)));
  }

  /** x[batch][channels][height][width]. */
  static long[] input(Conv2dProblem problem) {
    Conv2dShape s = problem.shape();
    return new long[] {problem.batch(), s.channels(), s.height(), s.width()};
  }

  /** y[batch][filters][outputHeight][outputWidth]. */
  static long[] output(Conv2dProblem problem) {
    Conv2dShape s = problem.shape();
    return new long[] {problem.batch(), s.filters(), s.outputHeight(), s.outputWidth()};
  }

  /** w[filters][channels / groups][kernelHeight][kernelWidth]; cuDNN infers the groups. */
  static long[] weights(Conv2dProblem problem) {
    Conv2dShape s = problem.shape();
    return new long[] {s.filters(), s.channels() / s.groups(), s.kernelHeight(), s.kernelWidth()};
  }

  private static Backend graph(CudnnHandles owner, MemorySegment handle, Backend operation) {
    operation.complete();
    return Backend.create(owner, cudnn_h.CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR(), "graph")
        .setPointers(
            cudnn_h.CUDNN_ATTR_OPERATIONGRAPH_HANDLE(), cudnn_h.CUDNN_TYPE_HANDLE(), handle)
        .set(cudnn_h.CUDNN_ATTR_OPERATIONGRAPH_OPS(), operation)
        .complete();
  }

  private static long[] contiguous(long[] sizes) {
    long[] strides = new long[sizes.length];
    long stride = 1;
    for (int i = sizes.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= sizes[i];
    }
    return strides;
  }

  /** The second of four sizes varies fastest, rounded up to a multiple of 8. */
  private static long[] channelsLast(long[] sizes) {
    long pitch = Bf16Packing.pitch(sizes[1]);
    return new long[] {sizes[2] * sizes[3] * pitch, 1, sizes[3] * pitch, pitch};
  }

  private static Backend tensor(
      CudnnHandles owner, long name, int type, long[] sizes, UnaryOperator<long[]> layout) {
    return Backend.create(owner, cudnn_h.CUDNN_BACKEND_TENSOR_DESCRIPTOR(), "tensor")
        .setEnum(cudnn_h.CUDNN_ATTR_TENSOR_DATA_TYPE(), cudnn_h.CUDNN_TYPE_DATA_TYPE(), type)
        .set(cudnn_h.CUDNN_ATTR_TENSOR_DIMENSIONS(), sizes)
        .set(cudnn_h.CUDNN_ATTR_TENSOR_STRIDES(), layout.apply(sizes))
        .set(cudnn_h.CUDNN_ATTR_TENSOR_UNIQUE_ID(), name)
        .set(cudnn_h.CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT(), ALIGNMENT)
        .complete();
  }

  private static Backend convolution(CudnnHandles owner, Conv2dShape s) {
    return Backend.create(owner, cudnn_h.CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR(), "convolution")
        .set(cudnn_h.CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS(), 2)
        .setEnum(
            cudnn_h.CUDNN_ATTR_CONVOLUTION_COMP_TYPE(),
            cudnn_h.CUDNN_TYPE_DATA_TYPE(),
            cudnn_h.CUDNN_DATA_FLOAT())
        .setEnum(
            cudnn_h.CUDNN_ATTR_CONVOLUTION_CONV_MODE(),
            cudnn_h.CUDNN_TYPE_CONVOLUTION_MODE(),
            cudnn_h.CUDNN_CROSS_CORRELATION())
        .set(cudnn_h.CUDNN_ATTR_CONVOLUTION_DILATIONS(), s.dilationHeight(), s.dilationWidth())
        .set(cudnn_h.CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES(), s.strideHeight(), s.strideWidth())
        .set(cudnn_h.CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS(), s.paddingHeight(), s.paddingWidth())
        .set(cudnn_h.CUDNN_ATTR_CONVOLUTION_POST_PADDINGS(), s.paddingHeight(), s.paddingWidth())
        .complete();
  }
}
