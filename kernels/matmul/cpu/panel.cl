// SPDX-License-Identifier: Apache-2.0
// Matrix product for CPU devices: panels packed into cache, register tiles of vectors.
//
// Maths        as problem.h tells.
// Method       One operand (P) is packed, STEPS steps of k at a time, into panels of NR = VECTORS *
//              WIDTH columns of factors that stay in the caches; the other (S) is streamed, ROWS
//              rows at a time, each factor broadcast against the panel's vectors. ROWS x VECTORS
//              accumulators live in registers, so each loaded number is used ROWS or NR times. S is
//              read where it lies if it is contiguous along k and holds factors; else its ROWS rows
//              are packed too, as elements are best converted once, and as a column of a large
//              matrix visits few sets of a cache and many pages. As many panels as fit in KC steps
//              are packed together, and each ROWS rows meet all of them.
//              P is op(b) and S is op(a); with SWAP it is the other way round, the product is
//              formed transposed, and a tile is transposed in registers as it is stored. The host
//              packs the operand that costs less.
//              Sources: Goto & van de Geijn, ACM TOMS 34(3), 2008 (blocking); Van Zee & van de
//              Geijn, ACM TOMS 41(3), 2015 (the register tile as the only machine-dependent part).
// Arguments    as problem.h tells. EPILOGUE is 0 if there are parts. Where k or a part has
//              more than STEPS steps, EPILOGUE is 0 and OUT is what sums are: each pass adds to
//              out.
// Index map    global id 0 = group of panels, 1 = group of register tiles' rows, 2 = batch, or
//              (batch, part). Panels and rows are dealt out evenly: groups differ by one at most.
//              No two work-items write the same element.
// Work-group   one work-item: (1, 1, 1). Local memory: KC * NR factors for the panels unless they
//              are read in place, and (STEPS + WIDTH) * ROWS if S is not.
// Options      those of lanes.h; I8 wants I8_AS_FLOAT and STEPS up to 1024
//              -D SWAP=0|1      pack op(a) instead of op(b) (default 0)
//              -D IN_PLACE=0|1  read P where it lies: across k, of factors, with columns that are a
//                               multiple of NR (default 0)
//              -D PREPACKED=0|1 b holds panels as pack.cl makes them; without SWAP (default 0).
//                               b_offset and b_batch_stride count factors
//              -D VECTORS=n     vectors in a panel's row (default 2)
//              -D ROWS=n        rows of a register tile: 1 or an even number up to 16, with SWAP a
//                               power of two up to WIDTH (default 8)
//              -D KC=n          steps of k that fit in the packed panels (default 1024)
//              -D STEPS=n       steps of k at a time, at most KC (default KC)

#ifndef SWAP
#define SWAP 0
#endif
#ifndef IN_PLACE
#define IN_PLACE 0
#endif
#ifndef PREPACKED
#define PREPACKED 0
#endif
#ifndef VECTORS
#define VECTORS 2
#endif
#ifndef ROWS
#define ROWS 8
#endif
#ifndef KC
#define KC 1024
#endif
#ifndef STEPS
#define STEPS KC
#endif
#define NR (VECTORS * WIDTH)

// Which index of each operand is contiguous in memory.
#if SWAP
#define STREAMED_ALONG_K TRANSPOSE_B
#define PACKED_ALONG_K (!TRANSPOSE_A)
#else
#define STREAMED_ALONG_K (!TRANSPOSE_A)
#define PACKED_ALONG_K TRANSPOSE_B
#endif

#if IN_PLACE || PREPACKED
#define PANEL global
#else
#define PANEL local
#endif
#include "matmul/cpu/pack.h"

#if STREAMED_ALONG_K && IS_FACTOR
#define STREAMED global
#else
#define STREAMED local
#define PACK_STREAMED
#endif
#define TILE_STRIDE (STEPS + WIDTH)  // of rows along k: not a power of two, for the cache's sets

#if PREPACKED
typedef factor packed_element;
#else
typedef element packed_element;
#endif

#include "matmul/cpu/store.h"

#ifdef PACK_STREAMED
// The widest vector that divides a column of the tile.
#if ROWS % 16 == 0
#define PIECE 16
#elif ROWS % 8 == 0
#define PIECE 8
#elif ROWS % 4 == 0
#define PIECE 4
#endif

// Packs ROWS rows of S into tile[row][step] if they lie along k, else into tile[step][row]; the
// last row stands in for those beyond it.
static void pack_rows(local factor* tile, global const element* from, size_t stride, uint steps,
                      uint rows) {
#if STREAMED_ALONG_K
  for (uint r = 0; r < ROWS; ++r) {
    global const element* row = from + min(r, rows - 1) * stride;
    uint p = 0;
    for (; p + WIDTH <= steps; p += WIDTH) STORE(FACTORS(row + p), 0, tile + r * TILE_STRIDE + p);
    for (; p < steps; ++p) tile[r * TILE_STRIDE + p] = load1(row + p);
  }
#else
#ifdef PIECE
  if (rows >= ROWS) {
    for (uint p = 0; p < steps; ++p)
#pragma unroll
      for (uint r = 0; r < ROWS; r += PIECE)
        JOIN(vstore, PIECE)(JOIN(factors, PIECE)(from + p * stride + r), 0, tile + p * ROWS + r);
    return;
  }
#endif
  for (uint p = 0; p < steps; ++p)
    for (uint r = 0; r < ROWS; ++r)
      tile[p * ROWS + r] = load1(from + p * stride + min(r, rows - 1));
#endif
}
#define S_STRIDE TILE_STRIDE
#else
#define S_STRIDE s_stride
#endif

#ifdef __clang__
// PoCL unrolls the loop over k only after clang has looked whether that was done.
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

// Multiplies ROWS rows of S with the panel. Beyond the last row, it is computed again and dropped.
static void multiply_tile(PANEL const factor* panel, size_t panel_stride, STREAMED const factor* s,
                          size_t s_stride, uint steps, Target to) {
  vec sums[ROWS][VECTORS];
  STREAMED const factor* row[ROWS];
#pragma unroll
  for (int r = 0; r < ROWS; ++r) {
    row[r] = s + (STREAMED_ALONG_K ? min((uint)r, to.rows - 1) * S_STRIDE : r);
#pragma unroll
    for (int v = 0; v < VECTORS; ++v) sums[r][v] = (vec)((factor)0);
  }
  // Pointers move on: with indices, LLVM loads the second step's factors early, and spills them.
#pragma unroll 2
  for (uint left = steps; left > 0; --left) {
    vec packed[VECTORS];
#pragma unroll
    for (int v = 0; v < VECTORS; ++v) packed[v] = LOAD(v, panel);
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
      const vec x = (vec)(*row[r]);
#pragma unroll
      for (int v = 0; v < VECTORS; ++v) sums[r][v] = fma(x, packed[v], sums[r][v]);
    }
    panel += panel_stride;
#pragma unroll
    for (int r = 0; r < ROWS; ++r) row[r] += STREAMED_ALONG_K ? 1 : ROWS;
  }
  store_tile(sums, &to);
}

#if !IN_PLACE && !PREPACKED
// Packs `steps` steps of columns first .. last. Rows of P that lie across k are gone along, some at
// a time, through all panels: each row of a large matrix has pages of its own.
static void pack_panels(local factor* panels, global const element* from, size_t stride, uint steps,
                        uint first, uint last, uint column_end) {
  const uint together = PACKED_ALONG_K ? steps : 64;
  for (uint p = 0; p < steps; p += together)
    for (uint j = first; j < last; j += NR)
      pack(panels + (j - first) * steps + p * NR,
           from + (PACKED_ALONG_K ? j * stride : p * stride + j), stride, min(together, steps - p),
           column_end - j);
}
#endif

// A work-item's share.
typedef struct {
  uint row_begin, row_end;        // of S
  uint column_begin, column_end;  // of P
  uint begin, end;                // of k
} Share;

// The first of the rows or columns that a group of work-items along a dimension gets.
static uint begin_of_group(uint dimension, size_t group, uint count, uint block) {
  const ulong blocks = (count - 1) / block + 1;
  return (uint)(group * blocks / get_global_size(dimension)) * block;
}

// Steps p .. p + steps of k, of panels first .. last.
static void multiply_block(PANEL const factor* panels, size_t panel_size, size_t panel_stride,
                           global const element* s, size_t s_stride, local factor* tile,
                           const Share* share, uint p, uint steps, uint first, uint last,
                           Target whole) {
  for (uint i = share->row_begin; i < share->row_end; i += ROWS) {
#ifdef PACK_STREAMED
    pack_rows(tile, s + (STREAMED_ALONG_K ? i * s_stride + p : p * s_stride + i), s_stride, steps,
              share->row_end - i);
    STREAMED const factor* rows = tile;
#else
    STREAMED const factor* rows = s + i * s_stride + p;
#endif
    for (uint j = first; j < last; j += NR) {
      Target to = whole;
      to.i = SWAP ? j : i;
      to.j = SWAP ? i : j;
      to.rows = share->row_end - i;
      to.columns = share->column_end - j;
      multiply_tile(panels + (j - first) / NR * panel_size, panel_stride, rows, s_stride, steps,
                    to);
    }
  }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void matmul_panel(
    global const element* a, global const packed_element* b, global out_element* out,
    const Problem problem EPILOGUE_PARAMETERS()) {
#if !IN_PLACE && !PREPACKED
  local vec panel_storage[KC * VECTORS];
#endif
#ifdef PACK_STREAMED
  local vec tile_storage[TILE_STRIDE * ROWS / WIDTH + 1];
  local factor* tile = (local factor*)tile_storage;
#else
  local factor* tile = 0;
#endif

  const size_t batch = get_global_id(2) / problem.parts, part = get_global_id(2) % problem.parts;
  a += problem.a_offset + batch * problem.a_batch_stride;
  b += problem.b_offset + batch * problem.b_batch_stride;
#if SWAP
  global const element* s = b;
  global const element* packed = a;
  const size_t s_stride = problem.b_stride, packed_stride = problem.a_stride;
  const uint rows = problem.n, columns = problem.m;
#else
  global const element* s = a;
  global const packed_element* packed = b;
  const size_t s_stride = problem.a_stride, packed_stride = problem.b_stride;
  const uint rows = problem.m, columns = problem.n;
#endif
  Share share;
  share.row_begin = begin_of_group(1, get_global_id(1), rows, ROWS);
  share.row_end = min(begin_of_group(1, get_global_id(1) + 1, rows, ROWS), rows);
  share.column_begin = begin_of_group(0, get_global_id(0), columns, NR);
  share.column_end = min(begin_of_group(0, get_global_id(0) + 1, columns, NR), columns);
  share.begin = part * problem.part_steps;
  share.end = min(share.begin + problem.part_steps, problem.k);

  Target to;
  to.out = out + problem.out_offset + batch * problem.out_batch_stride;
  to.stride = problem.out_stride;
#if EPILOGUE
  to.problem = &problem;
  to.bias = bias;
  to.residual = residual;
  to.batch = batch;
#else
  to.out += part * problem.part_stride;
#endif

  for (uint p = share.begin; p < share.end; p += STEPS) {
    const uint steps = min(share.end - p, (uint)STEPS);
    to.is_first = p == share.begin;
#if IN_PLACE
    multiply_block(packed + p * packed_stride + share.column_begin, NR, packed_stride, s, s_stride,
                   tile, &share, p, steps, share.column_begin, share.column_end, to);
#else
    const uint together = max(KC / steps, 1u) * NR;
    for (uint first = share.column_begin; first < share.column_end; first += together) {
      const uint last = min(first + together, share.column_end);
#if PREPACKED
      multiply_block(packed + (size_t)first * problem.k + (size_t)p * NR, (size_t)NR * problem.k,
                     NR, s, s_stride, tile, &share, p, steps, first, last, to);
#else
      local factor* panels = (local factor*)panel_storage;
      pack_panels(panels, packed + (PACKED_ALONG_K ? p : p * packed_stride), packed_stride, steps,
                  first, last, share.column_end);
      multiply_block(panels, NR * steps, NR, s, s_stride, tile, &share, p, steps, first, last, to);
#endif
    }
#endif
  }
}
