package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.bindings.cudnn.cudnnConvolutionFwdAlgoPerfStruct;
import dev.azulejo.bindings.cudnn.cudnn_h;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.reference.ConvolutionReference;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * cuDNN's functions in plain Java on host memory: records its calls, computes from the descriptors
 * that it was given, and fails where it is told to.
 */
final class FakeCudnn implements CudnnApi {
  final List<String> calls = new ArrayList<>();
  final Map<String, Integer> failures = new HashMap<>();
  final FakeBackend backend = new FakeBackend();

  /** What each legacy algorithm wants; -1 where it does not do the problem. */
  long[] workspaces = {0, 4096, -1, -1, -1, -1, -1, -1};

  /** The legacy algorithm that the search finds fastest. */
  int fastest = 1;

  int live;
  private final Map<Long, int[]> descriptors = new HashMap<>();
  private long next = 0x100;

  @Override
  public int create(MemorySegment handle) {
    return make("create", handle);
  }

  @Override
  public int destroy(MemorySegment handle) {
    return end("destroy");
  }

  @Override
  public int setStream(MemorySegment handle, MemorySegment stream) {
    return done("setStream " + stream.address());
  }

  @Override
  public String version() {
    return "9.9.9";
  }

  @Override
  public String errorString(int status) {
    return "STATUS_" + status;
  }

  @Override
  public String lastErrorString() {
    return "the last error";
  }

  @Override
  public int createTensorDescriptor(MemorySegment out) {
    return make("createTensor", out);
  }

  @Override
  public int setTensor4dDescriptor(
      MemorySegment tensor, int format, int type, int n, int c, int h, int w) {
    return describe("tensor", tensor, format, type, n, c, h, w);
  }

  @Override
  public int destroyTensorDescriptor(MemorySegment tensor) {
    return end("destroyTensor");
  }

  @Override
  public int createFilterDescriptor(MemorySegment out) {
    return make("createFilter", out);
  }

  @Override
  public int setFilter4dDescriptor(
      MemorySegment filter, int type, int format, int k, int c, int h, int w) {
    return describe("filter", filter, format, type, k, c, h, w);
  }

  @Override
  public int destroyFilterDescriptor(MemorySegment filter) {
    return end("destroyFilter");
  }

  @Override
  public int createConvolutionDescriptor(MemorySegment out) {
    return make("createConvolution", out);
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
    return describe(
        "convolution",
        convolution,
        padH,
        padW,
        strideH,
        strideW,
        dilationH,
        dilationW,
        mode,
        computeType,
        1);
  }

  @Override
  public int setConvolutionGroupCount(MemorySegment convolution, int groups) {
    descriptors.get(convolution.address())[8] = groups;
    return done("groups " + groups);
  }

  @Override
  public int setConvolutionMathType(MemorySegment convolution, int mathType) {
    return done("math " + mathType);
  }

  @Override
  public int destroyConvolutionDescriptor(MemorySegment convolution) {
    return end("destroyConvolution");
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
    if (workspaces[algorithm] < 0) {
      return cudnn_h.CUDNN_STATUS_NOT_SUPPORTED();
    }
    bytes.set(ValueLayout.JAVA_LONG, 0, workspaces[algorithm]);
    return 0;
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
    returned.set(ValueLayout.JAVA_INT, 0, 1);
    MemorySegment best = cudnnConvolutionFwdAlgoPerfStruct.asSlice(found, 0);
    cudnnConvolutionFwdAlgoPerfStruct.algo(best, fastest);
    cudnnConvolutionFwdAlgoPerfStruct.memory(best, workspaces[fastest]);
    cudnnConvolutionFwdAlgoPerfStruct.mathType(best, cudnn_h.CUDNN_DEFAULT_MATH());
    return done("find " + pass + " " + bytes);
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
    int[] x = descriptors.get((pass == ConvPass.GRAD_INPUT ? resultLayout : aLayout).address());
    int[] w =
        descriptors.get(
            switch (pass) {
              case FORWARD -> bLayout.address();
              case GRAD_INPUT -> aLayout.address();
              case GRAD_WEIGHTS -> resultLayout.address();
            });
    var reference = reference(x, w, descriptors.get(convolution.address()));
    double[] first = read(aLayout, a);
    double[] second = read(bLayout, b);
    double[] values =
        switch (pass) {
          case FORWARD -> reference.forward(first, second, new double[w[2]]);
          case GRAD_INPUT -> reference.gradInput(second, first);
          case GRAD_WEIGHTS -> reference.gradWeights(first, second);
        };
    FakeMemory.write(result.address(), values, false);
    return done("convolution " + pass + " " + algorithm + " " + bytes);
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
    int[] y = descriptors.get(gradLayout.address());
    double[] g = read(gradLayout, grad);
    double[] sums = new double[y[3]];
    for (int i = 0; i < g.length; i++) {
      sums[i / (y[4] * y[5]) % y[3]] += g[i];
    }
    FakeMemory.write(gradBias.address(), sums, false);
    return done("bias gradient");
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
    int[] y = descriptors.get(cLayout.address());
    double[] bias = read(aLayout, a);
    double[] values = read(cLayout, c);
    for (int i = 0; i < values.length; i++) {
      values[i] += bias[i / (y[4] * y[5]) % y[3]];
    }
    FakeMemory.write(c.address(), values, false);
    return done("addTensor");
  }

  @Override
  public int backendCreateDescriptor(int type, MemorySegment out) {
    return backend.create(type, out);
  }

  @Override
  public int backendDestroyDescriptor(MemorySegment descriptor) {
    return backend.destroy(descriptor);
  }

  @Override
  public int backendSetAttribute(
      MemorySegment descriptor, int attribute, int type, long count, MemorySegment values) {
    return backend.set(descriptor, attribute, type, count, values);
  }

  @Override
  public int backendGetAttribute(
      MemorySegment descriptor,
      int attribute,
      int type,
      long requested,
      MemorySegment count,
      MemorySegment values) {
    return backend.get(descriptor, attribute, requested, count, values);
  }

  @Override
  public int backendFinalize(MemorySegment descriptor) {
    int status = failures.getOrDefault("finalize", 0);
    return status != 0 ? status : backend.complete(descriptor);
  }

  @Override
  public int backendExecute(MemorySegment handle, MemorySegment plan, MemorySegment pack) {
    calls.add("execute");
    return backend.execute(plan, pack);
  }

  private ConvolutionReference reference(int[] x, int[] w, int[] c) {
    return new ConvolutionReference(
        new Conv2dShape(
            x[3], x[4], x[5], w[2], w[4], w[5], c[2], c[3], c[0], c[1], c[4], c[5], c[8]),
        x[2]);
  }

  private double[] read(MemorySegment layout, MemorySegment data) {
    int[] d = descriptors.get(layout.address());
    return FakeMemory.read(data.address(), d[2] * d[3] * d[4] * d[5], false);
  }

  private int make(String call, MemorySegment out) {
    next += 16;
    live++;
    out.set(ValueLayout.JAVA_LONG, 0, next);
    int status = done(call);
    live -= status == 0 ? 0 : 1;
    return status;
  }

  private int end(String call) {
    live--;
    return done(call);
  }

  private int describe(String what, MemorySegment descriptor, int... numbers) {
    descriptors.put(descriptor.address(), numbers);
    return done(what + " " + Arrays.toString(numbers));
  }

  private int done(String call) {
    calls.add(call);
    return failures.getOrDefault(call.split(" ")[0], 0);
  }
}
