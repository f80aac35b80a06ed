// SPDX-License-Identifier: Apache-2.0
// Something done while a program is being built, or in place of it.
#pragma once

#include <CL/cl.h>

#include <functional>

namespace dovetail::test {

/// Is called by the next clBuildProgram of the process, once, before the compiler runs.
void before_next_build(std::function<void()> call);

/// The next clBuildProgram of the process returns `status`, and nothing is built.
void fail_next_build(cl_int status);

}  // namespace dovetail::test
