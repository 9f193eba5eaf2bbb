// azulejo.h: mini-batches from a data set on the device, rows of a table, and random numbers.
#include <cmath>

#include "api.hpp"
#include "validate.hpp"

using namespace azj;

azj_status azj_gather(azj_stream* stream, const azj_gather_desc* desc, const uint8_t* pixels, const int32_t* labels,
                      const azj_gather_item* items, int64_t* next, const float* mean, const float* scale, float* x,
                      int32_t* y) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_gather(desc);
    check_pointer("pixels", pixels);
    check_optional("labels", labels);
    check_pointer("items", items);
    check_pointer("next", next);
    check_optional("mean", mean);
    check_optional("scale", scale);
    check_pointer("x", x);
    check_optional("y", y);
    if ((mean == nullptr) != (scale == nullptr)) {
      fail(AZJ_INVALID_ARGUMENT, "%s is NULL and %s is not; give both or neither", mean == nullptr ? "mean" : "scale",
           mean == nullptr ? "scale" : "mean");
    }
    if ((labels == nullptr) != (y == nullptr)) {
      fail(AZJ_INVALID_ARGUMENT, "%s is NULL and %s is not; give both or neither", labels == nullptr ? "labels" : "y",
           labels == nullptr ? "y" : "labels");
    }
    stream->gather(*desc, pixels, labels, items, next, mean, scale, x, y);
  });
}

azj_status azj_select(azj_stream* stream, int64_t rows, int64_t columns, const float* table, int64_t* next,
                      float* out) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_matrix("rows", rows, "columns", columns);
    check_pointer("table", table);
    check_pointer("next", next);
    check_pointer("out", out);
    stream->select(rows, columns, table, next, out);
  });
}

azj_status azj_random_uniform(azj_stream* stream, azj_random_state* state, int64_t count, float low, float high,
                              float* x) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_pointer("state", state);
    check_vector(count);
    if (!(low <= high) || !std::isfinite(high - low)) {
      fail(AZJ_INVALID_ARGUMENT, "low is %g and high is %g; they must be finite and low <= high",
           static_cast<double>(low), static_cast<double>(high));
    }
    check_pointer("x", x);
    stream->random_uniform(state, count, low, high, x);
  });
}

azj_status azj_random_normal(azj_stream* stream, azj_random_state* state, int64_t count, float mean, float deviation,
                             float* x) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_pointer("state", state);
    check_vector(count);
    if (!std::isfinite(mean) || !std::isfinite(deviation) || deviation < 0) {
      fail(AZJ_INVALID_ARGUMENT, "mean is %g and deviation is %g; they must be finite and the deviation at least 0",
           static_cast<double>(mean), static_cast<double>(deviation));
    }
    check_pointer("x", x);
    stream->random_normal(state, count, mean, deviation, x);
  });
}
