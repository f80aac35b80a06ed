// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dovetail/ops/softmax.hpp"
#include "lib/ops/common/device_traits.hpp"

namespace dovetail::detail {

/// Computes softmax as a device of these traits would.
DOVETAIL_EXPORT void softmax_into(const DeviceTraits& traits, const Stream& stream, const Tensor& a,
                                  const Tensor& out);

}  // namespace dovetail::detail
