// SPDX-License-Identifier: Apache-2.0
// The products by which every backend is judged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/commands/matmul/dtypes.hpp"
#include "tools/commands/matmul/shapes.hpp"

namespace dovetail::tool {

/// Random operands of a shape and their product, computed on the host in double.
class ReferenceProduct {
 public:
  /// @param dtype  Of the operands: one of matmul_dtypes.
  ReferenceProduct(const MatmulShape& shape, DType dtype, std::uint64_t seed);

  const MatmulShape& shape() const noexcept { return shape_; }
  DType dtype() const noexcept { return dtype_; }
  /// `T` is the C++ type of the dtype.
  template <typename T>
  std::span<const T> a() const {
    return elements<T>(a_);
  }
  template <typename T>
  std::span<const T> b() const {
    return elements<T>(b_);
  }

  struct Judgement {
    double relative_error;  ///< ||out - reference|| / ||reference||, Frobenius norms.
    bool right;
  };

  /// Judges whether `out`, a result of the dtype, is the product.
  ///
  /// With u the unit roundoff of the type that products are added up in and v that of the result,
  /// 0 if it is the same type: each element is within 4 sqrt(k) u |row of a| |column of b| + v
  /// |element| (f16: and half its smallest number) of the reference, and the relative error is
  /// below v + 1e-5 (1e-13 for f64). The first finds a single wrong element among millions; it is
  /// the bound of Higham & Mary, SIAM J. Sci. Comput. 41(5), 2019, which holds for sums in any
  /// order with high probability. For f64 it is doubled, as the reference is no more exact than the
  /// result. Products of i8 must be exact.
  Judgement judge(std::span<const double> out) const;

 private:
  template <typename T>
  static std::span<const T> elements(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  template <typename T>
  void multiply();

  MatmulShape shape_;
  DType dtype_;
  std::uint64_t seed_;
  std::vector<std::byte> a_, b_;
  std::vector<double> product_;
  std::vector<double> row_norms_, column_norms_;
};

}  // namespace dovetail::tool
