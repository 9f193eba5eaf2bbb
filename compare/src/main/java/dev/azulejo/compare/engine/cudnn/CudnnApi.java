package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.ops.ConvPass;
import java.lang.foreign.MemorySegment;

/**
 * The functions of cuDNN that the engine calls, as the C headers have them; all that return an int
 * return a {@code cudnnStatus_t}. The three passes of the legacy API have the same parameters, with
 * these operands: forward x, w and y; gradInput w, gradZ and gradX; gradWeights x, gradZ and gradW.
 */
interface CudnnApi extends BackendApi {
  int create(MemorySegment handle);

  int destroy(MemorySegment handle);

  int setStream(MemorySegment handle, MemorySegment stream);

  /** The library's version, for messages. */
  String version();

  /** {@code cudnnGetErrorString}. */
  String errorString(int status);

  /** {@code cudnnGetLastErrorString}: what the calling thread's last failure was about. */
  String lastErrorString();

  int createTensorDescriptor(MemorySegment out);

  int setTensor4dDescriptor(MemorySegment tensor, int format, int type, int n, int c, int h, int w);

  int destroyTensorDescriptor(MemorySegment tensor);

  int createFilterDescriptor(MemorySegment out);

  int setFilter4dDescriptor(MemorySegment filter, int type, int format, int k, int c, int h, int w);

  int destroyFilterDescriptor(MemorySegment filter);

  int createConvolutionDescriptor(MemorySegment out);

  int setConvolution2dDescriptor(
      MemorySegment convolution,
      int padH,
      int padW,
      int strideH,
      int strideW,
      int dilationH,
      int dilationW,
      int mode,
      int computeType);

  int setConvolutionGroupCount(MemorySegment convolution, int groups);

  int setConvolutionMathType(MemorySegment convolution, int mathType);

  int destroyConvolutionDescriptor(MemorySegment convolution);

  /** {@code cudnnGetConvolution...WorkspaceSize}. */
  int workspaceSize(
      ConvPass pass,
      MemorySegment handle,
      MemorySegment aLayout,
      MemorySegment bLayout,
      MemorySegment convolution,
      MemorySegment resultLayout,
      int algorithm,
      MemorySegment bytes);

  /** {@code cudnnFindConvolution...AlgorithmEx}. */
  int findAlgorithm(
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
      long bytes);

  /** {@code cudnnConvolutionForward}, {@code ...BackwardData}, {@code ...BackwardFilter}. */
  int convolution(
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
      MemorySegment result);

  int convolutionBackwardBias(
      MemorySegment handle,
      MemorySegment alpha,
      MemorySegment gradLayout,
      MemorySegment grad,
      MemorySegment beta,
      MemorySegment biasLayout,
      MemorySegment gradBias);

  int addTensor(
      MemorySegment handle,
      MemorySegment alpha,
      MemorySegment aLayout,
      MemorySegment a,
      MemorySegment beta,
      MemorySegment cLayout,
      MemorySegment c);
}
