// A point in the work of a CUDA stream.
#pragma once

#include "device.hpp"

namespace azj::cuda {

class CudaEvent final : public azj_event {
 public:
  // Inside device.enter().
  explicit CudaEvent(CudaDevice& device);

  void record(azj_stream& stream) override;
  void synchronize() override;
  void wait(azj_stream& stream) override;
  double milliseconds_since(azj_event& start) override;

 private:
  void require_recorded() const;

  CudaDevice& device_;
  EventHandle handle_;
  std::atomic<bool> recorded_{false};
};

}  // namespace azj::cuda
