// SPDX-License-Identifier: Apache-2.0
// The baseline of the matmul benchmark: CLBlast called directly.
#pragma once

#include <CL/cl.h>

#include <cstddef>

namespace dovetail::bench {

/// Whether this build has CLBlast.
bool has_raw_clblast();

/// out = a b, all row-major and dense; `a` is [m, k].
/// @throws std::runtime_error  CLBlast fails or is not there.
void raw_clblast(cl_command_queue queue, std::size_t m, std::size_t n, std::size_t k, cl_mem a,
                 cl_mem b, cl_mem out);

}  // namespace dovetail::bench
