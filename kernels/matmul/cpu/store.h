// SPDX-License-Identifier: Apache-2.0
// From a register tile of panel.cl to out: conversion, epilogue, edges.
//
// To be defined  SWAP, ROWS, VECTORS, NR as panel.cl tells; pack.h is included.

// Neighbours in out that are stored together: WIDTH along a tile's row, or with SWAP, where tile
// row r is column r of out, ROWS across it.
#if SWAP
#define LANES ROWS
#else
#define LANES WIDTH
#endif

// out from the tile on, and where the tile lies in it.
typedef struct {
  global out_element* out;
  size_t stride;
  uint i, j;           // of the tile in out
  uint rows, columns;  // of S and P that are left from there
  bool is_first;       // this block of k sets out; the others add to it
#if EPILOGUE
  const Problem* problem;
  global const out_element* bias;
  global const out_element* residual;
  size_t batch;
#endif
} Target;

#if LANES >= 4
typedef JOIN(SUM, LANES) sums_of_lanes;

#if OUT == BF16
DEFINE_ROUND_BFLOAT16(LANES)
#endif

static sums_of_lanes read_lanes(global const out_element* from) {
  return READ_VECTOR(OUT, SUM, LANES, from);
}
static void write_lanes(sums_of_lanes x, global out_element* to) {
  WRITE_VECTOR(OUT, LANES, x, to);
}

#if EPILOGUE
DEFINE_ACTIVATE(_lanes, sums_of_lanes)

static sums_of_lanes finish_lanes(sums_of_lanes product, const Target* to, uint i, uint j,
                                  global const out_element* at) {
  const Problem* problem = to->problem;
  sums_of_lanes x = problem->alpha * product;
  if (problem->flags & HAS_BETA) x += problem->beta * read_lanes(at);
  if (problem->flags & HAS_BIAS) x += read_lanes(to->bias + problem->bias_offset + j);
  if (problem->flags & HAS_RESIDUAL)
    x += read_lanes(to->residual + problem->residual_offset +
                    to->batch * problem->residual_batch_stride +
                    (size_t)i * problem->residual_stride + j);
  return activate_lanes(x, problem->activation);
}
#endif
#endif

// Sets or adds to up to LANES neighbours of out, from its element (i, j) on.
static void put(const factor* products, uint count, const Target* to, uint i, uint j) {
  global out_element* at = to->out + i * to->stride + j;
#if LANES >= 4
  if (count >= LANES) {
    sums_of_lanes x = JOIN(JOIN(convert_, SUM), LANES)(JOIN(vload, LANES)(0, products));
#if EPILOGUE
    x = finish_lanes(x, to, i, j, at);
#else
    if (!to->is_first) x += read_lanes(at);
#endif
    write_lanes(x, at);
    return;
  }
#endif
  for (uint l = 0; l < count; ++l) {
    sum x = (sum)products[l];
#if EPILOGUE
    x = finish(x, to->problem, to->bias, to->residual, to->batch, i, j + l, at + l);
#else
    if (!to->is_first) x += read_out(at + l);
#endif
    write_out(x, at + l);
  }
}

#if SWAP
static void store_tile(vec sums[ROWS][VECTORS], const Target* to) {
#pragma unroll
  for (int v = 0; v < VECTORS; ++v) {
    vec tile[ROWS];
    factor lanes[ROWS * WIDTH];
#pragma unroll
    for (int r = 0; r < ROWS; ++r) tile[r] = sums[r][v];
    transpose(tile, ROWS);
#pragma unroll
    for (int r = 0; r < ROWS; ++r) STORE(tile[r], r, lanes);
    for (uint c = v * WIDTH; c < min(to->columns, (uint)(v + 1) * WIDTH); ++c)
      put(lanes + (c - v * WIDTH) * ROWS, min(to->rows, (uint)ROWS), to, to->i + c, to->j);
  }
}
#else
static void store_tile(vec sums[ROWS][VECTORS], const Target* to) {
#if !EPILOGUE && (OUT == F32 || OUT == F64)
  if (to->rows >= ROWS && to->columns >= NR) {
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
      global out_element* at = to->out + (to->i + r) * to->stride + to->j;
#pragma unroll
      for (int v = 0; v < VECTORS; ++v)
        STORE(to->is_first ? sums[r][v] : LOAD(v, at) + sums[r][v], v, at);
    }
    return;
  }
#endif
  factor lanes[ROWS * NR];
#pragma unroll
  for (int r = 0; r < ROWS; ++r)
#pragma unroll
    for (int v = 0; v < VECTORS; ++v) STORE(sums[r][v], r * VECTORS + v, lanes);
  for (uint r = 0; r < min(to->rows, (uint)ROWS); ++r)
    for (uint c = 0; c < min(to->columns, (uint)NR); c += WIDTH)
      put(lanes + r * NR + c, min(to->columns - c, (uint)WIDTH), to, to->i + r, to->j + c);
}
#endif
