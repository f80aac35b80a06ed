// SPDX-License-Identifier: Apache-2.0
// Adds up the partial sums of a product and applies its epilogue.
//
// Maths        out = activation(alpha * (sum over s of parts[s]) + beta * out + bias + residual).
// Method       the parts are added in order, so the result does not depend on who made them when.
// Arguments    parts [problem.parts, batch, m, n], of type sum and without gaps; none where
//              problem.parts is 0. The rest as problem.h tells; a and b are not described.
// Index map    global id 0 = column, 1 = row, 2 = batch.
// Options      those of problem.h, with EPILOGUE=1
#include "matmul/problem.h"

kernel void matmul_epilogue(global const sum* parts, global out_element* out,
                            const Problem problem EPILOGUE_PARAMETERS()) {
  const uint j = get_global_id(0);
  const uint i = get_global_id(1);
  const size_t batch = get_global_id(2);
  if (i >= problem.m || j >= problem.n) return;
  global const sum* part = parts + (batch * problem.m + i) * problem.n + j;
  sum product = (sum)0;
  for (uint s = 0; s < problem.parts; ++s) product += part[s * problem.part_stride];
  global out_element* at = out + problem.out_offset + batch * problem.out_batch_stride +
                           (size_t)i * problem.out_stride + j;
  write_out(finish(product, &problem, bias, residual, batch, i, j, at), at);
}
