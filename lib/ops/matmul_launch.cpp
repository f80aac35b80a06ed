// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul_launch.hpp"

#include <span>

#include "dovetail/stream/memory_pool.hpp"
#include "lib/ops/matmul_arguments.hpp"
#include "lib/ops/matmul_epilogue.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail::detail {
namespace {

bool is_aligned(const MatmulOperand& operand) noexcept {
  return (operand.offset() | operand.row_stride | operand.batch_stride) % 4 == 0;
}

/// The kernel writes its sums to `parts`, without an epilogue.
template <typename Sum>
void launch_parts(const Stream& stream, const MatmulProblem& p, const PlannedMatmul& planned,
                  const BufferView& parts) {
  auto arguments = matmul_arguments<Sum>(p);
  arguments.share = planned.share;
  arguments.out_offset = parts.offset / sizeof(Sum);
  arguments.out_stride = static_cast<cl_uint>(p.n);
  arguments.out_batch_stride = p.m * p.n;
  arguments.residual_batch_stride = p.batch * p.m * p.n;
  planned.kernel.launch(stream, planned.range, read_argument(p.a), read_argument(p.b),
                        KernelArgument::whole(parts, Access::write), arguments);
}

template <typename Sum>
void launch(const Stream& stream, const MatmulProblem& p, const PlannedMatmul& planned) {
  auto arguments = matmul_arguments<Sum>(p);
  arguments.share = planned.share;
  if (p.has_epilogue()) {
    planned.kernel.launch(stream, planned.range, read_argument(p.a), read_argument(p.b),
                          out_argument(p), arguments, read_argument(p.bias),
                          read_argument(p.residual));
  } else {
    planned.kernel.launch(stream, planned.range, read_argument(p.a), read_argument(p.b),
                          out_argument(p), arguments);
  }
}

NDRange range_of(const MatmulPlan& plan) {
  const auto& [x, y, z] = plan.global;
  const auto& [local_x, local_y, local_z] = plan.local;
  return NDRange({x, y, z}, {local_x, local_y, local_z});
}

}  // namespace

PlannedMatmul::PlannedMatmul(const Stream& stream, const MatmulPlan& plan)
    : kernel(embedded_kernel(stream.context(), plan.file, plan.kernel, plan.options)),
      range(range_of(plan)),
      share(plan.share),
      parts(plan.parts) {}

MatmulSizes sizes_of(const MatmulProblem& p) noexcept {
  return {.m = static_cast<std::uint32_t>(p.m),
          .n = static_cast<std::uint32_t>(p.n),
          .k = static_cast<std::uint32_t>(p.k),
          .batch = static_cast<std::uint32_t>(p.batch),
          .transpose_a = p.transpose_a,
          .transpose_b = p.transpose_b,
          .in = p.a.dtype,
          .out = p.out.dtype,
          .has_epilogue = p.has_epilogue(),
          .is_b_packed = p.is_b_packed,
          .is_a_aligned = is_aligned(p.a),
          .is_b_aligned = is_aligned(p.b),
          .is_out_aligned = is_aligned(p.out)};
}

void run_plan(const Stream& stream, const MatmulProblem& p, const PlannedMatmul& planned) {
  with_sum_type(p.a.dtype, [&](auto zero) {
    using Sum = decltype(zero);
    if (planned.parts == 0) return launch<Sum>(stream, p, planned);
    const std::size_t nbytes = sizeof(Sum) * planned.parts * p.batch * p.m * p.n;
    const BufferView parts{MemoryPool::of(stream.context()).allocate(stream, nbytes), 0, nbytes};
    launch_parts<Sum>(stream, p, planned, parts);
    matmul_epilogue(stream, p, parts, planned.parts);
  });
}

}  // namespace dovetail::detail
