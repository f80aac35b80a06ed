// SPDX-License-Identifier: Apache-2.0
// Something done while a program is being built.
#pragma once

#include <functional>

namespace dovetail::test {

/// Is called by the next clBuildProgram of the process, once, before the compiler runs.
void before_next_build(std::function<void()> call);

}  // namespace dovetail::test
