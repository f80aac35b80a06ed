// SPDX-License-Identifier: Apache-2.0
// Matrix product for CPU devices: panels packed into cache, register tiles of vectors.
//
// Maths        out[b, i, j] = sum over p of op(a)[b, i, p] * op(b)[b, p, j], float32.
// Method       One operand (P) is packed, STEPS steps of k at a time, into panels of NR = VECTORS *
//              WIDTH columns that stay in the caches; the other (S) is streamed, ROWS rows at a
//              time, each element broadcast against the panel's vectors. ROWS x VECTORS
//              accumulators live in registers, so each loaded number is used ROWS or NR times. S is
//              read where it lies if it is contiguous along k; else its ROWS rows are packed too,
//              as a column of a large matrix visits few sets of a cache and many pages. As many
//              panels as fit in KC steps are packed together, and each ROWS rows meet all of them.
//              P is op(b) and S is op(a); with SWAP it is the other way round, the product is
//              formed transposed, and a tile is transposed in registers as it is stored. The host
//              packs the operand that costs less.
//              Sources: Goto & van de Geijn, ACM TOMS 34(3), 2008 (blocking); Van Zee & van de
//              Geijn, ACM TOMS 41(3), 2015 (the register tile as the only machine-dependent part).
// Operands     row-major and contiguous. a is [batch, m, k], or [batch, k, m] with TRANSPOSE_A; b
//              is [batch, k, n], or [batch, n, k] with TRANSPOSE_B; out is [batch, m, n]. Offsets
//              count elements.
// Index map    global id 0 = group of panels_per_item panels, 1 = block of rows_per_item rows of S,
//              2 = batch. No two work-items write the same element. rows_per_item is a multiple of
//              ROWS.
// Work-group   one work-item: (1, 1, 1). Local memory: 4 * KC * VECTORS * WIDTH bytes, and 4 *
//              STEPS * ROWS if S is not contiguous along k.
// Options      -D TRANSPOSE_A=0|1, -D TRANSPOSE_B=0|1  the operand is stored transposed (default 0)
//              -D SWAP=0|1     pack op(a) instead of op(b) (default 0)
//              -D WIDTH=4|8|16 floats in a native vector (default 16:
//                              CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT)
//              -D VECTORS=n    vectors in a panel's row (default 2)
//              -D ROWS=n       rows of a register tile, a power of two up to WIDTH (default 8)
//              -D KC=n         steps of k that fit in the packed panels (default 1024)
//              -D STEPS=n      steps of k at a time, at most KC (default KC)

#include "matmul/problem.h"

#ifndef TRANSPOSE_A
#define TRANSPOSE_A 0
#endif
#ifndef TRANSPOSE_B
#define TRANSPOSE_B 0
#endif
#ifndef SWAP
#define SWAP 0
#endif
#ifndef WIDTH
#define WIDTH 16
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

typedef JOIN(float, WIDTH) vec;
#if STREAMED_ALONG_K
#define STREAMED global
#else
#define STREAMED local
#endif
#define LOAD JOIN(vload, WIDTH)
#define STORE JOIN(vstore, WIDTH)

// Riffles `steps` times: row r is dealt out with row r + count / 2. As each step rotates the bits
// of an element's address (row, lane) by one, log2(count) steps turn `count` rows of WIDTH lanes
// into WIDTH columns of `count`, one after another.
static void transpose(vec* rows, int count) {
  vec dealt[WIDTH];
#pragma unroll
  for (int left = count; left > 1; left /= 2) {
#pragma unroll
    for (int r = 0; r < count / 2; ++r) {
      dealt[2 * r].even = rows[r].lo;
      dealt[2 * r].odd = rows[r + count / 2].lo;
      dealt[2 * r + 1].even = rows[r].hi;
      dealt[2 * r + 1].odd = rows[r + count / 2].hi;
    }
#pragma unroll
    for (int r = 0; r < count; ++r) rows[r] = dealt[r];
  }
}

// Packs steps x columns of P into panel[step][NR]. Lanes beyond the last column are never stored;
// they get ordinary numbers (copies or zeros), as leftover bits could be denormal, which are slow
// to multiply.
static void pack(local float* panel, global const float* from, size_t stride, uint steps,
                 uint columns) {
#pragma unroll
  for (int v = 0; v < VECTORS; ++v) {
    const uint c = v * WIDTH;
#if PACKED_ALONG_K
    global const float* row[WIDTH];
#pragma unroll
    for (int r = 0; r < WIDTH; ++r) row[r] = from + min(c + r, columns - 1) * stride;
    uint p = 0;
    for (; p + WIDTH <= steps; p += WIDTH) {
      vec block[WIDTH];
#pragma unroll
      for (int r = 0; r < WIDTH; ++r) block[r] = LOAD(0, row[r] + p);
      transpose(block, WIDTH);
#pragma unroll
      for (int r = 0; r < WIDTH; ++r) STORE(block[r], 0, panel + (p + r) * NR + c);
    }
    for (; p < steps; ++p)
#pragma unroll
      for (int r = 0; r < WIDTH; ++r) panel[p * NR + c + r] = row[r][p];
#else
    if (c + WIDTH <= columns) {
      for (uint p = 0; p < steps; ++p) STORE(LOAD(0, from + p * stride + c), 0, panel + p * NR + c);
    } else {
      for (uint p = 0; p < steps; ++p)
        for (uint r = c; r < c + WIDTH; ++r)
          panel[p * NR + r] = r < columns ? from[p * stride + r] : 0.0f;
    }
#endif
  }
}

// Packs ROWS rows of S, not contiguous along k, into tile[step][ROWS]; the last row stands in for
// those beyond it.
static void pack_rows(local float* tile, global const float* from, size_t stride, uint steps,
                      uint rows) {
  if (rows >= ROWS) {
    for (uint p = 0; p < steps; ++p)
      JOIN(vstore, ROWS)(JOIN(vload, ROWS)(0, from + p * stride), p, tile);
  } else {
    for (uint p = 0; p < steps; ++p)
      for (uint r = 0; r < ROWS; ++r) tile[p * ROWS + r] = from[p * stride + min(r, rows - 1)];
  }
}

// A rectangle of out: where it starts, and how many rows of S and columns of P are left from there.
typedef struct {
  global float* out;
  size_t stride;
  uint rows, columns;
  int is_first;  // this block of k sets out; the others add to it
} Target;

#if SWAP
// Tile row r is column r of out: ROWS lanes are stored for each of the tile's columns.
static void store_tile(vec sum[ROWS][VECTORS], Target to) {
#pragma unroll
  for (int v = 0; v < VECTORS; ++v) {
    vec tile[ROWS];
    float lanes[ROWS * WIDTH];
#pragma unroll
    for (int r = 0; r < ROWS; ++r) tile[r] = sum[r][v];
    transpose(tile, ROWS);
#pragma unroll
    for (int r = 0; r < ROWS; ++r) STORE(tile[r], r, lanes);
    for (uint c = 0; c < WIDTH && v * WIDTH + c < to.columns; ++c) {
      global float* at = to.out + (v * WIDTH + c) * to.stride;
      const float* lane = lanes + c * ROWS;
      if (to.rows >= ROWS) {
#pragma unroll
        for (int r = 0; r < ROWS; ++r) at[r] = to.is_first ? lane[r] : at[r] + lane[r];
      } else {
        for (uint r = 0; r < to.rows; ++r) at[r] = to.is_first ? lane[r] : at[r] + lane[r];
      }
    }
  }
}
#else
static void store_tile(vec sum[ROWS][VECTORS], Target to) {
  if (to.rows >= ROWS && to.columns >= NR) {
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
      global float* at = to.out + r * to.stride;
#pragma unroll
      for (int v = 0; v < VECTORS; ++v)
        STORE(to.is_first ? sum[r][v] : LOAD(v, at) + sum[r][v], v, at);
    }
    return;
  }
  float lanes[ROWS * NR];
#pragma unroll
  for (int r = 0; r < ROWS; ++r)
#pragma unroll
    for (int v = 0; v < VECTORS; ++v) STORE(sum[r][v], r * VECTORS + v, lanes);
  for (uint r = 0; r < min(to.rows, (uint)ROWS); ++r)
    for (uint c = 0; c < min(to.columns, (uint)NR); ++c) {
      global float* at = to.out + r * to.stride + c;
      *at = to.is_first ? lanes[r * NR + c] : *at + lanes[r * NR + c];
    }
}
#endif

// Multiplies ROWS rows of S with the panel. Beyond the last row, it is computed again and dropped.
static void multiply_tile(local const float* panel, STREAMED const float* s, size_t s_stride,
                          uint steps, Target to) {
  vec sum[ROWS][VECTORS];
  STREAMED const float* row[ROWS];
#pragma unroll
  for (int r = 0; r < ROWS; ++r) {
    row[r] = s + (STREAMED_ALONG_K ? min((uint)r, to.rows - 1) * s_stride : r);
#pragma unroll
    for (int v = 0; v < VECTORS; ++v) sum[r][v] = (vec)(0.0f);
  }
  for (uint p = 0; p < steps; ++p) {
    vec packed[VECTORS];
#pragma unroll
    for (int v = 0; v < VECTORS; ++v) packed[v] = LOAD(v, panel + p * NR);
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
      const vec x = (vec)(row[r][STREAMED_ALONG_K ? p : p * ROWS]);
#pragma unroll
      for (int v = 0; v < VECTORS; ++v) sum[r][v] = fma(x, packed[v], sum[r][v]);
    }
  }
  store_tile(sum, to);
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void matmul_panel(global const float* a,
                                                                        global const float* b,
                                                                        global float* out,
                                                                        const Problem problem) {
  const uint m = problem.m, n = problem.n, k = problem.k;
  local vec panel_storage[KC * VECTORS];
  local float* panel = (local float*)panel_storage;
#if !STREAMED_ALONG_K
  local vec tile_storage[STEPS * ROWS / WIDTH];
  local float* tile = (local float*)tile_storage;
#endif

  const size_t batch = get_global_id(2);
  a += problem.a_offset + batch * problem.a_batch_stride;
  b += problem.b_offset + batch * problem.b_batch_stride;
  out += problem.out_offset + batch * problem.out_batch_stride;
#if SWAP
  global const float* s = b;
  global const float* packed = a;
  const uint rows = n, columns = m;
#else
  global const float* s = a;
  global const float* packed = b;
  const uint rows = m, columns = n;
#endif
  const size_t s_stride = SWAP ? problem.b_stride : problem.a_stride;
  const size_t packed_stride = SWAP ? problem.a_stride : problem.b_stride;
  const size_t out_stride = problem.out_stride;
  const uint rows_per_item = problem.share[0], panels_per_item = problem.share[1];
  const uint row_begin = get_global_id(1) * rows_per_item;
  const uint row_end = min(row_begin + rows_per_item, rows);
  const uint column_begin = get_global_id(0) * panels_per_item * NR;
  const uint column_end = min(column_begin + panels_per_item * NR, columns);

  for (uint p = 0; p < k; p += STEPS) {
    const uint steps = min(k - p, (uint)STEPS);
    const uint panels = max(KC / steps, 1u);
    for (uint first = column_begin; first < column_end; first += panels * NR) {
      const uint last = min(first + panels * NR, column_end);
      for (uint j = first; j < last; j += NR)
        pack(panel + (j - first) * steps,
             packed + (PACKED_ALONG_K ? j * packed_stride + p : p * packed_stride + j),
             packed_stride, steps, columns - j);
      for (uint i = row_begin; i < row_end; i += ROWS) {
#if STREAMED_ALONG_K
        global const float* tile = s + i * s_stride + p;
#else
        pack_rows(tile, s + p * s_stride + i, s_stride, steps, row_end - i);
#endif
        for (uint j = first; j < last; j += NR) {
          const Target to = {out + (SWAP ? j * out_stride + i : i * out_stride + j), out_stride,
                             row_end - i, column_end - j, p == 0};
          multiply_tile(panel + (j - first) * steps, tile, s_stride, steps, to);
        }
      }
    }
  }
}
