// SPDX-License-Identifier: Apache-2.0
// OpenBLAS, the baseline on the host, where it is installed.
#pragma once

#include <memory>
#include <span>

#include "tools/commands/matmul/shapes.hpp"

namespace dovetail::tool {

/// OpenBLAS, which the tool loads at run time: it needs it neither to build nor to start.
class OpenBlas {
 public:
  /// Loads the library; returns null if no libopenblas.so.0 is installed.
  static std::unique_ptr<OpenBlas> load();

  /// Computes out = op(a) op(b) on the threads that were set.
  void matmul(const MatmulShape& shape, std::span<const float> a, std::span<const float> b,
              std::span<float> out) const;
  void matmul(const MatmulShape& shape, std::span<const double> a, std::span<const double> b,
              std::span<double> out) const;

  void set_threads(unsigned threads) const { set_threads_(static_cast<int>(threads)); }

 private:
  template <typename T>
  using Gemm = void (*)(int layout, int transpose_a, int transpose_b, int m, int n, int k, T alpha,
                        const T* a, int lda, const T* b, int ldb, T beta, T* c, int ldc);
  using SetThreads = void (*)(int threads);
  OpenBlas(Gemm<float> sgemm, Gemm<double> dgemm, SetThreads setter)
      : sgemm_(sgemm), dgemm_(dgemm), set_threads_(setter) {}

  Gemm<float> sgemm_;
  Gemm<double> dgemm_;
  SetThreads set_threads_;
};

}  // namespace dovetail::tool
