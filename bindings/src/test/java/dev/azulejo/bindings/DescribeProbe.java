package dev.azulejo.bindings;

/** Main class of a child JVM: describes cuDNN without asking for it. */
final class DescribeProbe {
  private DescribeProbe() {}

  /** Prints the description. */
  public static void main(String[] args) {
    System.out.print(VendorLibrary.CUDNN.describe());
  }
}
