package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.bindings.VendorLibrary;
import dev.azulejo.bindings.cudnn.cudnn_h;
import dev.azulejo.ops.ConvPass;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The functions of the cuDNN that {@link VendorLibrary#CUDNN} loaded. */
final class CudnnLibrary extends BackendLibrary implements CudnnApi {
  private static final int MESSAGE_BYTES = 1024;

  @Override
  public int create(MemorySegment handle) {
    return cudnn_h.cudnnCreate(handle);
  }

  @Override
  public int destroy(MemorySegment handle) {
    return cudnn_h.cudnnDestroy(handle);
  }

  @Override
  public int setStream(MemorySegment handle, MemorySegment stream) {
    return cudnn_h.cudnnSetStream(handle, stream);
  }

  @Override
  public String version() {
    return VendorLibrary.CUDNN.version();
  }

  @Override
  public String errorString(int status) {
    return cudnn_h.cudnnGetErrorString(status).getString(0);
  }

  @Override
  public String lastErrorString() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(MESSAGE_BYTES);
      cudnn_h.cudnnGetLastErrorString(text, MESSAGE_BYTES);
      return text.getString(0);
    }
  }

  @Override
  public int createTensorDescriptor(MemorySegment out) {
    return cudnn_h.cudnnCreateTensorDescriptor(out);
  }

  @Override
  public int setTensor4dDescriptor(
      MemorySegment tensor, int format, int type, int n, int c, int h, int w) {
    return cudnn_h.cudnnSetTensor4dDescriptor(tensor, format, type, n, c, h, w);
  }

  @Override
  public int destroyTensorDescriptor(MemorySegment tensor) {
    return cudnn_h.cudnnDestroyTensorDescriptor(tensor);
  }

  @Override
  public int createFilterDescriptor(MemorySegment out) {
    return cudnn_h.cudnnCreateFilterDescriptor(out);
  }

  @Override
  public int setFilter4dDescriptor(
      MemorySegment filter, int type, int format, int k, int c, int h, int w) {
    return cudnn_h.cudnnSetFilter4dDescriptor(filter, type, format, k, c, h, w);
  }

  @Override
  public int destroyFilterDescriptor(MemorySegment filter) {
    return cudnn_h.cudnnDestroyFilterDescriptor(filter);
  }

  @Override
  public int createConvolutionDescriptor(MemorySegment out) {
    return cudnn_h.cudnnCreateConvolutionDescriptor(out);
  }

  @Override
  public int setConvolution2dDescriptor(
      MemorySegment convolution,
      int padH,
      int padW,
      int strideH,
      int strideW,
      int dilationH,
      int dilationW,
      int mode,
      int computeType) {
    return cudnn_h.cudnnSetConvolution2dDescriptor(
        convolution, padH, padW, strideH, strideW, dilationH, dilationW, mode, computeType);
  }

  @Override
  public int setConvolutionGroupCount(MemorySegment convolution, int groups) {
    return cudnn_h.cudnnSetConvolutionGroupCount(convolution, groups);
  }

  @Override
  public int setConvolutionMathType(MemorySegment convolution, int mathType) {
    return cudnn_h.cudnnSetConvolutionMathType(convolution, mathType);
  }

  @Override
  public int destroyConvolutionDescriptor(MemorySegment convolution) {
    return cudnn_h.cudnnDestroyConvolutionDescriptor(convolution);
  }

  @Override
  public int workspaceSize(
      ConvPass pass,
      MemorySegment handle,
      MemorySegment aLayout,
      MemorySegment bLayout,
      MemorySegment convolution,
      MemorySegment resultLayout,
      int algorithm,
      MemorySegment bytes) {
    return switch (pass) {
      case FORWARD ->
          cudnn_h.cudnnGetConvolutionForwardWorkspaceSize(
              handle, aLayout, bLayout, convolution, resultLayout, algorithm, bytes);
      case GRAD_INPUT ->
          cudnn_h.cudnnGetConvolutionBackwardDataWorkspaceSize(
              handle, aLayout, bLayout, convolution, resultLayout, algorithm, bytes);
      case GRAD_WEIGHTS ->
          cudnn_h.cudnnGetConvolutionBackwardFilterWorkspaceSize(
              handle, aLayout, bLayout, convolution, resultLayout, algorithm, bytes);
    };
  }

  @Override
  public int findAlgorithm(
      ConvPass pass,
      MemorySegment handle,
      MemorySegment aLayout,
      MemorySegment a,
      MemorySegment bLayout,
      MemorySegment b,
      MemorySegment convolution,
      MemorySegment resultLayout,
      MemorySegment result,
      int requested,
      MemorySegment returned,
      MemorySegment found,
      MemorySegment workspace,
      long bytes) {
    return switch (pass) {
      case FORWARD ->
          cudnn_h.cudnnFindConvolutionForwardAlgorithmEx(
              handle,
              aLayout,
              a,
              bLayout,
              b,
              convolution,
              resultLayout,
              result,
              requested,
              returned,
              found,
              workspace,
              bytes);
      case GRAD_INPUT ->
          cudnn_h.cudnnFindConvolutionBackwardDataAlgorithmEx(
              handle,
              aLayout,
              a,
              bLayout,
              b,
              convolution,
              resultLayout,
              result,
              requested,
              returned,
              found,
              workspace,
              bytes);
      case GRAD_WEIGHTS ->
          cudnn_h.cudnnFindConvolutionBackwardFilterAlgorithmEx(
              handle,
              aLayout,
              a,
              bLayout,
              b,
              convolution,
              resultLayout,
              result,
              requested,
              returned,
              found,
              workspace,
              bytes);
    };
  }

  @Override
  public int convolution(
      ConvPass pass,
      MemorySegment handle,
      MemorySegment alpha,
      MemorySegment aLayout,
      MemorySegment a,
      MemorySegment bLayout,
      MemorySegment b,
      MemorySegment convolution,
      int algorithm,
      MemorySegment workspace,
      long bytes,
      MemorySegment beta,
      MemorySegment resultLayout,
      MemorySegment result) {
    return switch (pass) {
      case FORWARD ->
          cudnn_h.cudnnConvolutionForward(
              handle,
              alpha,
              aLayout,
              a,
              bLayout,
              b,
              convolution,
              algorithm,
              workspace,
              bytes,
              beta,
              resultLayout,
              result);
      case GRAD_INPUT ->
          cudnn_h.cudnnConvolutionBackwardData(
              handle,
              alpha,
              aLayout,
              a,
              bLayout,
              b,
              convolution,
              algorithm,
              workspace,
              bytes,
              beta,
              resultLayout,
              result);
      case GRAD_WEIGHTS ->
          cudnn_h.cudnnConvolutionBackwardFilter(
              handle,
              alpha,
              aLayout,
              a,
              bLayout,
              b,
              convolution,
              algorithm,
              workspace,
              bytes,
              beta,
              resultLayout,
              result);
    };
  }

  @Override
  public int convolutionBackwardBias(
      MemorySegment handle,
      MemorySegment alpha,
      MemorySegment gradLayout,
      MemorySegment grad,
      MemorySegment beta,
      MemorySegment biasLayout,
      MemorySegment gradBias) {
    return cudnn_h.cudnnConvolutionBackwardBias(
        handle, alpha, gradLayout, grad, beta, biasLayout, gradBias);
  }

  @Override
  public int addTensor(
      MemorySegment handle,
      MemorySegment alpha,
      MemorySegment aLayout,
      MemorySegment a,
      MemorySegment beta,
      MemorySegment cLayout,
      MemorySegment c) {
    return cudnn_h.cudnnAddTensor(handle, alpha, aLayout, a, beta, cLayout, c);
  }
}
