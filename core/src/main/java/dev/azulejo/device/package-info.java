/**
 * Devices, their memory and their streams: who owns what, who may use it from which thread, and how
 * much of it is live.
 *
 * <table>
 * <caption>Files of this package</caption>
 * <tr><td>{@link dev.azulejo.device.Device}<td>opens a device, allocates its memory, closes it
 * <tr><td>{@link dev.azulejo.device.Stream}<td>a queue of operations, confined to one thread
 * <tr><td>{@link dev.azulejo.device.Workspace}<td>the stream's scratch memory, where X_unroll lives
 * <tr><td>{@link dev.azulejo.device.DeviceBuffer}<td>the sole owner of one allocation
 * <tr><td>{@link dev.azulejo.device.Tensor}<td>a typed, bounded view of a buffer, what operations take
 * <tr><td>{@link dev.azulejo.device.HostBuffer}<td>host memory for copies that nobody waits for
 * <tr><td>{@link dev.azulejo.device.Event}<td>a point in a stream's work, to wait for and to measure time
 * <tr><td>{@link dev.azulejo.device.Graph}<td>operations recorded once and run as a whole by one call
 * <tr><td>{@link dev.azulejo.device.MemoryReport}<td>live bytes by owner
 * <tr><td>{@link dev.azulejo.device.NativeCall}<td>the one place where a native status becomes an exception
 * </table>
 *
 * <p>Errors: an argument that cannot be right is an {@link IllegalArgumentException}, null a {@link
 * NullPointerException} with the parameter's name, use after close or from a wrong thread an {@link
 * IllegalStateException}, and what the native library refuses an {@link
 * dev.azulejo.device.AzulejoException}.
 */
package dev.azulejo.device;
