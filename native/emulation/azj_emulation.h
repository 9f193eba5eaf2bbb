/*
 * azj_emulation.h - what tests ask of the emulated CUDA devices, beside the CUDA API itself.
 *
 * Environment, read once: AZULEJO_EMULATION_THREADS (OS threads that run blocks), AZULEJO_EMULATION_DEVICES (2),
 * AZULEJO_EMULATION_MEMORY (MiB of each device, 4096), AZULEJO_EMULATION_CAPABILITY (75, 80, 86, 89, 90, 100 or 120;
 * 90), AZULEJO_EMULATION_ORDER (reverse: blocks and threads start in the reverse order), AZULEJO_EMULATION_INITCHECK
 * (1: reading device memory that nothing was written to is a fault).
 */
#ifndef AZJ_EMULATION_H
#define AZJ_EMULATION_H

#include <stdint.h>

#if defined(__GNUC__)
#define AZJ_EMULATION_API __attribute__((visibility("default")))
#else
#define AZJ_EMULATION_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The latest thing that the emulation found wrong - a faulty kernel, a copy in the wrong direction, a bad launch - in
 * any thread: kernel, block, thread, what. Empty when there was none since the last reset. Valid until the calling
 * thread's next call. */
AZJ_EMULATION_API const char* azj_emulation_fault(void);

/* The nth call (1: the next) of a function of the CUDA runtime, counted from now, fails with `error` and does nothing
 * else. Launches are calls of "cudaLaunchKernelExC". An error that loses a real device loses the emulated one too.
 * Several injections may wait at once; error 0 removes those of the function. Returns 0, or 1 when the function is
 * unknown or nth < 1. */
AZJ_EMULATION_API int32_t azj_emulation_inject(const char* function, int32_t nth_call, int32_t error);

/* Writes the functions called since the last reset and how often, "cudaMalloc 3\n" each, sorted, NUL-terminated, cut to
 * `bytes`. Returns the bytes needed, the NUL included. */
AZJ_EMULATION_API int64_t azj_emulation_calls(char* text, int64_t bytes);

/* Bytes of live device memory, or of pinned host memory (device -1). */
AZJ_EMULATION_API int64_t azj_emulation_live_bytes(int32_t device);

/* Everything as at the start of the process: devices work again, memory, streams, events, graphs, injections and counts
 * are gone. Handles from before are invalid. */
AZJ_EMULATION_API void azj_emulation_reset(void);

#ifdef __cplusplus
}
#endif

#endif /* AZJ_EMULATION_H */
