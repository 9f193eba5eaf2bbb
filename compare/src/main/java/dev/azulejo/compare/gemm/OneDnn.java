package dev.azulejo.compare.gemm;

import dev.azulejo.compare.engine.onednn.DnnlProduct;
import dev.azulejo.compare.measure.Contestant;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.Precision;

/** oneDNN's matmul, on the matrices as they lie. */
final class OneDnn implements Contestant {
  static final String NAME = "onednn";

  private final DnnlProduct product;
  private final GemmData data;

  OneDnn(Stream stream, GemmCase problem, GemmData data, Precision precision) {
    this.data = data;
    product =
        new DnnlProduct(
            stream,
            problem.m(),
            problem.n(),
            problem.k(),
            problem.transposeA(),
            problem.transposeB(),
            precision);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String algorithm() {
    return "matmul " + product.describe();
  }

  @Override
  public long workspaceBytes() {
    return product.bytes();
  }

  @Override
  public void run(int set) {
    product.run(data.a(set), data.b(set), data.c(set));
  }

  @Override
  public void close() {
    product.close();
  }
}
