// SPDX-License-Identifier: Apache-2.0
// The backend of Dovetail's own kernels: panels or dot products on a CPU, tiles on a GPU.
#include <vector>

#include "lib/ops/matmul_backend.hpp"
#include "lib/ops/matmul_plan.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail::detail {

void matmul_kernel(const Stream& stream, const MatmulProblem& p) {
  const MatmulSizes sizes{.m = static_cast<std::uint32_t>(p.m),
                          .n = static_cast<std::uint32_t>(p.n),
                          .k = static_cast<std::uint32_t>(p.k),
                          .batch = static_cast<std::uint32_t>(p.batch),
                          .transpose_a = p.transpose_a,
                          .transpose_b = p.transpose_b};
  const MatmulPlan plan = plan_matmul(stream.device(), sizes);
  const Kernel kernel = embedded_kernel(stream.context(), plan.file, plan.kernel, plan.options);

  const auto a_offset = static_cast<cl_ulong>(p.a.offset / sizeof(float));
  const auto b_offset = static_cast<cl_ulong>(p.b.offset / sizeof(float));
  const auto out_offset = static_cast<cl_ulong>(p.out.offset / sizeof(float));
  const auto a = whole_buffer(reads(p.a)), b = whole_buffer(reads(p.b));
  const auto out = whole_buffer(writes(p.out));
  const std::array<KernelArgument, 11> arguments{
      a,       a_offset, b,       b_offset,      out,          out_offset,
      sizes.m, sizes.n,  sizes.k, plan.extra[0], plan.extra[1]};
  const auto& [x, y, z] = plan.global;
  const auto& [local_x, local_y, local_z] = plan.local;
  kernel.enqueue(stream, NDRange({x, y, z}, {local_x, local_y, local_z}),
                 std::span(arguments).first(9 + plan.extra_count));
}

}  // namespace dovetail::detail
