// SPDX-License-Identifier: Apache-2.0
// Matrix product for GPUs: tiles in local memory, register tiles per work-item.
//
// Maths        see matmul/problem.h.
// Method       A work-group owns a BM x BN tile of out and walks k in steps of BK. Each step lays a
//              BM x BK piece of op(a) and a BK x BN piece of op(b) into local memory, both with k
//              outermost whatever their storage order, so that a work-item reads its RM + RN
//              numbers per k as vectors and makes RM x RN products of them. There are two pieces of
//              each: while one is multiplied the next is fetched, so a step takes one barrier.
//              A ragged step, k % BK, comes first and is the only one that looks at k; rows and
//              columns beyond an edge repeat the last one and are not stored.
//              With SLICES the work-items form several sets, each of which makes the whole tile for
//              its share of every step; their tiles are added up in order at the end. This keeps a
//              compute unit busy where there are few tiles.
//              Sources: the blocking of Goto & van de Geijn, ACM TOMS 34(3), 2008, with local
//              memory in the cache's place, and the register tile of Van Zee & van de Geijn, ACM
//              TOMS 41(3), 2015.
// Index map    group id 0 = (matrix of the batch, tile), 1 = part of k. Tiles are counted down
//              bands of BAND_ROWS tile rows, so that groups that run together share rows and
//              columns.
//              part_steps is a multiple of 4. A register tile is made of 4 x 4 blocks. PATCH_ROWS x
//              PATCH_COLUMNS neighbouring work-items lay theirs side by side, which makes their
//              reads of local memory free of bank conflicts.
// Work-group   (SLICES * BM / RM * BN / RN, 1, 1).
// Local memory 2 * BK * (BM + BN + 8) factors; with SLICES at least RN factors per work-item of all
//              slices but one.
// Options      those of matmul/problem.h, and
//              -D BM=n, -D BN=n  tile of out a work-group makes, elements (default 128 x 128)
//              -D BK=n         steps of k in local memory (default 16)
//              -D RM=n, -D RN=n  elements of out a work-item makes, multiples of 4 (default 8 x 8)
//              -D SLICES=n     sets of work-items that share out a step (default 1); divides BK
//              -D PATCH_ROWS=n, -D PATCH_COLUMNS=n  (default 8 x 4); PATCH_ROWS * RM divides BM,
//                              PATCH_COLUMNS * RN divides BN
//              -D ORDER=BY_ROWS|SERPENTINE|BY_COLUMNS  in which a step's products are written down
//                              (default BY_ROWS). The result is the same; how well a compiler
//                              allots registers is not
//              -D BAND_ROWS=n  rows of tiles that are gone over together (default 8)
//              -D VECTOR_A=0|1, -D VECTOR_B=0|1, -D VECTOR_OUT=0|1  every row of the operand starts
//                              at a multiple of 4 elements, and so does its end (default 0)

#include "matmul/gpu/gpu.h"

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
#ifndef SLICES
#define SLICES 1
#endif
#ifndef PATCH_ROWS
#define PATCH_ROWS 8
#endif
#ifndef PATCH_COLUMNS
#define PATCH_COLUMNS 4
#endif
#define BY_ROWS 0
#define SERPENTINE 1  // by rows, every other one backwards
#define BY_COLUMNS 2
#ifndef ORDER
#define ORDER BY_ROWS
#endif
#ifndef BAND_ROWS
#define BAND_ROWS 8
#endif
#ifndef VECTOR_A
#define VECTOR_A 0
#endif
#ifndef VECTOR_B
#define VECTOR_B 0
#endif
#ifndef VECTOR_OUT
#define VECTOR_OUT 0
#endif

#define PAD 4  // keeps rows aligned for vectors, and transposing writes off each other's banks
#define A_ROW (BM + PAD)
#define B_ROW (BN + PAD)
#define PATCH (PATCH_ROWS * PATCH_COLUMNS)
#define PATCHES_ACROSS (BN / (RN * PATCH_COLUMNS))
#define SLICE_ITEMS ((BM / RM) * (BN / RN))
#define ITEMS (SLICES * SLICE_ITEMS)
#define ALONG_K_A (!TRANSPOSE_A)
#define ALONG_K_B TRANSPOSE_B

#include "matmul/gpu/tile_operands.h"

// Adds one step's products to the register tile.
INLINE void multiply(factor tile[RM][RN], const local factor* a_piece,
                     const local factor* b_piece) {
#pragma unroll
  for (int p = 0; p < BK / SLICES; ++p) {
    factor x[RM];
    factor y[RN];
#pragma unroll
    for (int r = 0; r < RM; r += 4) {
      const factor4 v = *(const local factor4*)(a_piece + p * A_ROW + r * PATCH_ROWS);
      x[r] = v.x, x[r + 1] = v.y, x[r + 2] = v.z, x[r + 3] = v.w;
    }
#pragma unroll
    for (int c = 0; c < RN; c += 4) {
      const factor4 v = *(const local factor4*)(b_piece + p * B_ROW + c * PATCH_COLUMNS);
      y[c] = v.x, y[c + 1] = v.y, y[c + 2] = v.z, y[c + 3] = v.w;
    }
#pragma unroll
    for (int e = 0; e < RM * RN; ++e) {
      const int r = ORDER == BY_COLUMNS ? e % RM : e / RN;
      const int along = ORDER == BY_COLUMNS ? e / RM : e % RN;
      const int c = ORDER == SERPENTINE && r % 2 == 1 ? RN - 1 - along : along;
      tile[r][c] = MULTIPLY_ADD(x[r], y[c], tile[r][c]);
    }
  }
}

kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void matmul_tile(
    global const element* restrict a, global const element* restrict b,
    global out_element* restrict out, const Problem problem EPILOGUE_PARAMETERS(restrict)) {
  local factor4 storage[2 * BK * (A_ROW + B_ROW) / 4];

  const uint m = problem.m;
  const uint n = problem.n;
  const uint tile_rows = (m - 1) / BM + 1;
  const uint tile_columns = (n - 1) / BN + 1;
  const uint tiles = tile_rows * tile_columns;
  const size_t batch = get_group_id(0) / tiles;
  const uint place = get_group_id(0) % tiles;
  const uint band = place / (BAND_ROWS * tile_columns) * BAND_ROWS;
  const uint band_rows = min((uint)BAND_ROWS, tile_rows - band);
  const uint in_band = place - band * tile_columns;
  const uint i0 = (band + in_band % band_rows) * BM;
  const uint j0 = in_band / band_rows * BN;

  const uint p0 = get_group_id(1) * problem.part_steps;
  const uint depth = min(problem.k - p0, problem.part_steps);
  const uint ragged = (depth - 1) % BK + 1;

  const uint t = get_local_id(0);
  const size_t a_step = ALONG_K_A ? 1 : problem.a_stride;
  const size_t b_step = ALONG_K_B ? 1 : problem.b_stride;
  global const element* a_from[COPIES_A];
  global const element* b_from[COPIES_B];
  start_A(a_from, a + problem.a_offset + batch * problem.a_batch_stride + p0 * a_step, i0,
          problem.a_stride, m, t);
  start_B(b_from, b + problem.b_offset + batch * problem.b_batch_stride + p0 * b_step, j0,
          problem.b_stride, n, t);

  const uint in_slice = t % SLICE_ITEMS;
  const uint patch = in_slice / PATCH;
  const uint ti = patch / PATCHES_ACROSS * (PATCH_ROWS * RM) + in_slice % PATCH / PATCH_COLUMNS * 4;
  const uint tj =
      patch % PATCHES_ACROSS * (PATCH_COLUMNS * RN) + in_slice % PATCH % PATCH_COLUMNS * 4;
  const uint slice_p = t / SLICE_ITEMS * (BK / SLICES);

  local factor* const a_pieces = (local factor*)storage;
  local factor* const b_pieces = a_pieces + 2 * BK * A_ROW;

  factor tile[RM][RN];
#pragma unroll
  for (int r = 0; r < RM; ++r)
#pragma unroll
    for (int c = 0; c < RN; ++c) tile[r][c] = (factor)0;

  PARTS_A a_next[COPIES_A];
  PARTS_B b_next[COPIES_B];
  fetch_ragged_A(a_next, a_from, ragged, t);
  fetch_ragged_B(b_next, b_from, ragged, t);
  advance_A(a_from, ragged * a_step, t);
  advance_B(b_from, ragged * b_step, t);
  lay_A(a_pieces, a_next, t);
  lay_B(b_pieces, b_next, t);
  barrier(CLK_LOCAL_MEM_FENCE);

  uint stage = 0;
  for (uint left = depth - ragged;; left -= BK) {
    if (left > 0) {
      fetch_A(a_next, a_from);
      fetch_B(b_next, b_from);
      advance_A(a_from, BK * a_step, t);
      advance_B(b_from, BK * b_step, t);
    }
    multiply(tile, a_pieces + (stage * BK + slice_p) * A_ROW + ti,
             b_pieces + (stage * BK + slice_p) * B_ROW + tj);
    if (left == 0) break;
    stage ^= 1;
    lay_A(a_pieces + stage * BK * A_ROW, a_next, t);
    lay_B(b_pieces + stage * BK * B_ROW, b_next, t);
    barrier(CLK_LOCAL_MEM_FENCE);
  }

#if SLICES > 1
  // Row by row of the register tiles: there may be no room for more.
  local factor* const rows = (local factor*)storage;
#pragma unroll
  for (int r = 0; r < RM; ++r) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (t >= SLICE_ITEMS) {
#pragma unroll
      for (int c = 0; c < RN; ++c) rows[c * (ITEMS - SLICE_ITEMS) + t - SLICE_ITEMS] = tile[r][c];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (t < SLICE_ITEMS) {
#pragma unroll
      for (int s = 0; s < SLICES - 1; ++s)
#pragma unroll
        for (int c = 0; c < RN; ++c)
          tile[r][c] += rows[c * (ITEMS - SLICE_ITEMS) + s * SLICE_ITEMS + t];
    }
  }
  if (t >= SLICE_ITEMS) return;
#endif

  out +=
      problem.out_offset + batch * problem.out_batch_stride + get_group_id(1) * problem.part_stride;
#pragma unroll
  for (int r = 0; r < RM; ++r) {
    const uint i = i0 + ti + r / 4 * 4 * PATCH_ROWS + r % 4;
    if (i < m) {
#pragma unroll
      for (int c = 0; c < RN; c += 4) {
        const uint j = j0 + tj + c * PATCH_COLUMNS;
        global out_element* to = out + (size_t)i * problem.out_stride + j;
#if VECTOR_OUT
        if (j < n)
          write_aligned4(
              (sum4)(FINISH(tile[r][c], i, j, to), FINISH(tile[r][c + 1], i, j + 1, to + 1),
                     FINISH(tile[r][c + 2], i, j + 2, to + 2),
                     FINISH(tile[r][c + 3], i, j + 3, to + 3)),
              to);
#else
#pragma unroll
        for (int d = 0; d < 4; ++d)
          if (j + d < n) write_out(FINISH(tile[r][c + d], i, j + d, to + d), to + d);
#endif
      }
    }
  }
}
