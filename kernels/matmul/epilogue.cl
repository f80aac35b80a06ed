// SPDX-License-Identifier: Apache-2.0
// Adds up the partial sums of a product and applies its epilogue.
//
// Maths        out = activation(alpha * (sum over s of parts[s]) + beta * out + bias + residual).
// Method       the parts are added in order, so the result does not depend on who made them when.
// Arguments    parts [share[0], batch, m, n], of type sum, with the strides a_stride,
// a_batch_stride
//              and, from part to part, b_batch_stride; none where share[0] is 0. The rest as
//              problem.h tells.
// Index map    global id 0 = column, 1 = row, 2 = batch.
// Options      those of problem.h, with EPILOGUE=1
#include "matmul/problem.h"

kernel void matmul_epilogue(global const sum* parts, global out_element* out, const Problem problem,
                            global const out_element* bias, global const out_element* residual) {
  const uint j = get_global_id(0);
  const uint i = get_global_id(1);
  const size_t batch = get_global_id(2);
  if (i >= problem.m || j >= problem.n) return;
  global const sum* part =
      parts + problem.a_offset + batch * problem.a_batch_stride + (size_t)i * problem.a_stride + j;
  sum product = (sum)0;
  for (uint s = 0; s < problem.share[0]; ++s) product += part[s * problem.b_batch_stride];
  global out_element* at = out + problem.out_offset + batch * problem.out_batch_stride +
                           (size_t)i * problem.out_stride + j;
  write_out(finish(product, &problem, bias, residual, batch, i, j, at), at);
}
