// SPDX-License-Identifier: Apache-2.0
// What the tests of tuned products share: the device, and a product to tune.
#pragma once

#include "dovetail/ops/matmul_tuning.hpp"
#include "tests/support/contexts.hpp"

namespace dovetail::test {

inline const Device& device() { return context().device(); }

// Sizes that no other test and no shipped table have something on.
inline constexpr MatmulCase product{.m = 11, .n = 700, .k = 23};

}  // namespace dovetail::test
