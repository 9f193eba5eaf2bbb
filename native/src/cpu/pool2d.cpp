// Pooling: max (pool2d_max.cpp) or mean (pool2d_mean.cpp).
#include "pool2d.hpp"

namespace azj::cpu::AZJ_ISA {

void Stream::pool2d_forward(const azj_pool2d_desc& desc, const float* x, float* y, int32_t* argmax) {
  const Pool pool(desc);
  if (desc.mode == AZJ_POOL_MAX) {
    max_forward(team_, pool, x, y, argmax);
  } else {
    mean_forward(team_, pool, x, y);
  }
}

void Stream::pool2d_backward(const azj_pool2d_desc& desc, const float* grad_y, const int32_t* argmax, float* grad_x) {
  const Pool pool(desc);
  if (desc.mode == AZJ_POOL_MAX) {
    max_backward(team_, pool, grad_y, argmax, grad_x);
  } else {
    mean_backward(team_, pool, grad_y, grad_x);
  }
}

}  // namespace azj::cpu::AZJ_ISA
