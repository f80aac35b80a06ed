// SPDX-License-Identifier: Apache-2.0
// Matrix product for GPUs: tiles in local memory, register tiles per work-item.
//
// Maths        out[b, i, j] = sum over p of op(a)[b, i, p] * op(b)[b, p, j], float32.
// Method       A work-group owns a BM x BN tile of out and walks k in steps of BK. Each step copies
//              a BM x BK piece of op(a) and a BK x BN piece of op(b) into local memory, both with k
//              outermost whatever their storage order, so that a work-item reads its RM + RN
//              numbers per k as vectors and makes RM x RN products of them. The next step's pieces
//              are fetched into registers before this step's products, which hides the latency.
//              Beyond an edge zeros are copied and nothing is stored.
//              Sources: the blocking of Goto & van de Geijn, ACM TOMS 34(3), 2008, with local
//              memory in the cache's place, and the register tile of Van Zee & van de Geijn, ACM
//              TOMS 41(3), 2015.
// Operands     row-major and contiguous. a is [batch, m, k], or [batch, k, m] with TRANSPOSE_A; b
//              is [batch, k, n], or [batch, n, k] with TRANSPOSE_B; out is [batch, m, n]. Offsets
//              count elements.
// Index map    group id 0 = tile column, 1 = tile row, 2 = batch. Local id t = (t / (BN / RN), t %
//              (BN / RN)) in the grid of register tiles; a register tile is RM / 4 x RN / 4 blocks
//              of 4 x 4, spread over the tile so that neighbours read neighbouring vectors (no bank
//              conflicts) and store whole lines.
// Work-group   (BM / RM * BN / RN, 1, 1). Local memory: 4 * BK * (BM + BN + 2 * PAD) bytes.
// Options      -D TRANSPOSE_A=0|1, -D TRANSPOSE_B=0|1  the operand is stored transposed (default 0)
//              -D BM=n, -D BN=n  tile of out a work-group makes, elements (default 128 x 128)
//              -D BK=n         steps of k in local memory (default 16)
//              -D RM=n, -D RN=n  elements of out a work-item makes, multiples of 4 (default 8 x 8)
//              The work-group's size divides BM * BK and BK * BN; RM divides BM and RN divides BN.

#include "matmul/problem.h"

#ifndef TRANSPOSE_A
#define TRANSPOSE_A 0
#endif
#ifndef TRANSPOSE_B
#define TRANSPOSE_B 0
#endif
#ifndef BM
#define BM 128
#endif
#ifndef BN
#define BN 128
#endif
#ifndef BK
#define BK 16
#endif
#ifndef RM
#define RM 8
#endif
#ifndef RN
#define RN 8
#endif
#define PAD 4  // keeps rows aligned for vectors, and transposing writes off each other's banks
#define ROWS_OF_ITEMS (BM / RM)
#define COLUMNS_OF_ITEMS (BN / RN)
#define ITEMS (ROWS_OF_ITEMS * COLUMNS_OF_ITEMS)

// Which coordinate of a piece (EXTENT x BK) neighbouring work-items follow: the one contiguous in
// memory.
#define PIECE_K(e, extent, along_k) ((along_k) ? (e) % BK : (e) / (extent))
#define PIECE_X(e, extent, along_k) ((along_k) ? (e) / BK : (e) % (extent))

// Element (x, p) of an operand whose rows are contiguous along k, or along x.
static float fetch(global const float* from, size_t stride, uint x, uint p, uint extent, uint k,
                   int along_k) {
  if (x >= extent || p >= k) return 0.0f;
  return along_k ? from[x * stride + p] : from[p * stride + x];
}

kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void matmul_tile(
    global const float* restrict a, global const float* restrict b, global float* restrict out,
    const Problem problem) {
  const uint m = problem.m, n = problem.n, k = problem.k;
  local float4 a_storage[BK * (BM + PAD) / 4];
  local float4 b_storage[BK * (BN + PAD) / 4];
  local float* a_piece = (local float*)a_storage;
  local float* b_piece = (local float*)b_storage;

  const size_t batch = get_group_id(2);
  a += problem.a_offset + batch * problem.a_batch_stride;
  b += problem.b_offset + batch * problem.b_batch_stride;
  out += problem.out_offset + batch * problem.out_batch_stride;
  const uint i0 = get_group_id(1) * BM;
  const uint j0 = get_group_id(0) * BN;
  const uint t = get_local_id(0);
  const uint ti = t / COLUMNS_OF_ITEMS * 4;
  const uint tj = t % COLUMNS_OF_ITEMS * 4;

  float4 sum[RM][RN / 4];
#pragma unroll
  for (int r = 0; r < RM; ++r)
#pragma unroll
    for (int c = 0; c < RN / 4; ++c) sum[r][c] = (float4)(0.0f);

  float a_next[BM * BK / ITEMS];
  float b_next[BN * BK / ITEMS];
  for (uint p0 = 0; p0 < k + BK; p0 += BK) {
    // The first turn only fetches, the last only multiplies.
    if (p0 > 0) {
      barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
      for (int e = 0; e < BM * BK / ITEMS; ++e) {
        const uint at = e * ITEMS + t;
        a_piece[PIECE_K(at, BM, !TRANSPOSE_A) * (BM + PAD) + PIECE_X(at, BM, !TRANSPOSE_A)] =
            a_next[e];
      }
#pragma unroll
      for (int e = 0; e < BN * BK / ITEMS; ++e) {
        const uint at = e * ITEMS + t;
        b_piece[PIECE_K(at, BN, TRANSPOSE_B) * (BN + PAD) + PIECE_X(at, BN, TRANSPOSE_B)] =
            b_next[e];
      }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (p0 < k) {
#pragma unroll
      for (int e = 0; e < BM * BK / ITEMS; ++e) {
        const uint at = e * ITEMS + t;
        a_next[e] = fetch(a, problem.a_stride, i0 + PIECE_X(at, BM, !TRANSPOSE_A),
                          p0 + PIECE_K(at, BM, !TRANSPOSE_A), m, k, !TRANSPOSE_A);
      }
#pragma unroll
      for (int e = 0; e < BN * BK / ITEMS; ++e) {
        const uint at = e * ITEMS + t;
        b_next[e] = fetch(b, problem.b_stride, j0 + PIECE_X(at, BN, TRANSPOSE_B),
                          p0 + PIECE_K(at, BN, TRANSPOSE_B), n, k, TRANSPOSE_B);
      }
    }
    if (p0 > 0) {
#pragma unroll
      for (int p = 0; p < BK; ++p) {
        float x[RM];
        float4 y[RN / 4];
#pragma unroll
        for (int r = 0; r < RM; r += 4)
          vstore4(*(local float4*)(a_piece + p * (BM + PAD) + ti + r * ROWS_OF_ITEMS), 0, x + r);
#pragma unroll
        for (int c = 0; c < RN / 4; ++c)
          y[c] = *(local float4*)(b_piece + p * (BN + PAD) + tj + 4 * c * COLUMNS_OF_ITEMS);
#pragma unroll
        for (int r = 0; r < RM; ++r)
#pragma unroll
          for (int c = 0; c < RN / 4; ++c) sum[r][c] = fma((float4)(x[r]), y[c], sum[r][c]);
      }
    }
  }

#pragma unroll
  for (int r = 0; r < RM; ++r) {
    const uint i = i0 + ti + r / 4 * 4 * ROWS_OF_ITEMS + r % 4;
    if (i >= m) continue;
#pragma unroll
    for (int c = 0; c < RN / 4; ++c) {
      const uint j = j0 + tj + 4 * c * COLUMNS_OF_ITEMS;
      global float* to = out + (size_t)i * problem.out_stride + j;
      if (j + 3 < n) {
        vstore4(sum[r][c], 0, to);
      } else {
        if (j < n) to[0] = sum[r][c].x;
        if (j + 1 < n) to[1] = sum[r][c].y;
        if (j + 2 < n) to[2] = sum[r][c].z;
      }
    }
  }
}
