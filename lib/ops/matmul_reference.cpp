// SPDX-License-Identifier: Apache-2.0
// The reference backend: one plain kernel.
#include "lib/ops/matmul_backend.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail::detail {

void matmul_reference(const Stream& stream, const MatmulProblem& p) {
  constexpr std::size_t group = 16;
  const auto round_up = [](std::size_t size) { return (size + group - 1) / group * group; };
  embedded_kernel(stream.context(), "matmul/reference.cl", "matmul_reference",
                  BuildOptions()
                      .define("TRANSPOSE_A", p.transpose_a ? 1 : 0)
                      .define("TRANSPOSE_B", p.transpose_b ? 1 : 0))
      .launch(stream, NDRange({round_up(p.n), round_up(p.m), p.batch}, {group, group, 1}),
              whole_buffer(reads(p.a)), static_cast<cl_ulong>(p.a.offset / sizeof(float)),
              whole_buffer(reads(p.b)), static_cast<cl_ulong>(p.b.offset / sizeof(float)),
              whole_buffer(writes(p.out)), static_cast<cl_ulong>(p.out.offset / sizeof(float)),
              static_cast<cl_uint>(p.m), static_cast<cl_uint>(p.n), static_cast<cl_uint>(p.k));
}

}  // namespace dovetail::detail
