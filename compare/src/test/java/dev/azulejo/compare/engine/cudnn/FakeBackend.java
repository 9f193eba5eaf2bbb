package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.bindings.cudnn.cudnn_h;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.reference.ConvolutionReference;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The graph API in plain Java on host memory. It keeps attributes as the bytes that it was given,
 * and computes from them: a wrong type, count or order gives a wrong result or a failure.
 */
final class FakeBackend {
  /** An attribute as it was set. */
  record Attribute(int type, long count, byte[] bytes) {
    long[] longs() {
      return MemorySegment.ofArray(bytes).toArray(ValueLayout.JAVA_LONG_UNALIGNED);
    }

    int integer() {
      return MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    }
  }

  /** A descriptor: its type, its attributes, and for what heuristics gave the engine's number. */
  static final class Descriptor {
    final int type;
    final Map<Integer, Attribute> attributes = new TreeMap<>();
    boolean complete;
    int engine = -1;
    Descriptor graph;

    Descriptor(int type) {
      this.type = type;
    }
  }

  /** Every descriptor that was ever made, by its address. */
  final Map<Long, Descriptor> made = new HashMap<>();

  /** Numerical notes of each engine; its index is its rank. */
  int[][] notes = {{}};

  /** Engines whose plans are refused. */
  Set<Integer> refused = Set.of();

  /** What every plan wants. */
  long workspaceBytes = 1000;

  int live;
  private long next = 0x10000;

  int create(int type, MemorySegment out) {
    next += 16;
    made.put(next, new Descriptor(type));
    live++;
    out.set(ValueLayout.JAVA_LONG, 0, next);
    return 0;
  }

  int destroy(MemorySegment descriptor) {
    live--;
    return of(descriptor.address()) == null ? cudnn_h.CUDNN_STATUS_BAD_PARAM() : 0;
  }

  int set(MemorySegment descriptor, int attribute, int type, long count, MemorySegment values) {
    Descriptor one = of(descriptor.address());
    if (one == null || one.complete) {
      return cudnn_h.CUDNN_STATUS_BAD_PARAM();
    }
    byte[] bytes = values.reinterpret(count * size(type)).toArray(ValueLayout.JAVA_BYTE);
    one.attributes.put(attribute, new Attribute(type, count, bytes));
    return 0;
  }

  int complete(MemorySegment descriptor) {
    Descriptor one = of(descriptor.address());
    if (one.type == cudnn_h.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR()) {
      one.engine = configuration(one).engine;
      one.graph = configuration(one).graph;
      if (refused.contains(one.engine)) {
        return cudnn_h.CUDNN_STATUS_NOT_SUPPORTED_SHAPE();
      }
    }
    one.complete = true;
    return 0;
  }

  int get(
      MemorySegment descriptor,
      int attribute,
      long requested,
      MemorySegment count,
      MemorySegment values) {
    Descriptor one = of(descriptor.address());
    MemorySegment array = values.reinterpret(Long.MAX_VALUE);
    long found = 1;
    if (attribute == cudnn_h.CUDNN_ATTR_ENGINEHEUR_RESULTS()) {
      found = Math.min(requested, notes.length);
      for (int i = 0; i < found; i++) {
        Descriptor configuration = of(array.getAtIndex(ValueLayout.JAVA_LONG, i));
        configuration.engine = i;
        configuration.graph = child(one, cudnn_h.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH());
      }
    } else if (attribute == cudnn_h.CUDNN_ATTR_ENGINECFG_ENGINE()) {
      of(array.get(ValueLayout.JAVA_LONG, 0)).engine = one.engine;
    } else if (attribute == cudnn_h.CUDNN_ATTR_ENGINE_NUMERICAL_NOTE()) {
      found = notes[one.engine].length;
      for (int i = 0; i < found; i++) {
        array.setAtIndex(ValueLayout.JAVA_INT, i, notes[one.engine][i]);
      }
    } else if (attribute == cudnn_h.CUDNN_ATTR_ENGINE_GLOBAL_INDEX()) {
      array.set(ValueLayout.JAVA_LONG, 0, 100 + one.engine);
    } else if (attribute == cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE()) {
      array.set(ValueLayout.JAVA_LONG, 0, workspaceBytes);
    } else {
      return cudnn_h.CUDNN_STATUS_BAD_PARAM();
    }
    count.set(ValueLayout.JAVA_LONG, 0, found);
    return 0;
  }

  int execute(MemorySegment plan, MemorySegment pack) {
    Descriptor graph = of(plan.address()).graph;
    Descriptor operation = child(graph, cudnn_h.CUDNN_ATTR_OPERATIONGRAPH_OPS());
    Descriptor with = of(pack.address());
    long[] names = with.attributes.get(cudnn_h.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS()).longs();
    long[] data = with.attributes.get(cudnn_h.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS()).longs();
    long workspace = with.attributes.get(cudnn_h.CUDNN_ATTR_VARIANT_PACK_WORKSPACE()).longs()[0];
    if (!with.complete || workspaceBytes > 0 && workspace == 0) {
      return cudnn_h.CUDNN_STATUS_BAD_PARAM();
    }
    Map<Long, Long> pointers = new HashMap<>();
    for (int i = 0; i < names.length; i++) {
      pointers.put(names[i], data[i]);
    }
    run(operation, pointers);
    return 0;
  }

  private void run(Descriptor o, Map<Long, Long> data) {
    if (o.type == cudnn_h.CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR()) {
      Descriptor from = child(o, cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_XDESC());
      write(child(o, cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_YDESC()), data, read(from, data));
    } else if (o.type == cudnn_h.CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR()) {
      Descriptor x = child(o, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X());
      Descriptor w = child(o, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W());
      Descriptor conv = child(o, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC());
      write(
          child(o, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y()),
          data,
          reference(x, w, conv)
              .forward(read(x, data), read(w, data), new double[(int) sizes(w)[0]]));
    } else if (o.type == cudnn_h.CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR()) {
      Descriptor x = child(o, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX());
      Descriptor w = child(o, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W());
      Descriptor y = child(o, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY());
      Descriptor conv = child(o, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC());
      write(x, data, reference(x, w, conv).gradInput(read(y, data), read(w, data)));
    } else {
      Descriptor x = child(o, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X());
      Descriptor w = child(o, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW());
      Descriptor y = child(o, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY());
      Descriptor conv = child(o, cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC());
      write(w, data, reference(x, w, conv).gradWeights(read(x, data), read(y, data)));
    }
  }

  private ConvolutionReference reference(Descriptor x, Descriptor w, Descriptor conv) {
    long[] in = sizes(x);
    long[] filter = sizes(w);
    long[] pad = conv.attributes.get(cudnn_h.CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS()).longs();
    long[] stride = conv.attributes.get(cudnn_h.CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES()).longs();
    long[] dilation = conv.attributes.get(cudnn_h.CUDNN_ATTR_CONVOLUTION_DILATIONS()).longs();
    return new ConvolutionReference(
        new Conv2dShape(
            in[1],
            in[2],
            in[3],
            filter[0],
            filter[2],
            filter[3],
            stride[0],
            stride[1],
            pad[0],
            pad[1],
            dilation[0],
            dilation[1],
            in[1] / filter[1]),
        (int) in[0]);
  }

  private static double[] read(Descriptor tensor, Map<Long, Long> data) {
    int[] places = places(tensor);
    int end = Arrays.stream(places).max().orElseThrow() + 1;
    double[] memory = FakeMemory.read(pointer(tensor, data), end, isBf16(tensor));
    return Arrays.stream(places).mapToDouble(place -> memory[place]).toArray();
  }

  /** Only the elements of the tensor: what lies between them stays. */
  private static void write(Descriptor tensor, Map<Long, Long> data, double[] values) {
    int[] places = places(tensor);
    int end = Arrays.stream(places).max().orElseThrow() + 1;
    double[] memory = FakeMemory.read(pointer(tensor, data), end, isBf16(tensor));
    for (int i = 0; i < values.length; i++) {
      memory[places[i]] = values[i];
    }
    FakeMemory.write(pointer(tensor, data), memory, isBf16(tensor));
  }

  /** Where each element lies, by its strides. */
  private static int[] places(Descriptor tensor) {
    long[] sizes = sizes(tensor);
    long[] strides = tensor.attributes.get(cudnn_h.CUDNN_ATTR_TENSOR_STRIDES()).longs();
    int[] places = new int[(int) (sizes[0] * sizes[1] * sizes[2] * sizes[3])];
    for (int i = 0; i < places.length; i++) {
      long rest = i;
      for (int axis = 3; axis >= 0; axis--) {
        places[i] += (int) (rest % sizes[axis] * strides[axis]);
        rest /= sizes[axis];
      }
    }
    return places;
  }

  private static long pointer(Descriptor tensor, Map<Long, Long> data) {
    return data.get(tensor.attributes.get(cudnn_h.CUDNN_ATTR_TENSOR_UNIQUE_ID()).longs()[0]);
  }

  private static boolean isBf16(Descriptor tensor) {
    return tensor.attributes.get(cudnn_h.CUDNN_ATTR_TENSOR_DATA_TYPE()).integer()
        == cudnn_h.CUDNN_DATA_BFLOAT16();
  }

  private static long[] sizes(Descriptor tensor) {
    return tensor.attributes.get(cudnn_h.CUDNN_ATTR_TENSOR_DIMENSIONS()).longs();
  }

  private Descriptor configuration(Descriptor plan) {
    return child(plan, cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG());
  }

  private Descriptor child(Descriptor parent, int attribute) {
    return of(parent.attributes.get(attribute).longs()[0]);
  }

  private Descriptor of(long address) {
    return made.get(address);
  }

  private static int size(int type) {
    boolean wide =
        type == cudnn_h.CUDNN_TYPE_INT64()
            || type == cudnn_h.CUDNN_TYPE_HANDLE()
            || type == cudnn_h.CUDNN_TYPE_VOID_PTR()
            || type == cudnn_h.CUDNN_TYPE_BACKEND_DESCRIPTOR();
    return wide ? Long.BYTES : Integer.BYTES;
  }
}
