// SPDX-License-Identifier: Apache-2.0
// What `dovetail matmul` compares: one backend on one shape, ready to run again and again.
#pragma once

#include <memory>
#include <vector>

#include "dovetail/ops/matmul.hpp"
#include "tools/commands/matmul/openblas.hpp"
#include "tools/commands/matmul/reference.hpp"
#include "tools/measure/race.hpp"

namespace dovetail::tool {

/// A product of the library on the device, with its output.
class DeviceProduct {
 public:
  /// @param a, b  As operand_shape() says.
  DeviceProduct(MatmulBackend backend, const MatmulShape& shape, Tensor a, Tensor b);

  /// Returns the shape in which an operand [rows, columns], one for each of the batch, is stored.
  static Shape operand_shape(const MatmulShape& shape, std::uint64_t rows, std::uint64_t columns,
                             bool transposed);

  /// Fills the output with what no product has: NaN, or for int8 the smallest int32. The
  /// constructor does so too.
  void clear();
  void enqueue() const { matmul_into(stream_, a_, b_, out_, options_); }
  const Stream& stream() const noexcept { return stream_; }
  /// Returns what the output holds.
  std::vector<double> result() const;

 private:
  Stream stream_;
  Tensor a_, b_, out_;
  MatmulOptions options_;
};

/// The operands of a product in device memory.
struct DeviceOperands {
  Tensor a, b;
  explicit DeviceOperands(const ReferenceProduct& product);
};

std::unique_ptr<Contender> make_contender(MatmulBackend backend, const ReferenceProduct& product,
                                          const DeviceOperands& operands);

/// @param product  Of f32 or f64; must outlive the contender, as must `blas`.
std::unique_ptr<Contender> make_openblas_contender(const OpenBlas& blas, unsigned threads,
                                                   const ReferenceProduct& product);

}  // namespace dovetail::tool
