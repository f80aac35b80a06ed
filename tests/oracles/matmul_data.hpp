// SPDX-License-Identifier: Apache-2.0
// Matrices of any type in host memory, laid out as on a device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "dovetail/ops/matrix_view.hpp"

namespace dovetail::test {

/// Converts an element to a double, which holds it exactly.
double decode(const std::byte* from, DType dtype);
/// Rounds `value` to the type and stores it.
void encode(double value, std::byte* to, DType dtype);

using HostMemory = std::vector<std::byte>;

/// A batch of matrices within host memory, and the view of the same place in a buffer.
struct HostMatrix {
  std::shared_ptr<HostMemory> memory;
  DType dtype = DType::f32;
  std::int64_t rows = 0, columns = 0, row_stride = 0;
  std::int64_t batch = 1, batch_stride = 0;
  std::int64_t offset = 0;

  std::byte* at(std::int64_t index, std::int64_t row, std::int64_t column) const {
    return memory->data() + (offset + index * batch_stride + row * row_stride + column) *
                                static_cast<std::int64_t>(size_of(dtype));
  }
  double get(std::int64_t index, std::int64_t row, std::int64_t column) const {
    return decode(at(index, row, column), dtype);
  }
  void set(std::int64_t index, std::int64_t row, std::int64_t column, double value) const {
    encode(value, at(index, row, column), dtype);
  }
  MatrixView view(const Buffer& buffer) const;
};

/// Draws a value between -1 and 1, or any value of int8.
double draw_value(std::mt19937& generator, DType dtype);

/// Returns elements of NaN; integers have all bits set.
std::shared_ptr<HostMemory> poisoned(std::int64_t elements, DType dtype);

}  // namespace dovetail::test
