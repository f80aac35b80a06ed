// SPDX-License-Identifier: Apache-2.0
// Runs a test over every matmul backend of this build.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "dovetail/ops/matmul.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/matrices.hpp"

namespace dovetail::test {

/// Derive a suite from it, and name that in DOVETAIL_FOR_EACH_BACKEND, in one of its files.
class MatmulTest : public testing::TestWithParam<MatmulBackend> {
 protected:
  MatmulOptions options_of(const Product& product) const {
    return {.backend = GetParam(),
            .transpose_a = product.transpose_a,
            .transpose_b = product.transpose_b};
  }
  MatmulOptions options() const { return options_of({}); }
};

inline std::string backend_name(const testing::TestParamInfo<MatmulBackend>& backend) {
  return std::string(to_string(backend.param));
}

#define DOVETAIL_FOR_EACH_BACKEND(suite)                                          \
  INSTANTIATE_TEST_SUITE_P(Backends, suite, testing::ValuesIn(matmul_backends()), \
                           test::backend_name)

inline Shape a_shape(const Product& p) {
  const auto rows = std::int64_t(p.transpose_a ? p.k : p.m);
  const auto columns = std::int64_t(p.transpose_a ? p.m : p.k);
  return p.batch == 1 ? Shape{rows, columns} : Shape{std::int64_t(p.batch), rows, columns};
}

inline Shape b_shape(const Product& p) {
  const auto rows = std::int64_t(p.transpose_b ? p.n : p.k);
  const auto columns = std::int64_t(p.transpose_b ? p.k : p.n);
  return p.batch == 1 ? Shape{rows, columns} : Shape{std::int64_t(p.batch), rows, columns};
}

inline Shape out_shape(const Product& p) {
  const auto m = std::int64_t(p.m), n = std::int64_t(p.n);
  return p.batch == 1 ? Shape{m, n} : Shape{std::int64_t(p.batch), m, n};
}

}  // namespace dovetail::test
