// The OS threads that kernels run on. They are the emulation's own: a kernel never runs on a thread of the program,
// whose stack and signals belong to others (a JVM's, for instance).
#pragma once

#include <functional>

#include "scheduler.hpp"

namespace azj::emulation {

// Runs `work` on the emulation's main thread and waits for it. One caller at a time.
void run_on_device_thread(const std::function<void()>& work);

// Called on that thread: runs the grid on as many threads as are worth it. fault.error is cudaSuccess when all is well.
Fault run_grid(Grid& grid);

// The number of OS threads that run blocks: AZULEJO_EMULATION_THREADS, or the processors this process may use, 16 at
// most.
int worker_count();

}  // namespace azj::emulation
