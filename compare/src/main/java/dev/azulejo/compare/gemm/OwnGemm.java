package dev.azulejo.compare.gemm;

import dev.azulejo.compare.measure.Contestant;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.Bf16Gemm;
import dev.azulejo.ops.Gemm;
import dev.azulejo.ops.GemmAlgorithm;
import dev.azulejo.ops.GemmProblem;
import java.util.Locale;

/** A rung of our ladder. */
final class OwnGemm implements Contestant {
  private final String name;
  private final Stream stream;
  private final GemmProblem problem;
  private final GemmData data;
  private final String algorithm;
  private final boolean bf16;

  OwnGemm(String name, GemmAlgorithm algorithm, Stream stream, GemmCase problem, GemmData data) {
    this.name = name;
    this.stream = stream;
    bf16 = data.storage() == Storage.BF16;
    this.problem = bf16 ? problem.inBf16() : problem.problem(algorithm);
    this.data = data;
    this.algorithm = word(bf16 ? algorithm : Gemm.choice(stream, this.problem, 1));
  }

  /** An algorithm as reports write it. */
  static String word(GemmAlgorithm algorithm) {
    return algorithm.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String algorithm() {
    return algorithm;
  }

  @Override
  public long workspaceBytes() {
    return 0;
  }

  @Override
  public void run(int set) {
    if (bf16) {
      Bf16Gemm.gemm(stream, problem, data.a(set), data.b(set), data.c(set));
    } else {
      Gemm.gemm(stream, problem, data.a(set), data.b(set), data.c(set));
    }
  }

  @Override
  public void close() {}
}
