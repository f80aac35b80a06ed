// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/float16.hpp"

#include <CL/cl_half.h>

namespace dovetail {

Float16::Float16(float value) noexcept : bits_(cl_half_from_float(value, CL_HALF_RTE)) {}

Float16::operator float() const noexcept { return cl_half_to_float(bits_); }

}  // namespace dovetail
