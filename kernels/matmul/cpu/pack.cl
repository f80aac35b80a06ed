// SPDX-License-Identifier: Apache-2.0
// Packs op(b) once, for products with PREPACKED panels (panel.cl).
//
// Maths        packed[batch][panel][p][c] = op(b)[batch, p, panel * NR + c], as factors, for panels
//              of NR = VECTORS * WIDTH columns; columns beyond n hold ordinary numbers.
// Arguments    b, packed, a Problem. Of it are used: b_offset, b_batch_stride and b_stride; n and
//              k; out_offset, in factors. One batch of packed follows the other without a gap.
// Index map    global id 0 = panel, 1 = batch.
// Work-group   one work-item: (1, 1, 1). No local memory.
// Options      those of lanes.h
//              -D VECTORS=n        vectors in a panel's row (default 2)

#ifndef VECTORS
#define VECTORS 2
#endif
#define NR (VECTORS * WIDTH)
#define PANEL global
#define PACKED_ALONG_K TRANSPOSE_B

#include "matmul/cpu/pack.h"

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void matmul_pack(global const element* b,
                                                                       global factor* packed,
                                                                       const Problem problem) {
  const uint k = problem.k;
  const size_t panel = get_global_id(0), batch = get_global_id(1);
  const size_t column = panel * NR, stride = problem.b_stride;
  b += problem.b_offset + batch * problem.b_batch_stride;
  packed += problem.out_offset + (batch * get_global_size(0) + panel) * NR * k;
  const uint together = 4096;  // pack() counts a panel's factors in 32 bits, which is faster
  for (uint p = 0; p < k; p += together)
    pack(packed + (size_t)p * NR, b + (PACKED_ALONG_K ? column * stride + p : p * stride + column),
         stride, min(together, k - p), problem.n - column);
}
