package dev.azulejo.ops;

import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Every operation with the names, types and sizes of its tensors, for tests that treat them all
 * alike.
 */
final class OperationCatalogue {
  private OperationCatalogue() {}

  /**
   * An operation whose arguments are tensors; it must need exactly as many elements as they have.
   */
  interface Operation {
    void run(Stream stream, Tensor... tensors);
  }

  /** An operation with the names and counts of its arguments; "i:" integers, "?" may be null. */
  record Signature(Operation operation, Object... namesAndCounts) {
    int arguments() {
      return namesAndCounts.length / 2;
    }

    String spec(int argument) {
      return (String) namesAndCounts[2 * argument];
    }

    String name(int argument) {
      return spec(argument).replaceAll("^[i?:]+", "");
    }

    boolean ints(int argument) {
      return spec(argument).startsWith("i");
    }

    boolean nullable(int argument) {
      return spec(argument).contains("?");
    }

    int count(int argument) {
      return ((Number) namesAndCounts[2 * argument + 1]).intValue();
    }
  }

  /** All operations, by the name of their C function without its prefix. */
  static Map<String, Signature> of(Stream stream, SgdSettings sgd, AdamSettings adam) {
    var conv =
        Conv2dProblem.builder()
            .batch(2)
            .input(2, 5, 4)
            .filters(3)
            .kernel(2)
            .algorithm(ConvAlgorithm.DIRECT)
            .build();
    Convolution.reserveWorkspace(stream, conv, ConvPass.values());
    // One window in each plane: an argmax of zeros is one that a forward pass might give.
    var windows =
        Conv2dProblem.builder()
            .batch(2)
            .input(2, 4, 3)
            .filters(3)
            .kernel(2)
            .algorithm(ConvAlgorithm.DIRECT)
            .build();
    stream.workspace().reserve(PooledConvolution.workspaceBytes(stream, windows));
    long x = conv.inputCount();
    long y = conv.outputCount();
    long w = conv.weightCount();
    var max = Pool2dProblem.builder().batch(2).input(2, 4, 4).window(4).build();
    var dense = new DenseProblem(3, 4, 5);
    var gemm = GemmProblem.of(2, 3, 4).build();
    var all = new LinkedHashMap<String, Signature>();
    all.put(
        "conv2d_forward",
        new Signature(
            (s, t) -> Convolution.forward(s, conv, t[0], t[1], t[2], t[3]),
            "x",
            x,
            "w",
            w,
            "?bias",
            3,
            "y",
            y));
    all.put(
        "conv2d_grad_input",
        new Signature(
            (s, t) -> Convolution.gradInput(s, conv, t[0], t[1], t[2]),
            "gradZ",
            y,
            "w",
            w,
            "gradX",
            x));
    all.put(
        "conv2d_grad_weights",
        new Signature(
            (s, t) -> Convolution.gradWeights(s, conv, t[0], t[1], t[2]),
            "x",
            x,
            "gradZ",
            y,
            "gradW",
            w));
    all.put(
        "conv2d_grad_bias",
        new Signature(
            (s, t) -> Convolution.gradBias(s, conv, t[0], t[1]), "gradZ", y, "gradBias", 3));
    all.put(
        "conv2d_pool_forward",
        new Signature(
            (s, t) -> PooledConvolution.forward(s, windows, t[0], t[1], t[2], t[3], t[4]),
            "x",
            windows.inputCount(),
            "w",
            w,
            "?bias",
            3,
            "y",
            windows.pooledCount(),
            "i?:argmax",
            windows.pooledCount()));
    all.put(
        "conv2d_pool_backward",
        new Signature(
            (s, t) -> PooledConvolution.backward(s, windows, t[0], t[1], t[2], t[3], t[4]),
            "y",
            windows.pooledCount(),
            "i:argmax",
            windows.pooledCount(),
            "gradY",
            windows.pooledCount(),
            "gradZ",
            windows.outputCount(),
            "?gradBias",
            3));
    all.put(
        "im2col",
        new Signature(
            (s, t) -> Convolution.im2col(s, conv, t[0], t[1]),
            "x",
            x,
            "unrolled",
            conv.unrolledCount()));
    all.put(
        "col2im",
        new Signature(
            (s, t) -> Convolution.col2im(s, conv, t[0], t[1]),
            "unrolled",
            conv.unrolledCount(),
            "x",
            x));
    all.put(
        "pool2d_forward",
        new Signature(
            (s, t) -> Pooling.forward(s, max, t[0], t[1], t[2]), "x", 64, "y", 4, "i?:argmax", 4));
    all.put(
        "pool2d_backward",
        new Signature(
            (s, t) -> Pooling.backward(s, max, t[0], t[1], t[2]),
            "gradY",
            4,
            "i:argmax",
            4,
            "gradX",
            64));
    all.put(
        "dense_forward",
        new Signature(
            (s, t) -> Dense.forward(s, dense, t[0], t[1], t[2], t[3]),
            "x",
            12,
            "w",
            20,
            "?bias",
            5,
            "y",
            15));
    all.put(
        "dense_grad_input",
        new Signature(
            (s, t) -> Dense.gradInput(s, dense, t[0], t[1], t[2]),
            "gradZ",
            15,
            "w",
            20,
            "gradX",
            12));
    all.put(
        "dense_grad_weights",
        new Signature(
            (s, t) -> Dense.gradWeights(s, dense, t[0], t[1], t[2]),
            "x",
            12,
            "gradZ",
            15,
            "gradW",
            20));
    all.put(
        "dense_grad_bias",
        new Signature((s, t) -> Dense.gradBias(s, dense, t[0], t[1]), "gradZ", 15, "gradBias", 5));
    all.put(
        "gemm",
        new Signature((s, t) -> Gemm.gemm(s, gemm, t[0], t[1], t[2]), "a", 8, "b", 12, "c", 6));
    var products = new GemmBatch(2, 8, 0, 6);
    all.put(
        "gemm_batched",
        new Signature(
            (s, t) -> Gemm.gemmBatched(s, gemm, products, t[0], t[1], t[2]),
            "a",
            16,
            "b",
            12,
            "c",
            12));
    all.put("fill", new Signature((s, t) -> Elementwise.fill(s, 7, 1, t[0]), "x", 7));
    all.put("scale", new Signature((s, t) -> Elementwise.scale(s, 7, 1, t[0]), "x", 7));
    all.put("axpy", new Signature((s, t) -> Elementwise.axpy(s, 7, 1, t[0], t[1]), "x", 7, "y", 7));
    all.put(
        "sum",
        new Signature((s, t) -> Elementwise.sum(s, 7, 1, t[0], 0, t[1]), "x", 7, "result", 1));
    all.put(
        "activation_forward",
        new Signature(
            (s, t) -> Activations.forward(s, Activation.TANH, 0, 7, t[0], t[1]), "x", 7, "y", 7));
    all.put(
        "activation_backward",
        new Signature(
            (s, t) -> Activations.backward(s, Activation.TANH, 0, 7, t[0], t[1], t[2]),
            "y",
            7,
            "gradY",
            7,
            "gradX",
            7));
    all.put(
        "softmax_forward",
        new Signature((s, t) -> Softmax.forward(s, 2, 3, t[0], t[1]), "x", 6, "y", 6));
    all.put(
        "softmax_backward",
        new Signature(
            (s, t) -> Softmax.backward(s, 2, 3, t[0], t[1], t[2]), "y", 6, "gradY", 6, "gradX", 6));
    all.put(
        "softmax_cross_entropy",
        new Signature(
            (s, t) -> Losses.softmaxCrossEntropy(s, 2, 3, t[0], t[1], 1, t[2], t[3]),
            "x",
            6,
            "i:labels",
            2,
            "losses",
            2,
            "?grad",
            6));
    all.put(
        "sigmoid_cross_entropy",
        new Signature(
            (s, t) -> Losses.sigmoidCrossEntropy(s, 2, 3, t[0], t[1], 1, t[2], t[3]),
            "x",
            6,
            "targets",
            6,
            "losses",
            2,
            "?grad",
            6));
    all.put(
        "mean_squared_error",
        new Signature(
            (s, t) -> Losses.meanSquaredError(s, 2, 3, t[0], t[1], 1, t[2], t[3]),
            "x",
            6,
            "targets",
            6,
            "losses",
            2,
            "?grad",
            6));
    all.put(
        "argmax",
        new Signature(
            (s, t) -> Losses.argmax(s, 2, 3, t[0], t[1], t[2], t[3]),
            "x",
            6,
            "i:labels",
            2,
            "i:predictions",
            2,
            "?hits",
            2));
    all.put(
        "sgd",
        new Signature(
            (s, t) -> Optimizers.sgd(s, sgd, 7, t[0], t[1], t[2]), "g", 7, "w", 7, "v", 7));
    all.put(
        "adam",
        new Signature(
            (s, t) -> Optimizers.adam(s, adam, 7, t[0], t[1], t[2], t[3]),
            "g",
            7,
            "w",
            7,
            "m",
            7,
            "v",
            7));
    return all;
  }
}
