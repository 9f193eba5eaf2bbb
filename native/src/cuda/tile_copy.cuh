// Asynchronous copies of a matrix' tiles into shared memory, for the register-tiled and tensor-core products (GEMM
// rungs 5-7). One TileCopy copies all tiles of one operand that one block needs, one step along k after the other.
//
// A tile is kTile (of m or n) x kDepth (of k). In shared memory it lies as [k][m or n] (kAlongK false) or [m or n][k]
// (kAlongK true), rows kPitch words apart. What lies outside the matrix becomes 0.
//
// Copies are 16 bytes wide where the matrix is contiguous along the rows of the shared tile and aligned, and 4 bytes
// otherwise; those follow the matrix' own contiguous axis, so that global memory is still read in whole sectors.
#pragma once

#include "gemm.hpp"
#include "ptx.cuh"

namespace azj::cuda {

template <int kTile_, int kDepth_, int kPitch_, int kThreads, bool kAlongK_>
struct TileShape {
  static constexpr int kTile = kTile_, kDepth = kDepth_, kPitch = kPitch_;
  static constexpr bool kAlongK = kAlongK_;
  static constexpr int kFast = kAlongK ? kDepth : kTile;  // elements of a row in shared memory
  static constexpr int kSlow = kAlongK ? kTile : kDepth;  // rows
  static constexpr int kFloats = kSlow * kPitch;
  static constexpr int kCopies = kTile * kDepth / kThreads;  // elements a thread copies

  // Copies of four words: kFast / 4 threads a row.
  static constexpr int kVectorRows = kThreads / (kFast / 4);  // rows that the block copies at a time
  static constexpr int kVectorCopies = kSlow / kVectorRows;

  // Copies of one word: a thread has one place in a line of kFast (or kSlow) of them, and takes several lines.
  static constexpr int kLinesOfFast = kThreads / kFast, kLinesOfSlow = kThreads / kSlow;

  static_assert(kPitch % 4 == 0 && kPitch >= kFast, "rows start on 16 bytes");
  static_assert(kThreads % (kFast / 4) == 0 && kSlow % kVectorRows == 0, "the block copies whole rows of vectors");
  static_assert(kThreads % kFast == 0 && kThreads % kSlow == 0, "the block copies whole lines of words");
  static_assert(kTile * kDepth % kThreads == 0, "every thread copies the same number of words");
};

// A strided matrix as the operand of a product. Addresses outside the matrix are computed but never read.
template <class Shape>
class MatrixCopy {
 public:
  // data: element (first row or column of C's tile, k = 0); tile_stride: along m or n; tile_left: rows or columns
  // from there to the matrix' end; k: its length.
  __device__ MatrixCopy(const float* data, int64_t tile_stride, int64_t k_stride, int tile_left, int k)
      : fast_stride_(Shape::kAlongK ? k_stride : tile_stride), slow_stride_(Shape::kAlongK ? tile_stride : k_stride) {
    const int thread = threadIdx.x;
    int fast, slow;
    if (fast_stride_ == 1 && slow_stride_ % 4 == 0 && reinterpret_cast<uintptr_t>(data) % 16 == 0) {
      mode_ = Mode::VECTORS;
      fast = thread % (Shape::kFast / 4) * 4;
      slow = thread / (Shape::kFast / 4);
    } else if (slow_stride_ != 1) {
      mode_ = Mode::WORDS_ALONG_FAST;
      fast = thread % Shape::kFast;
      slow = thread / Shape::kFast;
    } else {
      mode_ = Mode::WORDS_ALONG_SLOW;
      fast = thread / Shape::kSlow;
      slow = thread % Shape::kSlow;
    }
    from_ = data + fast * fast_stride_ + slow * slow_stride_;
    to_ = slow * Shape::kPitch + fast;
    tile_left_ = tile_left - (Shape::kAlongK ? slow : fast);
    k_ = k - (Shape::kAlongK ? fast : slow);
  }

  // Starts the copy of the tile at k = begin, a multiple of kDepth.
  __device__ void start(float* shared, int begin) const {
    const int k_left = k_ - begin;
    const int fast_left = Shape::kAlongK ? k_left : tile_left_;
    const int slow_left = Shape::kAlongK ? tile_left_ : k_left;
    const float* from = from_ + begin * (Shape::kAlongK ? fast_stride_ : slow_stride_);
    float* to = shared + to_;
    if (mode_ == Mode::VECTORS) {
#pragma unroll
      for (int i = 0; i < Shape::kVectorCopies; ++i) {
        copy_vector(to, from, i * Shape::kVectorRows < slow_left ? fast_left : 0);
        from += Shape::kVectorRows * slow_stride_;
        to += Shape::kVectorRows * Shape::kPitch;
      }
    } else if (mode_ == Mode::WORDS_ALONG_FAST) {
#pragma unroll
      for (int i = 0; i < Shape::kCopies; ++i) {
        cp_async_4(to, from, fast_left > 0 && i * Shape::kLinesOfFast < slow_left);
        from += Shape::kLinesOfFast * slow_stride_;
        to += Shape::kLinesOfFast * Shape::kPitch;
      }
    } else {
#pragma unroll
      for (int i = 0; i < Shape::kCopies; ++i) {
        cp_async_4(to, from, slow_left > 0 && i * Shape::kLinesOfSlow < fast_left);
        from += Shape::kLinesOfSlow * fast_stride_;
        to += Shape::kLinesOfSlow;
      }
    }
  }

 private:
  // Four words, of which `left` are inside the matrix.
  __device__ static void copy_vector(float* to, const float* from, int left) {
    if (left >= 4 || left <= 0) {
      cp_async_16(to, from, left > 0);
    } else {
#pragma unroll 1
      for (int i = 0; i < 4; ++i) cp_async_4(to + i, from + i, i < left);
    }
  }

  // Neighbouring threads copy neighbours along the contiguous axis of the matrix: kFast or kSlow of them make a line.
  enum class Mode : int { VECTORS, WORDS_ALONG_FAST, WORDS_ALONG_SLOW };

  const float* from_;  // this thread's first element at k = 0
  int64_t fast_stride_, slow_stride_;
  int to_;             // where it goes in the shared tile
  int tile_left_, k_;  // rows or columns and length of the matrix from there
  Mode mode_;
};

}  // namespace azj::cuda
