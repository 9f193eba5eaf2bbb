package dev.azulejo.compare.memory;

import dev.azulejo.device.Device;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.Engine;
import dev.azulejo.nn.InferencePlan;
import dev.azulejo.nn.MemoryPlan;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.TrainingPlan;

/**
 * The memory of a network's plans.
 *
 * @param predicted by {@link MemoryPlan}, before anything was allocated
 * @param actual bytes of the device after a run, as its ledger counts them; a run allocates none
 * @param workspace of the predicted, the stream's workspace
 * @param engine of the predicted, what a vendor's library holds
 */
public record NetworkMemory(long predicted, long actual, long workspace, long engine) {

  /** Of training. */
  public static NetworkMemory training(Device device, NetworkSpec spec, int batch, Engine engine) {
    Stream stream = device.stream();
    MemoryPlan plan = MemoryPlan.training(spec, stream, batch, engine);
    try (Network network = network(device, spec, engine);
        TrainingPlan made = new TrainingPlan(network, stream, batch)) {
      made.input().upload(stream, new float[(int) made.input().count()]);
      made.forward();
      made.backward();
      stream.synchronize();
      return of(plan, device);
    } finally {
      stream.workspace().trim();
    }
  }

  /** Of inference. */
  public static NetworkMemory inference(Device device, NetworkSpec spec, int batch, Engine engine) {
    Stream stream = device.stream();
    MemoryPlan plan = MemoryPlan.inference(spec, stream, batch, engine);
    try (Network network = network(device, spec, engine);
        InferencePlan made = new InferencePlan(network, stream, batch)) {
      made.input().upload(stream, new float[(int) made.input().count()]);
      made.run(batch);
      stream.synchronize();
      return of(plan, device);
    } finally {
      stream.workspace().trim();
    }
  }

  private static Network network(Device device, NetworkSpec spec, Engine engine) {
    Network network = Network.create(device, spec, 1);
    network.setEngine(engine);
    return network;
  }

  private static NetworkMemory of(MemoryPlan plan, Device device) {
    long actual = device.memory().liveBytes();
    return new NetworkMemory(plan.total(), actual, plan.workspace(), plan.engine());
  }
}
