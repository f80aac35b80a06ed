// SPDX-License-Identifier: Apache-2.0
// Products over every backend, compared with those of the host.
#pragma once

#include <gtest/gtest.h>

#include "dovetail/ops/matmul.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/matmul_backends.hpp"
#include "tests/support/matrices.hpp"

namespace dovetail::test {

/// The suite of matmul_test.cpp and matmul_epilogue_test.cpp.
class Matmul : public MatmulTest {
 protected:
  void expect_right(Product product) {
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        product.transpose_a = transpose_a;
        product.transpose_b = transpose_b;
        const auto a = random_values(product.a_size(), 21);
        const auto b = random_values(product.b_size(), 22);
        const Tensor out =
            matmul(stream, Tensor::from_host<float>(context(), a, a_shape(product)),
                   Tensor::from_host<float>(context(), b, b_shape(product)), options_of(product));
        EXPECT_EQ(out.shape(), out_shape(product)) << product.str();
        expect_product(product, a, b, out.to_host<float>(stream));
        if (HasFatalFailure()) return;
      }
    }
  }
  Stream stream{context()};
};

}  // namespace dovetail::test
