// SPDX-License-Identifier: Apache-2.0
// The one place that includes Khronos' C++ bindings. Their configuration macros are public compile
// definitions of Dovetail::dovetail, so that every file of a program agrees on them.
#pragma once

#if !defined(CL_HPP_ENABLE_EXCEPTIONS) || !defined(CL_HPP_TARGET_OPENCL_VERSION)
#error \
    "Link Dovetail::dovetail (or use pkg-config --cflags dovetail): it defines the CL_HPP_ macros."
#endif

#include <CL/opencl.hpp>
