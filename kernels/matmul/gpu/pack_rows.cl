// SPDX-License-Identifier: Apache-2.0
// Copies op(b) row by row, for devices whose kernels read operands where they lie.
//
// Maths        packed[batch, p, j] = op(b)[batch, p, j], bit for bit.
// Arguments    b, packed, a Problem. Of it are used: b_offset, b_batch_stride, b_stride; n and
//              k; and of the copy out_offset, out_batch_stride and out_stride.
// Index map    global id 0 = column, 1 = row, 2 = batch.
// Options      IN and TRANSPOSE_B of problem.h
#include "matmul/problem.h"

// Without cl_khr_fp16 a half cannot be assigned.
#if IN == F16
typedef ushort stored;
#else
typedef element stored;
#endif

kernel void matmul_pack_rows(global const stored* b, global stored* packed, const Problem problem) {
  const size_t j = get_global_id(0), p = get_global_id(1), batch = get_global_id(2);
  if (j >= problem.n || p >= problem.k) return;
  const size_t stride = problem.b_stride;
  packed[problem.out_offset + batch * problem.out_batch_stride + p * problem.out_stride + j] =
      b[problem.b_offset + batch * problem.b_batch_stride +
        (TRANSPOSE_B ? j * stride + p : p * stride + j)];
}
