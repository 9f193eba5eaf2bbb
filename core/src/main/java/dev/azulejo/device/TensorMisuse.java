package dev.azulejo.device;

/** What to say where a tensor does not fit its use. */
final class TensorMisuse {
  private TensorMisuse() {}

  /** Why a tensor cannot be an operation's argument. */
  static RuntimeException of(
      Tensor tensor, Stream stream, ElementType needed, long atLeast, String name) {
    tensor.checkOpen();
    if (tensor.device() != stream.device()) {
      return new IllegalArgumentException(
          name + " is on another device than the stream: " + tensor + ", and " + stream);
    }
    if (tensor.type() != needed) {
      return new IllegalArgumentException(
          name + " must have elements of type " + needed + ", was: " + tensor);
    }
    return new IllegalArgumentException(
        name + " needs at least " + atLeast + " elements, has " + tensor.count() + ": " + tensor);
  }

  /** Elements that a buffer does not have. */
  static RuntimeException outside(DeviceBuffer buffer, ElementType type, long offset, long count) {
    return new IndexOutOfBoundsException(
        "elements "
            + offset
            + " to "
            + offset
            + " + "
            + count
            + " are not inside "
            + buffer
            + ", which has "
            + buffer.bytes() / type.bytes());
  }
}
