// SPDX-License-Identifier: Apache-2.0
// Multiplies and returns why that is refused.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/matmul.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail::test {

class MatmulRefusal : public testing::Test {
 protected:
  void TearDown() override {
    stream.synchronize();  // PoCL 3.1 crashes when a process ends while it compiles
  }
  Tensor zeros(const Shape& shape, DType dtype = DType::f32) {
    return Tensor::zeros(stream, shape, dtype);
  }
  std::string refusal(const Tensor& a, const Tensor& b, const MatmulOptions& options = {},
                      const Epilogue& epilogue = {}) {
    return text_thrown<InvalidArgument>(
        [&] { static_cast<void>(matmul(stream, a, b, options, epilogue)); });
  }
  std::string refusal_into(const Tensor& a, const Tensor& b, const Tensor& out) {
    return text_thrown<InvalidArgument>([&] { matmul_into(stream, a, b, out); });
  }
  Stream stream{context()};
};

}  // namespace dovetail::test
