// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/backend/epilogue.hpp"

#include <algorithm>

#include "lib/ops/common/device_traits.hpp"
#include "lib/ops/common/kernel_cache.hpp"
#include "lib/ops/common/launch_geometry.hpp"
#include "lib/ops/matmul/problem/arguments.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail::detail {
namespace {

/// A row in pieces of a work-group; short rows share none, as rows lie anywhere.
NDRange range_over(const DeviceTraits& device, const MatmulSizes& s) {
  const std::size_t most = std::min<std::size_t>(device.max_work_group_size, 256);
  std::size_t group = 16;
  while (group < most && group < s.n) group *= 2;
  // On a CPU a group is one loop, and more of them only cost.
  const std::size_t rows = device.is_cpu ? 1 : std::clamp<std::size_t>(most / group, 1, 4);
  return NDRange({round_up(s.n, group), round_up(s.m, rows), s.batch}, {group, rows, 1});
}

enum class EpilogueKey : unsigned {};

Kernel kernel_of(const Context& context, DType in, DType out) {
  const auto key =
      static_cast<EpilogueKey>(static_cast<unsigned>(in) << 8U | static_cast<unsigned>(out));
  return *KernelCache<EpilogueKey, Kernel>::of(context).get(key, [&] {
    return build_kernel(context, "matmul/epilogue.cl", "matmul_epilogue",
                        matmul_types(in, out, true));
  });
}

void launch_epilogue(const Stream& stream, const MatmulProblem& p, const KernelArgument& sums,
                     std::uint32_t parts) {
  const Kernel kernel = kernel_of(stream.context(), p.sizes.in, p.sizes.out);
  with_sum_type(p.sizes.in, [&](auto zero) {
    auto arguments = matmul_arguments<decltype(zero)>(p);
    arguments.parts = parts;
    arguments.part_stride = std::size_t{p.sizes.batch} * p.sizes.m * p.sizes.n;
    kernel.launch(stream, range_over(traits_of(stream.device()), p.sizes), sums, out_argument(p),
                  arguments, read_argument(p.epilogue.bias), read_argument(p.epilogue.residual));
  });
}

}  // namespace

void matmul_epilogue(const Stream& stream, const MatmulProblem& p, const BufferView& sums,
                     std::uint32_t parts) {
  launch_epilogue(stream, p, KernelArgument::whole(sums, Access::read), parts);
}

void matmul_epilogue(const Stream& stream, const MatmulProblem& p) {
  launch_epilogue(stream, p, nullptr, 0);
}

}  // namespace dovetail::detail
