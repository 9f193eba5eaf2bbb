package dev.azulejo.compare.conv;

import dev.azulejo.compare.measure.Contestant;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.ConvolutionPlan;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Bf16Convolution;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.ops.Convolution;

/** A pass of a convolution by an engine, ours or a vendor's, on tensors as it stores them. */
final class PlanContestant implements Contestant {
  private final String name;
  private final ConvPass pass;
  private final ConvData data;
  private final EngineSession session;
  private final ConvolutionPlan plan;
  private final String algorithm;
  private final long workspaceBytes;

  /**
   * Makes the plan and reserves its workspace.
   *
   * @param ours the algorithm of our engine; others choose their own
   */
  PlanContestant(
      String name,
      Engine engine,
      ConvAlgorithm ours,
      Stream stream,
      ConvCase problem,
      ConvPass pass,
      ConvData data) {
    this.name = name;
    this.pass = pass;
    this.data = data;
    var conv = new Conv2dProblem(problem.shape(), problem.batch(), ours, 0, Activation.IDENTITY, 0);
    session = engine.open(stream, true);
    try {
      plan = session.convolution(conv);
      long ownBytes = ownBytes(engine, stream, conv, pass);
      stream.workspace().reserve(Math.max(ownBytes, plan.workspaceBytes()));
      workspaceBytes = ownBytes + session.bytes();
      algorithm = plan.algorithm(pass);
    } catch (RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  private static long ownBytes(Engine engine, Stream stream, Conv2dProblem conv, ConvPass pass) {
    if (engine == Engine.azulejoBf16()) {
      return Bf16Convolution.workspaceBytes(stream, conv, pass);
    }
    return engine == Engine.azulejo() ? Convolution.workspaceBytes(stream, conv, pass) : 0;
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
    return workspaceBytes;
  }

  @Override
  public void run(int set) {
    switch (pass) {
      case FORWARD -> plan.forward(data.first(set), data.second(set), null, data.result(set));
      case GRAD_INPUT -> plan.gradInput(data.first(set), data.second(set), data.result(set));
      case GRAD_WEIGHTS ->
          plan.gradWeights(data.first(set), data.second(set), data.result(set), null);
    }
  }

  @Override
  public void close() {
    session.close();
  }
}
