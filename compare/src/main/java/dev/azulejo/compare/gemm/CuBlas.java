package dev.azulejo.compare.gemm;

import dev.azulejo.compare.engine.cublas.CublasCompute;
import dev.azulejo.compare.engine.cublas.CublasProduct;
import dev.azulejo.compare.measure.Contestant;
import dev.azulejo.engine.Precision;
import dev.azulejo.engine.Storage;

/** cuBLAS's GEMM, which in float32 takes part twice: as it likes best, and pedantic. */
final class CuBlas implements Contestant {
  static final String NAME = "cublas";
  static final String PEDANTIC = "cublas-pedantic";

  private final String name;
  private final CublasProduct product;
  private final GemmData data;

  CuBlas(String name, CublasProduct product, GemmData data) {
    this.name = name;
    this.product = product;
    this.data = data;
  }

  /** The arithmetic of a contestant. */
  static CublasCompute compute(String name, Precision precision, Storage storage) {
    // In BF16 there is nothing left to round.
    return storage == Storage.BF16 || name.equals(NAME) && precision == Precision.FP32
        ? CublasCompute.CUBLAS_COMPUTE_32F
        : CublasCompute.of(precision);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String algorithm() {
    return product.describe();
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
