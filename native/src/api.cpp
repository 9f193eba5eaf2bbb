// azulejo.h: library, devices, streams, memory. The operations are in api_operations.cpp.
#include "api.hpp"

#include <cinttypes>
#include <cstring>
#include <string>

#include "accelerator.hpp"
#include "cpu/device.hpp"
#include "cpu/instruction_set.hpp"
#include "validate.hpp"
#include "version.hpp"

namespace azj {

void report(const char* function, const char* text) noexcept {
  char line[1024];
  std::snprintf(line, sizeof line, "%s: %s", function, text);
  set_last_error(line);
}

namespace {

void check_kind(int32_t kind) {
  if (kind < AZJ_DEVICE_CPU || kind > AZJ_DEVICE_EMULATED) {
    fail(AZJ_INVALID_ARGUMENT,
         "kind is %d; it must be AZJ_DEVICE_CPU (0), AZJ_DEVICE_CUDA (1) or AZJ_DEVICE_EMULATED (2)", kind);
  }
}

const char* kind_name(int32_t kind) { return kind == AZJ_DEVICE_CUDA ? "CUDA" : "emulated"; }

int32_t count_devices(int32_t kind) {
  check_kind(kind);
  if (kind == AZJ_DEVICE_CPU) return 1;
  return kind == accelerator().kind ? accelerator().count() : 0;
}

std::unique_ptr<azj_device> open_device(int32_t kind, int32_t ordinal) {
  check_kind(kind);
  if (kind == AZJ_DEVICE_CPU) {
    if (ordinal != 0) fail(AZJ_NO_DEVICE, "CPU device %d was asked for; there is one, ordinal 0", ordinal);
    return cpu::open_device();
  }
  if (kind != accelerator().kind) {
    fail(AZJ_NO_DEVICE, "%s device %d was asked for, but this build of libazulejo has no %s backend (%s)%s",
         kind_name(kind), ordinal, kind_name(kind), azj_build_info(),
         kind == AZJ_DEVICE_EMULATED ? "; libazulejo_emulated.so has it, which the project's build makes for tests" : "");
  }
  return accelerator().open(ordinal);
}

}  // namespace
}  // namespace azj

using namespace azj;

int32_t azj_abi_version(void) { return AZJ_ABI_VERSION; }

const char* azj_build_info(void) {
  static const struct Text {
    char chars[256] = "";
    Text() noexcept {
      try {
        std::string text = std::string("azulejo ") + kVersion + " (cpu:";
        for (const auto& set : cpu::kInstructionSets) {
          text += std::string(&set == cpu::kInstructionSets ? " " : ", ") + set.name;
        }
        text += "; " + accelerator().info() + ")";
        std::snprintf(chars, sizeof chars, "%s", text.c_str());
      } catch (const std::bad_alloc&) {
        std::snprintf(chars, sizeof chars, "azulejo %s", kVersion);
      }
    }
  } text;
  return text.chars;
}

const char* azj_last_error(void) { return last_error(); }

const char* azj_status_name(int32_t status) {
  switch (status) {
    case AZJ_OK: return "OK";
    case AZJ_INVALID_ARGUMENT: return "INVALID_ARGUMENT";
    case AZJ_OUT_OF_MEMORY: return "OUT_OF_MEMORY";
    case AZJ_UNSUPPORTED: return "UNSUPPORTED";
    case AZJ_NO_DEVICE: return "NO_DEVICE";
    case AZJ_DEVICE_LOST: return "DEVICE_LOST";
    case AZJ_WORKSPACE_TOO_SMALL: return "WORKSPACE_TOO_SMALL";
    case AZJ_INTERNAL: return "INTERNAL";
    default: return "UNKNOWN";
  }
}

azj_status azj_device_count(int32_t kind, int32_t* count) {
  return guard(__func__, [&] {
    check_pointer("count", count);
    *count = 0;
    *count = count_devices(kind);
  });
}

azj_status azj_device_open(int32_t kind, int32_t ordinal, azj_device** device) {
  return guard(__func__, [&] {
    check_pointer("device", device);
    *device = nullptr;
    *device = open_device(kind, ordinal).release();
  });
}

azj_status azj_device_close(azj_device* device) {
  return guard(__func__, [&] {
    if (device == nullptr) return;
    const int64_t streams = device->open_streams.load(), events = device->open_events.load();
    const uint64_t bytes = device->live_bytes(), host_bytes = device->host_allocations().live_bytes();
    if (streams != 0 || events != 0 || bytes != 0 || host_bytes != 0) {
      std::string others;
      if (events != 0) others += " and " + std::to_string(events) + " open events";
      if (host_bytes != 0) others += " and " + std::to_string(host_bytes) + " live bytes of host memory";
      fail(AZJ_INVALID_ARGUMENT,
           "the device still has %" PRId64 " open streams and %" PRIu64
           " live bytes%s; close its streams and free its memory first",
           streams, bytes, others.c_str());
    }
    delete device;
  });
}

azj_status azj_device_query(azj_device* device, azj_device_info* info) {
  return guard(__func__, [&] {
    device_of(device);
    check_pointer("info", info);
    std::memset(info, 0, sizeof *info);
    device->query(*info);
  });
}

azj_status azj_stream_open(azj_device* device, int32_t threads, azj_stream** stream) {
  return guard(__func__, [&] {
    check_pointer("stream", stream);
    *stream = nullptr;
    if (threads < 0 || threads > 1024) {
      fail(AZJ_INVALID_ARGUMENT, "threads is %d; it must be 1..1024, or 0 for every usable processor", threads);
    }
    auto opened = device_of(device).open_stream(threads);
    device->open_streams.fetch_add(1);
    *stream = opened.release();
  });
}

azj_status azj_stream_close(azj_stream* stream) {
  return guard(__func__, [&] {
    if (stream == nullptr) return;
    const int64_t graphs = stream->open_graphs.load();
    if (graphs != 0) {
      fail(AZJ_INVALID_ARGUMENT, "the stream still has %" PRId64 " open graphs; close them first", graphs);
    }
    const struct Close {
      azj_stream* stream;
      ~Close() {
        azj_device& device = stream->device;
        delete stream;
        device.open_streams.fetch_sub(1);
      }
    } close{stream};
    stream->finish();
  });
}

azj_status azj_stream_threads(azj_stream* stream, int32_t* threads) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_pointer("threads", threads);
    *threads = stream->threads();
  });
}

azj_status azj_stream_native(azj_stream* stream, void** native) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_pointer("native", native);
    *native = stream->native();
  });
}

azj_status azj_synchronize(azj_stream* stream) {
  return guard(__func__, [&] { stream_of(stream).synchronize(); });
}

azj_status azj_alloc(azj_device* device, uint64_t bytes, void** memory) {
  return guard(__func__, [&] {
    check_pointer("memory", memory);
    *memory = nullptr;
    device_of(device);
    if (bytes == 0) fail(AZJ_INVALID_ARGUMENT, "bytes is 0; it must be at least 1");
    *memory = device->alloc(bytes);
  });
}

azj_status azj_free(azj_device* device, void* memory) {
  return guard(__func__, [&] {
    device_of(device);
    if (memory != nullptr) device->free(memory);
  });
}

azj_status azj_live_bytes(azj_device* device, uint64_t* bytes) {
  return guard(__func__, [&] {
    device_of(device);
    check_pointer("bytes", bytes);
    *bytes = device->live_bytes();
  });
}

azj_status azj_upload(azj_stream* stream, void* device_dst, const void* host_src, uint64_t bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_copy("device_dst", device_dst, "host_src", host_src, bytes);
    if (bytes > 0) stream->upload(device_dst, host_src, bytes);
  });
}

azj_status azj_download(azj_stream* stream, void* host_dst, const void* device_src, uint64_t bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_copy("host_dst", host_dst, "device_src", device_src, bytes);
    if (bytes > 0) stream->download(host_dst, device_src, bytes);
  });
}

azj_status azj_copy(azj_stream* stream, void* device_dst, const void* device_src, uint64_t bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_copy("device_dst", device_dst, "device_src", device_src, bytes);
    if (bytes > 0) stream->copy(device_dst, device_src, bytes);
  });
}

azj_status azj_host_alloc(azj_device* device, uint64_t bytes, void** memory) {
  return guard(__func__, [&] {
    check_pointer("memory", memory);
    *memory = nullptr;
    device_of(device);
    if (bytes == 0) fail(AZJ_INVALID_ARGUMENT, "bytes is 0; it must be at least 1");
    *memory = device->host_alloc(bytes);
  });
}

azj_status azj_host_free(azj_device* device, void* memory) {
  return guard(__func__, [&] {
    device_of(device);
    if (memory != nullptr) device->host_free(memory);
  });
}

azj_status azj_upload_async(azj_stream* stream, void* device_dst, const void* host_src, uint64_t bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_copy("device_dst", device_dst, "host_src", host_src, bytes);
    if (bytes == 0) return;
    check_host_memory(stream->device, "host_src", host_src, bytes);
    stream->upload_async(device_dst, host_src, bytes);
  });
}

azj_status azj_download_async(azj_stream* stream, void* host_dst, const void* device_src, uint64_t bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_copy("host_dst", host_dst, "device_src", device_src, bytes);
    if (bytes == 0) return;
    check_host_memory(stream->device, "host_dst", host_dst, bytes);
    stream->download_async(host_dst, device_src, bytes);
  });
}
