// SPDX-License-Identifier: Apache-2.0
// Lists the element-wise operations, and makes operands for them.
#pragma once

#include <cstdint>
#include <vector>

#include "dovetail/ops/elementwise.hpp"
#include "tests/support/contexts.hpp"

namespace dovetail::test {

inline constexpr UnaryOperation all_unary[] = {
#define DOVETAIL_UNARY(name, value) UnaryOperation::name,
#include "dovetail/ops/operations.def"
};
inline constexpr BinaryOperation all_binary[] = {
#define DOVETAIL_BINARY(name, value) BinaryOperation::name,
#include "dovetail/ops/operations.def"
};

inline Tensor on_device(const std::vector<float>& values) {
  return Tensor::from_host<float>(context(), values, {std::int64_t(values.size())});
}

}  // namespace dovetail::test
