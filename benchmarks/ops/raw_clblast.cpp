// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/ops/raw_clblast.hpp"

#include <clblast.h>

#include <stdexcept>
#include <string>

namespace dovetail::bench {

bool has_raw_clblast() { return true; }

void raw_clblast(cl_command_queue queue, std::size_t m, std::size_t n, std::size_t k, cl_mem a,
                 cl_mem b, cl_mem out) {
  using enum clblast::Transpose;
  const auto status = clblast::Gemm<float>(clblast::Layout::kRowMajor, kNo, kNo, m, n, k, 1.0f, a,
                                           0, k, b, 0, n, 0.0f, out, 0, n, &queue);
  if (status != clblast::StatusCode::kSuccess) {
    throw std::runtime_error("CLBlast Gemm: status " + std::to_string(static_cast<int>(status)));
  }
}

}  // namespace dovetail::bench
