// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/backend/launch.hpp"

#include "dovetail/stream/memory_pool.hpp"
#include "lib/ops/matmul/backend/epilogue.hpp"
#include "lib/ops/matmul/problem/arguments.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail::detail {
namespace {

template <typename Sum>
MatmulArguments<Sum> planned_arguments(const MatmulProblem& p, const MatmulPlan& plan) {
  auto arguments = matmul_arguments<Sum>(p);
  if (plan.part_steps != 0) arguments.part_steps = plan.part_steps;
  arguments.results_per_item = plan.results_per_item;
  return arguments;
}

/// The kernel writes its sums to `parts`, without an epilogue.
template <typename Sum>
void launch_parts(const Stream& stream, const MatmulProblem& p, const BuiltPlan& built,
                  const BufferView& parts) {
  auto arguments = planned_arguments<Sum>(p, built.plan);
  arguments.out_offset = 0;
  arguments.out_stride = p.sizes.n;
  arguments.out_batch_stride = std::size_t{p.sizes.m} * p.sizes.n;
  arguments.parts = built.plan.parts;
  arguments.part_stride = p.sizes.batch * arguments.out_batch_stride;
  built.kernel.launch(stream, built.range, read_argument(p.a), read_argument(p.b),
                      KernelArgument::whole(parts, Access::write), arguments);
}

template <typename Sum>
void launch(const Stream& stream, const MatmulProblem& p, const BuiltPlan& built) {
  const auto arguments = planned_arguments<Sum>(p, built.plan);
  const KernelArgument a = read_argument(p.a), b = read_argument(p.b), out = out_argument(p);
  if (p.sizes.has_epilogue) {
    built.kernel.launch(stream, built.range, a, b, out, arguments, read_argument(p.epilogue.bias),
                        read_argument(p.epilogue.residual));
  } else {
    built.kernel.launch(stream, built.range, a, b, out, arguments);
  }
}

NDRange range_of(const MatmulPlan& plan) {
  const auto& [x, y, z] = plan.global;
  const auto& [local_x, local_y, local_z] = plan.local;
  return NDRange({x, y, z}, {local_x, local_y, local_z});
}

}  // namespace

BuiltPlan::BuiltPlan(const Stream& stream, MatmulPlan given)
    : plan(std::move(given)),
      kernel(build_kernel(stream.context(), plan.file, plan.kernel, plan.options)),
      range(range_of(plan)) {}

void run_plan(const Stream& stream, const MatmulProblem& p, const BuiltPlan& built) {
  with_sum_type(p.sizes.in, [&](auto zero) {
    using Sum = decltype(zero);
    const std::size_t parts = built.plan.parts;
    if (parts == 0) return launch<Sum>(stream, p, built);
    const std::size_t nbytes = sizeof(Sum) * parts * p.sizes.batch * p.sizes.m * p.sizes.n;
    const BufferView sums{MemoryPool::of(stream.context()).allocate(stream, nbytes), 0, nbytes};
    launch_parts<Sum>(stream, p, built, sums);
    matmul_epilogue(stream, p, sums, built.plan.parts);
  });
}

void run_pack(const Stream& stream, const MatmulSizes& s, const MatrixView& b,
              const MatrixView& packed, const BuiltPlan& built) {
  with_sum_type(s.in, [&](auto zero) {
    MatmulArguments<decltype(zero)> arguments;
    arguments.b_offset = offset_of(b);
    arguments.b_stride = static_cast<cl_uint>(b.row_stride());
    arguments.b_batch_stride = static_cast<cl_ulong>(b.batch_stride());
    arguments.out_stride = static_cast<cl_uint>(packed.row_stride());
    arguments.out_batch_stride = static_cast<cl_ulong>(packed.batch_stride());
    arguments.n = s.n;
    arguments.k = s.k;
    built.kernel.launch(stream, built.range, read_argument(b),
                        KernelArgument::whole(packed.storage(), Access::write), arguments);
  });
}

}  // namespace dovetail::detail
