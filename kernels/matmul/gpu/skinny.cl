// SPDX-License-Identifier: Apache-2.0
// Matrix times a few vectors, for GPUs: products in which one operand has COUNT rows or columns.
//
// Maths        see matmul/problem.h; n = COUNT with BIG_A, else m = COUNT.
// Method       The big operand is read once, in place, neighbours by neighbouring work-items; the
//              small one comes from the cache. Work-items that share a result add up their sums in
//              local memory, pairwise, so the order is fixed.
//              matmul_skinny_dot is for a big operand contiguous along k: LANES work-items go along
//              a row of it. matmul_skinny_scale is for one contiguous along the results: LANES
//              work-items stand side by side and the rows of k are dealt out to DEPTH such rows of
//              work-items.
// Index map    group id 0 = (matrix of the batch, block of results), 1 = part of k. A block is
//              DEPTH * RESULTS results of matmul_skinny_dot, LANES * WIDE of matmul_skinny_scale,
//              WIDE = 4 with VECTOR_BIG and else 1. part_steps is a multiple of 4.
// Work-group   (LANES * DEPTH, 1, 1). Local memory: as many factors, times COUNT and times RESULTS
//              or WIDE.
// Options      those of matmul/problem.h, and
//              -D BIG_A=0|1    which operand is the big one (default 0)
//              -D COUNT=n      rows or columns of the other (default 1)
//              -D LANES=n, -D DEPTH=n  the work-group, powers of two (default 32 x 8)
//              -D RESULTS=n    rows of the big operand at a time (default 1)
//              -D VECTOR_BIG=0|1, -D VECTOR_SMALL=0|1  every row of the operand as stored starts at
//                              a multiple of 4 elements, and so does its end (default 0)

#include "matmul/gpu/gpu.h"

#ifndef BIG_A
#define BIG_A 0
#endif
#ifndef COUNT
#define COUNT 1
#endif
#ifndef LANES
#define LANES 32
#endif
#ifndef DEPTH
#define DEPTH 8
#endif
#ifndef RESULTS
#define RESULTS 1
#endif
#ifndef VECTOR_BIG
#define VECTOR_BIG 0
#endif
#ifndef VECTOR_SMALL
#define VECTOR_SMALL 0
#endif

#define ITEMS (LANES * DEPTH)
#define BIG_ALONG_K (BIG_A ? !TRANSPOSE_A : TRANSPOSE_B)
#define SMALL_ALONG_K (BIG_A ? TRANSPOSE_B : !TRANSPOSE_A)

#if VECTOR_BIG
#define WIDE 4
typedef JOIN(FACTOR, 4) part;
#define LOAD_PART(from) widen4(fetch4(from))
#define SUM_OF(v) ((v).x + (v).y + ((v).z + (v).w))
#else
#define WIDE 1
typedef factor part;
#define LOAD_PART load1
#define SUM_OF(v) (v)
#endif

// One matrix of the batch as both kernels see it.
typedef struct {
  global const element* big;
  global const element* small;
  size_t big_stride, small_stride;
  uint results, from, to;
} Operands;

INLINE Operands operands(global const element* a, global const element* b, const Problem* problem,
                         size_t batch) {
  a += problem->a_offset + batch * problem->a_batch_stride;
  b += problem->b_offset + batch * problem->b_batch_stride;
  Operands o;
  o.big = BIG_A ? a : b;
  o.small = BIG_A ? b : a;
  o.big_stride = BIG_A ? problem->a_stride : problem->b_stride;
  o.small_stride = BIG_A ? problem->b_stride : problem->a_stride;
  o.results = BIG_A ? problem->m : problem->n;
  o.from = get_group_id(1) * problem->part_steps;
  o.to = o.from + min(problem->k - o.from, problem->part_steps);
  return o;
}

INLINE global const element* small_at(const Operands* o, uint p, uint c) {
  return o->small + (SMALL_ALONG_K ? c * o->small_stride + p : p * o->small_stride + c);
}

// Neighbours along k of the small operand, to be multiplied with a part of the big one.
INLINE part small_along_k(const Operands* o, uint p, uint c) {
#if VECTOR_BIG && SMALL_ALONG_K && VECTOR_SMALL
  return widen4(fetch4(small_at(o, p, c)));
#elif VECTOR_BIG
  return (part)(load1(small_at(o, p, c)), load1(small_at(o, p + 1, c)),
                load1(small_at(o, p + 2, c)), load1(small_at(o, p + 3, c)));
#else
  return load1(small_at(o, p, c));
#endif
}

// Adds up what `ways` work-items, `apart` from one another, hold at `sums`; the first of them gets
// the result. `ways` is a power of two and all work-items call this.
INLINE void add_up(local factor* sums, uint count, uint way, uint ways, uint apart, uint t) {
  for (uint half_ways = ways / 2; half_ways > 0; half_ways /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (way < half_ways)
      for (uint s = 0; s < count; ++s)
        sums[s * ITEMS + t] += sums[s * ITEMS + t + half_ways * apart];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
}

// Writes the result of vector c at `x` of the big operand.
#define WRITE_RESULT(value, x, c)                                                          \
  do {                                                                                     \
    const uint i = BIG_A ? (x) : (c);                                                      \
    const uint j = BIG_A ? (c) : (x);                                                      \
    global out_element* to = out + problem.out_offset + batch * problem.out_batch_stride + \
                             get_group_id(1) * problem.part_stride +                       \
                             (size_t)i * problem.out_stride + j;                           \
    write_out(FINISH(value, i, j, to), to);                                                \
  } while (0)

kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void matmul_skinny_dot(
    global const element* restrict a, global const element* restrict b,
    global out_element* restrict out, const Problem problem EPILOGUE_PARAMETERS(restrict)) {
  local factor sums[COUNT * RESULTS * ITEMS];
  const uint blocks = ((BIG_A ? problem.m : problem.n) - 1) / (DEPTH * RESULTS) + 1;
  const size_t batch = get_group_id(0) / blocks;
  const uint first = get_group_id(0) % blocks * (DEPTH * RESULTS);
  const Operands o = operands(a, b, &problem, batch);
  const uint t = get_local_id(0);
  const uint lane = t % LANES;
  const uint row = t / LANES;

  global const element* from[RESULTS];
  part sum_of[RESULTS][COUNT];
#pragma unroll
  for (int r = 0; r < RESULTS; ++r) {
    from[r] = o.big + min(first + r * DEPTH + row, o.results - 1) * o.big_stride;
#pragma unroll
    for (int c = 0; c < COUNT; ++c) sum_of[r][c] = (part)(0);
  }
#pragma unroll 4
  for (uint p = o.from + lane * WIDE; p < o.to; p += LANES * WIDE) {
    part x[RESULTS];
#pragma unroll
    for (int r = 0; r < RESULTS; ++r) x[r] = LOAD_PART(from[r] + p);
#pragma unroll
    for (int c = 0; c < COUNT; ++c) {
      const part y = small_along_k(&o, p, c);
#pragma unroll
      for (int r = 0; r < RESULTS; ++r) sum_of[r][c] = MULTIPLY_ADD(x[r], y, sum_of[r][c]);
    }
  }

#pragma unroll
  for (int r = 0; r < RESULTS; ++r)
#pragma unroll
    for (int c = 0; c < COUNT; ++c) sums[(c * RESULTS + r) * ITEMS + t] = SUM_OF(sum_of[r][c]);
  add_up(sums, COUNT * RESULTS, lane, LANES, 1, t);
  for (uint at = t; at < COUNT * RESULTS * DEPTH; at += ITEMS) {
    const uint s = at / DEPTH;
    const uint x = first + s % RESULTS * DEPTH + at % DEPTH;
    if (x < o.results) WRITE_RESULT(sums[s * ITEMS + at % DEPTH * LANES], x, s / RESULTS);
  }
}

kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void matmul_skinny_scale(
    global const element* restrict a, global const element* restrict b,
    global out_element* restrict out, const Problem problem EPILOGUE_PARAMETERS(restrict)) {
  local factor sums[COUNT * WIDE * ITEMS];
  const uint blocks = ((BIG_A ? problem.m : problem.n) - 1) / (LANES * WIDE) + 1;
  const size_t batch = get_group_id(0) / blocks;
  const uint first = get_group_id(0) % blocks * (LANES * WIDE);
  const Operands o = operands(a, b, &problem, batch);
  const uint t = get_local_id(0);
  const uint lane = t % LANES;
  const uint row = t / LANES;

  global const element* from = o.big + min(first + lane * WIDE, o.results - WIDE);
  part sum_of[COUNT];
#pragma unroll
  for (int c = 0; c < COUNT; ++c) sum_of[c] = (part)(0);
#pragma unroll 4
  for (uint p = o.from + row; p < o.to; p += DEPTH) {
    const part x = LOAD_PART(from + p * o.big_stride);
#pragma unroll
    for (int c = 0; c < COUNT; ++c)
      sum_of[c] = MULTIPLY_ADD(x, (part)(load1(small_at(&o, p, c))), sum_of[c]);
  }

#pragma unroll
  for (int c = 0; c < COUNT; ++c) {
#if VECTOR_BIG
    sums[(c * WIDE + 0) * ITEMS + t] = sum_of[c].x;
    sums[(c * WIDE + 1) * ITEMS + t] = sum_of[c].y;
    sums[(c * WIDE + 2) * ITEMS + t] = sum_of[c].z;
    sums[(c * WIDE + 3) * ITEMS + t] = sum_of[c].w;
#else
    sums[c * ITEMS + t] = sum_of[c];
#endif
  }
  add_up(sums, COUNT * WIDE, row, DEPTH, LANES, t);
  for (uint at = t; at < COUNT * WIDE * LANES; at += ITEMS) {
    const uint c = at / (WIDE * LANES);
    const uint in_block = at % (WIDE * LANES);
    const uint x = first + in_block;
    if (x < o.results)
      WRITE_RESULT(sums[(c * WIDE + in_block % WIDE) * ITEMS + in_block / WIDE], x, c);
  }
}
