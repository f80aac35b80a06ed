// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "benchmarks/ops/raw_clblast.hpp"

namespace dovetail::bench {

bool has_raw_clblast() { return false; }

void raw_clblast(cl_command_queue, std::size_t, std::size_t, std::size_t, cl_mem, cl_mem, cl_mem) {
  throw std::runtime_error("this build has no CLBlast");
}

}  // namespace dovetail::bench
