package dev.azulejo.reference;

/** The recurrences of the optimisers, one parameter at a time; each call is a step. */
public final class OptimizerReference {
  private OptimizerReference() {}

  /** T(2.6) with momentum, Nesterov's form and weight decay; updates w and v. */
  public static void sgd(
      double rate,
      double momentum,
      double decay,
      boolean nesterov,
      double[] g,
      double[] w,
      double[] v) {
    for (int i = 0; i < w.length; i++) {
      double gradient = g[i] + decay * w[i];
      v[i] = momentum * v[i] + gradient;
      w[i] -= rate * (nesterov ? gradient + momentum * v[i] : v[i]);
    }
  }

  /** Kingma and Ba 2015, Algorithm 1; decoupled: Loshchilov and Hutter 2019. Updates w, m and v. */
  public static void adam(
      double rate,
      double beta1,
      double beta2,
      double epsilon,
      double decay,
      boolean decoupled,
      int step,
      double[] g,
      double[] w,
      double[] m,
      double[] v) {
    for (int i = 0; i < w.length; i++) {
      double gradient = g[i] + (decoupled ? 0 : decay * w[i]);
      m[i] = beta1 * m[i] + (1 - beta1) * gradient;
      v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
      double mean = m[i] / (1 - Math.pow(beta1, step));
      double square = v[i] / (1 - Math.pow(beta2, step));
      w[i] -= rate * (mean / (Math.sqrt(square) + epsilon) + (decoupled ? decay * w[i] : 0));
    }
  }
}
