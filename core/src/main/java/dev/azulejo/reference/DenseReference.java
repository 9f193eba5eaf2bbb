package dev.azulejo.reference;

/** The dense layer and its gradients, T§4.3, T(3.27)-T(3.94). */
public final class DenseReference {
  private DenseReference() {}

  /** z[n][o] = bias[o] + sum_i x[n][i] w[o][i]. */
  public static double[] forward(
      int batch, int inputs, int outputs, double[] x, double[] w, double[] bias) {
    double[] z = new double[batch * outputs];
    for (int n = 0; n < batch; n++) {
      for (int o = 0; o < outputs; o++) {
        double sum = bias == null ? 0 : bias[o];
        for (int i = 0; i < inputs; i++) {
          sum += x[n * inputs + i] * w[o * inputs + i];
        }
        z[n * outputs + o] = sum;
      }
    }
    return z;
  }

  /** gradX[n][i] = sum_o gradZ[n][o] w[o][i]. */
  public static double[] gradInput(int batch, int inputs, int outputs, double[] gradZ, double[] w) {
    double[] gradX = new double[batch * inputs];
    for (int n = 0; n < batch; n++) {
      for (int i = 0; i < inputs; i++) {
        for (int o = 0; o < outputs; o++) {
          gradX[n * inputs + i] += gradZ[n * outputs + o] * w[o * inputs + i];
        }
      }
    }
    return gradX;
  }

  /** gradW[o][i] = sum_n gradZ[n][o] x[n][i]. */
  public static double[] gradWeights(
      int batch, int inputs, int outputs, double[] x, double[] gradZ) {
    double[] gradW = new double[outputs * inputs];
    for (int n = 0; n < batch; n++) {
      for (int o = 0; o < outputs; o++) {
        for (int i = 0; i < inputs; i++) {
          gradW[o * inputs + i] += gradZ[n * outputs + o] * x[n * inputs + i];
        }
      }
    }
    return gradW;
  }

  /** gradBias[o] = sum_n gradZ[n][o]. */
  public static double[] gradBias(int batch, int outputs, double[] gradZ) {
    double[] gradBias = new double[outputs];
    for (int n = 0; n < batch; n++) {
      for (int o = 0; o < outputs; o++) {
        gradBias[o] += gradZ[n * outputs + o];
      }
    }
    return gradBias;
  }
}
