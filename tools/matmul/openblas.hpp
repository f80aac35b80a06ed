// SPDX-License-Identifier: Apache-2.0
// OpenBLAS, the baseline on the host, where it is installed.
#pragma once

#include <memory>
#include <span>

#include "tools/matmul/shapes.hpp"

namespace dovetail::tool {

/// OpenBLAS, found when the program runs, so that the tool needs it neither to build nor to start.
class OpenBlas {
 public:
  /// Null when no libopenblas.so.0 is installed.
  static std::unique_ptr<OpenBlas> load();

  /// out = op(a) op(b), with OpenBLAS' own choice of threads.
  void matmul(const MatmulShape& shape, std::span<const float> a, std::span<const float> b,
              std::span<float> out) const;

 private:
  using Sgemm = void (*)(int layout, int transpose_a, int transpose_b, int m, int n, int k,
                         float alpha, const float* a, int lda, const float* b, int ldb, float beta,
                         float* c, int ldc);
  explicit OpenBlas(Sgemm sgemm) : sgemm_(sgemm) {}
  Sgemm sgemm_;
};

}  // namespace dovetail::tool
