// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul_epilogue.hpp"

#include <algorithm>

#include "lib/ops/matmul_arguments.hpp"
#include "lib/ops/matmul_plan.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail::detail {
namespace {

/// A row in pieces of a work-group; short rows share none, as rows lie anywhere.
NDRange range_over(const Stream& stream, const MatmulProblem& p) {
  const bool is_cpu = stream.device().type() == DeviceType::cpu;
  const std::size_t most = std::min<std::size_t>(stream.device().max_work_group_size(), 256);
  std::size_t group = 16;
  while (group < most && group < p.n) group *= 2;
  // On a CPU a group is one loop, and more of them only cost.
  const std::size_t rows = is_cpu ? 1 : std::clamp<std::size_t>(most / group, 1, 4);
  return NDRange({round_up(p.n, group), round_up(p.m, rows), p.batch}, {group, rows, 1});
}

/// @param parts  Null where `count` is 0.
void launch_epilogue(const Stream& stream, const MatmulProblem& p, const BufferView* parts,
                     std::uint32_t count) {
  const Kernel kernel = embedded_kernel(stream.context(), "matmul/epilogue.cl", "matmul_epilogue",
                                        matmul_types(p.a.dtype, p.out.dtype, true));
  with_sum_type(p.a.dtype, [&](auto zero) {
    auto arguments = matmul_arguments<decltype(zero)>(p);
    arguments.a_offset = parts == nullptr ? 0 : parts->offset / sizeof(zero);
    arguments.a_stride = static_cast<cl_uint>(p.n);
    arguments.a_batch_stride = p.m * p.n;
    arguments.b_batch_stride = p.batch * p.m * p.n;
    arguments.share[0] = count;
    kernel.launch(
        stream, range_over(stream, p),
        parts == nullptr ? KernelArgument(nullptr) : KernelArgument::whole(*parts, Access::read),
        out_argument(p), arguments, read_argument(p.bias), read_argument(p.residual));
  });
}

}  // namespace

void matmul_epilogue(const Stream& stream, const MatmulProblem& p, const BufferView& parts,
                     std::uint32_t count) {
  launch_epilogue(stream, p, &parts, count);
}

void matmul_epilogue(const Stream& stream, const MatmulProblem& p) {
  launch_epilogue(stream, p, nullptr, 0);
}

}  // namespace dovetail::detail
