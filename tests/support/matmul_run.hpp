// SPDX-License-Identifier: Apache-2.0
// Runs a product that was drawn, and holds it against one worked out on the host.
#pragma once

#include "tests/support/drawn_product.hpp"

namespace dovetail::test {

/// Expects each element of out to be within its bound (see matmul_bound.hpp), NaN and infinities to
/// be where they belong, and no other byte of out's buffer to have changed.
void expect_right(const Stream& stream, const DrawnProduct& c);

}  // namespace dovetail::test
