/*
 * Loops that call functions from C, many times for one call from Java: what a call costs where no JVM is in between,
 * the yardstick of the module compare's benchmarks. The functions are given by address, as Java finds them, so that
 * the compiler cannot look into them here either.
 */
#include <stdint.h>

#include "azulejo.h"

#define EXPORT __attribute__((visibility("default")))

/* Calls a function without arguments; returns what the last call returned. */
EXPORT int32_t azb_empty(int64_t calls, int32_t (*function)(void)) {
  int32_t last = 0;
  for (int64_t i = 0; i < calls; i++) last = function();
  return last;
}

/* Calls cblas_isamax() with no numbers, which has nothing to do; returns what the last call returned. */
EXPORT uint64_t azb_isamax(int64_t calls, uint64_t (*isamax)(int32_t, const float*, int32_t)) {
  uint64_t last = 0;
  for (int64_t i = 0; i < calls; i++) last = isamax(0, 0, 1);
  return last;
}

typedef azj_status (*azb_axpy_function)(azj_stream*, int64_t, float, const float*, float*);

/* Calls azj_axpy(); stops at the first failure and returns its status. */
EXPORT int32_t azb_axpy(int64_t calls, azb_axpy_function axpy, azj_stream* stream, int64_t count, float alpha,
                        const float* x, float* y) {
  azj_status status = AZJ_OK;
  for (int64_t i = 0; i < calls && status == AZJ_OK; i++) status = axpy(stream, count, alpha, x, y);
  return status;
}

typedef azj_status (*azb_upload_function)(azj_stream*, void*, const void*, uint64_t);

/* Calls azj_upload(); stops at the first failure and returns its status. */
EXPORT int32_t azb_upload(int64_t calls, azb_upload_function upload, azj_stream* stream, void* target,
                          const void* source, uint64_t bytes) {
  azj_status status = AZJ_OK;
  for (int64_t i = 0; i < calls && status == AZJ_OK; i++) status = upload(stream, target, source, bytes);
  return status;
}

typedef azj_status (*azb_launch_function)(azj_graph*);
typedef azj_status (*azb_synchronize_function)(azj_stream*);

/* Runs a graph and waits for it; stops at the first failure and returns its status. */
EXPORT int32_t azb_replay(int64_t calls, azb_launch_function launch, azb_synchronize_function synchronize,
                          azj_graph* graph, azj_stream* stream) {
  azj_status status = AZJ_OK;
  for (int64_t i = 0; i < calls && status == AZJ_OK; i++) {
    status = launch(graph);
    if (status == AZJ_OK) status = synchronize(stream);
  }
  return status;
}
