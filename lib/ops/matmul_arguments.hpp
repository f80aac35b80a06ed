// SPDX-License-Identifier: Apache-2.0
// What the kernels of kernels/matmul are launched with.
#pragma once

#include <CL/cl.h>

#include <array>
#include <cstdint>
#include <type_traits>

#include "dovetail/runtime/build_options.hpp"
#include "dovetail/runtime/kernel_argument.hpp"
#include "lib/ops/matmul_problem.hpp"

namespace dovetail::detail {

/// `Problem` of kernels/matmul/problem.h, where the members are told.
template <typename Sum>
struct MatmulArguments {
  cl_ulong a_offset = 0, b_offset = 0, out_offset = 0, bias_offset = 0, residual_offset = 0;
  cl_ulong a_batch_stride = 0, b_batch_stride = 0, out_batch_stride = 0, residual_batch_stride = 0;
  cl_uint m = 0, n = 0, k = 0;
  cl_uint a_stride = 0, b_stride = 0, out_stride = 0, residual_stride = 0;
  cl_uint flags = 0, activation = 0;
  std::array<cl_uint, 3> share{};
  Sum alpha{}, beta{};
};
static_assert(sizeof(MatmulArguments<cl_float>) == 128 && sizeof(MatmulArguments<cl_double>) == 136,
              "as the kernels lay it out, without holes");

/// The arguments that describe `p`, with nothing in `share`.
template <typename Sum>
MatmulArguments<Sum> matmul_arguments(const MatmulProblem& p) {
  constexpr cl_uint has_bias = 1, has_residual = 2, has_beta = 4;
  MatmulArguments<Sum> arguments;
  arguments.a_offset = p.a.offset();
  arguments.a_stride = static_cast<cl_uint>(p.a.row_stride);
  arguments.a_batch_stride = p.a.batch_stride;
  arguments.b_offset = p.b.offset();
  arguments.b_stride = static_cast<cl_uint>(p.b.row_stride);
  arguments.b_batch_stride = p.b.batch_stride;
  arguments.out_offset = p.out.offset();
  arguments.out_stride = static_cast<cl_uint>(p.out.row_stride);
  arguments.out_batch_stride = p.out.batch_stride;
  arguments.m = static_cast<cl_uint>(p.m);
  arguments.n = static_cast<cl_uint>(p.n);
  arguments.k = static_cast<cl_uint>(p.k);
  arguments.activation = static_cast<cl_uint>(p.activation);
  arguments.alpha = static_cast<Sum>(p.alpha);
  arguments.beta = static_cast<Sum>(p.beta);
  if (p.beta != 0.0) arguments.flags |= has_beta;
  if (p.bias) {
    arguments.flags |= has_bias;
    arguments.bias_offset = p.bias.offset();
  }
  if (p.residual) {
    arguments.flags |= has_residual;
    arguments.residual_offset = p.residual.offset();
    arguments.residual_stride = static_cast<cl_uint>(p.residual.row_stride);
    arguments.residual_batch_stride = p.residual.batch_stride;
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

/// The DType of that type.
DType sum_dtype(DType dtype) noexcept;

/// Options IN, OUT and EPILOGUE.
DOVETAIL_EXPORT BuildOptions matmul_types(DType in, DType out, bool has_epilogue);

/// out as it is used: read too if beta says so.
inline KernelArgument out_argument(const MatmulProblem& p) {
  return KernelArgument::whole(*p.out.storage, p.beta != 0.0 ? Access::read_write : Access::write);
}
inline KernelArgument read_argument(const MatmulOperand& operand) {
  if (!operand) return nullptr;
  return KernelArgument::whole(*operand.storage, Access::read);
}

}  // namespace dovetail::detail
