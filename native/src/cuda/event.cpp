#include "event.hpp"

#include "stream.hpp"

namespace azj::cuda {

CudaEvent::CudaEvent(CudaDevice& device) : azj_event(device), device_(device) {
  check(cudaEventCreateWithFlags(handle_.address(), cudaEventDefault), "cudaEventCreateWithFlags");
}

void CudaEvent::record(azj_stream& stream) {
  auto& on = static_cast<CudaStream&>(stream);
  on.require_running("azj_event_record()");
  device_.enter([&] { check(cudaEventRecord(handle_.get(), on.handle()), "cudaEventRecord"); });
  recorded_ = true;
}

void CudaEvent::synchronize() {
  require_recorded();
  device_.enter([&] { check(cudaEventSynchronize(handle_.get()), "cudaEventSynchronize"); });
}

void CudaEvent::wait(azj_stream& stream) {
  require_recorded();
  auto& on = static_cast<CudaStream&>(stream);
  on.require_running("azj_event_wait()");
  device_.enter([&] { check(cudaStreamWaitEvent(on.handle(), handle_.get(), 0), "cudaStreamWaitEvent"); });
}

double CudaEvent::milliseconds_since(azj_event& other) {
  auto& start = static_cast<CudaEvent&>(other);
  start.synchronize();
  synchronize();
  return device_.enter([&] {
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, start.handle_.get(), handle_.get()), "cudaEventElapsedTime");
    return static_cast<double>(milliseconds);
  });
}

void CudaEvent::require_recorded() const {
  if (!recorded_) fail(AZJ_INVALID_ARGUMENT, "the event was never recorded; call azj_event_record() first");
}

}  // namespace azj::cuda
