// SPDX-License-Identifier: Apache-2.0
// Runs a drawn product and compares it with one computed on the host.
#pragma once

#include "tests/oracles/drawn_product.hpp"

namespace dovetail::test {

/// Expects each element of out within its bound (see matmul_bound.hpp), NaN and infinities where
/// the host has them, and every other byte of out's buffer unchanged.
void expect_right(const Stream& stream, const DrawnProduct& c);

}  // namespace dovetail::test
