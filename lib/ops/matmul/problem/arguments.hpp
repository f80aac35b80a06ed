// SPDX-License-Identifier: Apache-2.0
// What the kernels of kernels/matmul are launched with.
#pragma once

#include <CL/cl.h>

#include <cstdint>
#include <optional>

#include "dovetail/runtime/build_options.hpp"
#include "dovetail/runtime/kernel_argument.hpp"
#include "lib/ops/matmul/problem/problem.hpp"

namespace dovetail::detail {

/// `Problem` of kernels/matmul/problem.h, which explains the members.
template <typename Sum>
struct MatmulArguments {
  cl_ulong a_offset = 0, b_offset = 0, out_offset = 0, bias_offset = 0, residual_offset = 0;
  cl_ulong a_batch_stride = 0, b_batch_stride = 0, out_batch_stride = 0, residual_batch_stride = 0;
  cl_uint m = 0, n = 0, k = 0;
  cl_uint a_stride = 0, b_stride = 0, out_stride = 0, residual_stride = 0;
  cl_uint flags = 0, activation = 0;
  cl_uint results_per_item = 0;
  cl_uint parts = 1, part_steps = 0;
  cl_ulong part_stride = 0;
  Sum alpha{}, beta{};
};
static_assert(sizeof(MatmulArguments<cl_float>) == 136 && sizeof(MatmulArguments<cl_double>) == 144,
              "as the kernels lay it out, without holes");

/// Returns the arguments that describe `p`, in one part.
template <typename Sum>
MatmulArguments<Sum> matmul_arguments(const MatmulProblem& p) {
  constexpr cl_uint has_bias = 1, has_residual = 2, has_beta = 4;
  const auto& [alpha, beta, bias, residual, activation] = p.epilogue;
  MatmulArguments<Sum> arguments;
  arguments.a_offset = offset_of(p.a);
  arguments.a_stride = static_cast<cl_uint>(row_stride_of(p.a));
  arguments.a_batch_stride = batch_stride_of(p.a);
  arguments.b_offset = offset_of(p.b);
  arguments.b_stride = static_cast<cl_uint>(row_stride_of(p.b));
  arguments.b_batch_stride = batch_stride_of(p.b);
  arguments.out_offset = offset_of(p.out);
  arguments.out_stride = static_cast<cl_uint>(row_stride_of(p.out));
  arguments.out_batch_stride = batch_stride_of(p.out);
  arguments.m = p.sizes.m;
  arguments.n = p.sizes.n;
  arguments.k = arguments.part_steps = p.sizes.k;
  arguments.activation = static_cast<cl_uint>(activation);
  arguments.alpha = static_cast<Sum>(alpha);
  arguments.beta = static_cast<Sum>(beta);
  if (beta != 0.0) arguments.flags |= has_beta;
  if (bias) {
    arguments.flags |= has_bias;
    arguments.bias_offset = bias->storage().offset / size_of(bias->dtype());
  }
  if (residual) {
    arguments.flags |= has_residual;
    arguments.residual_offset = offset_of(*residual);
    arguments.residual_stride = static_cast<cl_uint>(row_stride_of(*residual));
    arguments.residual_batch_stride = batch_stride_of(*residual);
  }
  return arguments;
}

/// Calls `function` with a value of the type that the kernels add products of `dtype` up in.
template <typename Function>
void with_sum_type(DType dtype, const Function& function) {
  switch (dtype) {
    case DType::f64:
      return function(cl_double{});
    case DType::i8:
      return function(cl_int{});
    default:
      return function(cl_float{});
  }
}

/// Returns the DType of that type.
DType sum_dtype(DType dtype) noexcept;

/// Returns the options IN, OUT and EPILOGUE.
DOVETAIL_EXPORT BuildOptions matmul_types(DType in, DType out, bool has_epilogue);

/// Returns `out` as an argument that is also read if beta says so.
inline KernelArgument out_argument(const MatmulProblem& p) {
  return KernelArgument::whole(p.out.storage(),
                               p.epilogue.beta != 0.0 ? Access::read_write : Access::write);
}
/// Returns an operand, or an absent one, as an argument that is read.
template <HasStorage Operand>
KernelArgument read_argument(const Operand& operand) {
  return KernelArgument::whole(operand.storage(), Access::read);
}
template <HasStorage Operand>
KernelArgument read_argument(const std::optional<Operand>& operand) {
  return operand ? read_argument(*operand) : KernelArgument(nullptr);
}

}  // namespace dovetail::detail
