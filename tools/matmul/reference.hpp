// SPDX-License-Identifier: Apache-2.0
// The products that every backend is judged by.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tools/matmul/shapes.hpp"

namespace dovetail::tool {

/// Random operands of a shape and their product, computed on the host in double.
class ReferenceProduct {
 public:
  ReferenceProduct(const MatmulShape& shape, std::uint64_t seed);

  std::span<const float> a() const { return a_; }
  std::span<const float> b() const { return b_; }

  struct Judgement {
    double relative_error;  ///< ||out - reference|| / ||reference||, Frobenius norms.
    bool right;
  };

  /// Whether `out` is the product: its relative error is below 1e-5, and each element is within
  /// 4 sqrt(k) u |row of a| |column of b| of the reference, u = 2^-24. The second bound finds a
  /// single wrong element among millions; it is that of Higham & Mary, SIAM J. Sci. Comput. 41(5),
  /// 2019, which holds for sums in any order with high probability.
  Judgement judge(std::span<const float> out) const;

 private:
  MatmulShape shape_;
  std::vector<float> a_, b_;
  std::vector<double> product_;
  std::vector<double> row_norms_, column_norms_;
};

}  // namespace dovetail::tool
