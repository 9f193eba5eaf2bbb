package dev.azulejo.compare.engine.cublas;

import dev.azulejo.compare.engine.VendorArguments;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.DensePlan;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Activations;
import dev.azulejo.ops.DenseProblem;
import dev.azulejo.ops.Elementwise;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A dense layer by cuBLAS. The bias is a product with a vector of ones, its gradient a sum of rows
 * by the same; the activation is ours, in place.
 */
final class CublasDense implements DensePlan {
  private final CublasSession session;
  private final Stream stream;
  private final DenseProblem problem;
  private final int inputs;
  private final int outputs;
  private final MemorySegment ones;
  private int batch;

  CublasDense(CublasSession session, DenseProblem problem) {
    this.session = session;
    this.stream = session.stream();
    this.problem = problem;
    inputs = VendorArguments.number(problem.inputs(), "cublasGemmEx");
    outputs = VendorArguments.number(problem.outputs(), "cublasGemmEx");
    batch = VendorArguments.number(problem.batch(), "cublasGemmEx");
    DeviceBuffer buffer = session.buffer(batch * (long) Float.BYTES);
    Elementwise.fill(stream, batch, 1, buffer.floats());
    ones = VendorArguments.memory(stream, buffer);
  }

  @Override
  public void setBatch(int samples) {
    problem.setBatch(samples);
    batch = samples;
  }

  @Override
  public void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {
    stream.handle();
    MemorySegment ys = floats(y, problem.outputCount(), "y");
    session.gemm(
        false,
        true,
        batch,
        outputs,
        inputs,
        floats(x, problem.inputCount(), "x"),
        floats(w, problem.weightCount(), "w"),
        ys);
    if (bias != null) {
      session.addOuter(batch, outputs, ones, floats(bias, outputs, "bias"), ys);
    }
    if (problem.activation() != Activation.IDENTITY) {
      Activations.forward(
          stream, problem.activation(), problem.slope(), problem.outputCount(), y, y);
    }
  }

  @Override
  public void gradWeights(Tensor x, Tensor gradZ, Tensor gradW, Tensor gradBias) {
    stream.handle();
    MemorySegment gradient = floats(gradZ, problem.outputCount(), "gradZ");
    session.gemm(
        true,
        false,
        outputs,
        inputs,
        batch,
        gradient,
        floats(x, problem.inputCount(), "x"),
        floats(gradW, problem.weightCount(), "gradW"));
    if (gradBias != null) {
      session.sumRows(outputs, batch, ones, gradient, floats(gradBias, outputs, "gradBias"));
    }
  }

  @Override
  public void gradInput(Tensor gradZ, Tensor w, Tensor gradX) {
    stream.handle();
    session.gemm(
        false,
        false,
        batch,
        inputs,
        outputs,
        floats(gradZ, problem.outputCount(), "gradZ"),
        floats(w, problem.weightCount(), "w"),
        floats(gradX, problem.inputCount(), "gradX"));
  }

  private MemorySegment floats(Tensor tensor, long needed, String name) {
    return Objects.requireNonNull(tensor, name).argument(stream, ElementType.F32, needed, name);
  }
}
