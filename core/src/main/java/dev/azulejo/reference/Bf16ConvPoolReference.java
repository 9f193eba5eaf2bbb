package dev.azulejo.reference;

import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Bf16;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvAlgorithm;
import java.util.List;

/**
 * A convolution with max pooling of operands in BF16, forward and back to what is before the
 * activation: the operands of the way back, and in float64 what both give and how far a device may
 * be off.
 */
public final class Bf16ConvPoolReference {
  private static final int MOST_ROWS = 4; // of a stride

  private final ConvCase problem;
  private final Bf16ConvReference convolution;
  private final ConvPoolReference pooling;
  private final int[] argmax;
  private final float[] z;
  private final float[] gradY;

  /** Random operands for a case. */
  public Bf16ConvPoolReference(ConvCase problem) {
    this.problem = problem;
    convolution = new Bf16ConvReference(problem);
    pooling = new ConvPoolReference(problem);
    argmax = pooling.places();
    var samples = new Samples(57);
    z = samples.uniform(argmax.length, 3);
    gradY = Bf16.rounded(samples.uniform(argmax.length));
  }

  /** The cases that BF16 does: those of convolutions, with a stride of at most 4 rows. */
  public static List<ConvCase> cases() {
    return ConvCase.pooled().stream()
        .filter(c -> c.shape().groups() == 1 && ConvAlgorithm.HOPPER_BF16.fits(c.shape()))
        .filter(c -> c.shape().strideHeight() <= MOST_ROWS)
        .toList();
  }

  /** The operands and outputs of the convolution. */
  public Bf16ConvReference convolution() {
    return convolution;
  }

  /** How y, its gradient and argmax lie. */
  public PackedReference pooled() {
    Conv2dShape shape = problem.shape();
    long windows = shape.outputHeight() / 2 * (shape.outputWidth() / 2);
    return new PackedReference(problem.batch(), shape.filters(), windows);
  }

  /** y = the maxima of the convolution's output. */
  public Bf16ConvReference.Exact forward(Activation activation, boolean withBias) {
    Bf16ConvReference.Exact outputs = convolution.forward(activation, withBias);
    return new Bf16ConvReference.Exact(
        pooling.max(outputs.values()), pooling.max(outputs.allowed()));
  }

  /** As {@link ConvPoolReference#shortfall}; infinite where a tap is none of a window. */
  public double shortfall(Activation activation, boolean withBias, byte[] packedTaps) {
    int[] taps = pooled().unpack(packedTaps);
    for (int tap : taps) {
      if (tap > 3) {
        return Double.POSITIVE_INFINITY;
      }
    }
    Bf16ConvReference.Exact outputs = convolution.forward(activation, withBias);
    return pooling.shortfall(outputs.values(), outputs.allowed(), pooling.argmax(taps));
  }

  /** Outputs that an activation may give, packed. */
  public short[] y(Activation activation) {
    return pooled().pack(Bf16.of(outputs(activation)));
  }

  /** For each window one of its taps, in turn, packed. */
  public byte[] argmax() {
    return pooled().pack(pooling.taps(argmax));
  }

  /** The gradient to y, packed. */
  public short[] gradY() {
    return pooled().pack(Bf16.of(gradY));
  }

  /** The gradient before the activation, which is stored in BF16. */
  public Bf16ConvReference.Exact gradZ(Activation activation) {
    double[] products = products(activation);
    double[] errors = new double[products.length];
    for (int i = 0; i < errors.length; i++) {
      errors[i] = Tolerance.function(products[i]);
    }
    double[] gradZ = pooling.scattered(products, argmax);
    double[] allowed = Tolerance.storedBf16(gradZ, pooling.scattered(errors, argmax));
    return new Bf16ConvReference.Exact(gradZ, allowed);
  }

  /** Its sum for each filter, before it is rounded. */
  public Bf16ConvReference.Exact gradBias(Activation activation) {
    double[] gradZ = pooling.scattered(products(activation), argmax);
    double[] magnitude = problem.reference().gradBias(Doubles.abs(gradZ));
    double[] allowed = Tolerance.sums(problem.gradWeightsTerms(), magnitude);
    for (int i = 0; i < allowed.length; i++) {
      allowed[i] += Tolerance.function(magnitude[i]);
    }
    return new Bf16ConvReference.Exact(problem.reference().gradBias(gradZ), allowed);
  }

  private float[] outputs(Activation activation) {
    float[] y = new float[z.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = (float) ActivationReference.value(activation, Bf16ConvReference.SLOPE, z[i]);
    }
    return Bf16.rounded(y);
  }

  private double[] products(Activation activation) {
    float[] y = outputs(activation);
    double[] products = new double[y.length];
    for (int i = 0; i < y.length; i++) {
      products[i] =
          gradY[i]
              * ActivationReference.derivativeFromOutput(activation, Bf16ConvReference.SLOPE, y[i]);
    }
    return products;
  }
}
