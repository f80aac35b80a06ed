// SPDX-License-Identifier: Apache-2.0
// Matrix times one or a few vectors: the big operand is read once, where it lies.
//
// Maths        as problem.h tells, for m <= COUNT or n <= COUNT.
// Method       The big operand W has a row or column per result; the small one holds COUNT vectors
//              x.
//              matmul_gemv_dot:  W is contiguous along k. RESULTS rows of W at a time are
//                multiplied with the vectors, lane by lane; the lanes are summed at the end. x had
//                better be contiguous along k too.
//              matmul_gemv_axpy: W is contiguous along the results. A work-item owns CHUNK * WIDTH
//                of them and adds x[p] times a stretch of W's row p, for every p. x may lie either
//                way.
//              Each element of W is used COUNT times, from a register: the time is that of reading
//              W.
//              BIG_A = 0 makes W = b and COUNT = m; BIG_A = 1 makes W = a and COUNT = n. W
//              contiguous along k means TRANSPOSE_B = 1 or TRANSPOSE_A = 0.
// Arguments    as problem.h tells; results_per_item is a multiple of RESULTS (dot). EPILOGUE
//              is 0 if there are parts.
// Index map    global id 0 = block of results: dot results_per_item, axpy CHUNK * WIDTH; global id
//              1 = batch, or (batch, part).
// Work-group   one work-item: (1, 1, 1). No local memory.
// Options      those of lanes.h; with I8_AS_FLOAT a lane adds up to 1024 products: k or a part's
//              steps up to 1024 * WIDTH for dot and 1024 for axpy
//              -D BIG_A=0|1    the big operand is a (default 0: b)
//              -D COUNT=n      vectors, the exact m (or n with BIG_A) (default 1)
//              -D RESULTS=n    rows of W at a time, dot (default 4)
//              -D CHUNK=n      vectors of results a work-item owns, axpy (default 4)
// Source       the two loop orders of the level-2 BLAS (Dongarra et al., ACM TOMS 14(1), 1988).

#include "matmul/cpu/lanes.h"

#ifndef BIG_A
#define BIG_A 0
#endif
#ifndef COUNT
#define COUNT 1
#endif
#ifndef RESULTS
#define RESULTS 4
#endif
#ifndef CHUNK
#define CHUNK 4
#endif

// What a work-item works on: W and x of its batch from its steps of k on, and out.
typedef struct {
  global const element* w;
  global const element* x;
  global out_element* out;
  size_t w_stride;        // from row to row as stored
  size_t x_step, x_next;  // from one step of k to the next, and from vector to vector
  uint results, k;
#if EPILOGUE
  const Problem* problem;
  global const out_element* bias;
  global const out_element* residual;
  size_t batch;
#else
  size_t out_stride;
#endif
} Work;

#if EPILOGUE
#define EPILOGUE_ARGUMENTS , bias, residual
#else
#define EPILOGUE_ARGUMENTS
#endif

static Work select_work(global const element* a, global const element* b, global out_element* out,
                        const Problem* problem EPILOGUE_PARAMETERS()) {
  const size_t batch = get_global_id(1) / problem->parts, part = get_global_id(1) % problem->parts;
  const size_t begin = part * problem->part_steps;
  a += problem->a_offset + batch * problem->a_batch_stride +
       (TRANSPOSE_A ? begin * problem->a_stride : begin);
  b += problem->b_offset + batch * problem->b_batch_stride +
       (TRANSPOSE_B ? begin : begin * problem->b_stride);
  Work work;
  work.w = BIG_A ? a : b;
  work.x = BIG_A ? b : a;
  work.out = out + problem->out_offset + batch * problem->out_batch_stride;
  work.w_stride = BIG_A ? problem->a_stride : problem->b_stride;
  const size_t x_stride = BIG_A ? problem->b_stride : problem->a_stride;
  const bool x_along_k = BIG_A ? TRANSPOSE_B : !TRANSPOSE_A;
  work.x_step = x_along_k ? 1 : x_stride;
  work.x_next = x_along_k ? x_stride : 1;
  work.results = BIG_A ? problem->m : problem->n;
  work.k = min(problem->part_steps, problem->k - (uint)begin);
#if EPILOGUE
  work.problem = problem;
  work.bias = bias;
  work.residual = residual;
  work.batch = batch;
#else
  work.out += part * problem->part_stride;
  work.out_stride = problem->out_stride;
#endif
  return work;
}

static void put(sum x, const Work* work, uint result, uint vector) {
  const uint i = BIG_A ? result : vector, j = BIG_A ? vector : result;
#if EPILOGUE
  global out_element* at = work->out + (size_t)i * work->problem->out_stride + j;
  x = finish(x, work->problem, work->bias, work->residual, work->batch, i, j, at);
#else
  global out_element* at = work->out + (size_t)i * work->out_stride + j;
#endif
  write_out(x, at);
}

static sum sum_of_lanes(vec v) {
#if IN == I8 && I8_AS_FLOAT
  int total = 0;
  float lanes[WIDTH];
  STORE(v, 0, lanes);
#pragma unroll
  for (int l = 0; l < WIDTH; ++l) total += (int)lanes[l];
  return total;
#else
  return (sum)sum_lanes(v);
#endif
}

// WIDTH factors of vector q from step p of k on.
static vec load_x(const Work* work, uint q, uint p) {
  global const element* from = work->x + q * work->x_next + p * work->x_step;
  if (work->x_step == 1) return FACTORS(from);
  factor lanes[WIDTH];
#pragma unroll
  for (int l = 0; l < WIDTH; ++l) lanes[l] = load1(from + l * work->x_step);
  return LOAD(0, lanes);
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void matmul_gemv_dot(
    global const element* a, global const element* b, global out_element* out,
    const Problem problem EPILOGUE_PARAMETERS()) {
  const Work work = select_work(a, b, out, &problem EPILOGUE_ARGUMENTS);
  const uint begin = get_global_id(0) * problem.results_per_item;
  const uint end = min(begin + problem.results_per_item, work.results);

  for (uint i = begin; i < end; i += RESULTS) {
    global const element* row[RESULTS];
    vec sums[RESULTS][COUNT];
#pragma unroll
    for (int r = 0; r < RESULTS; ++r) {
      row[r] = work.w + (size_t)min(i + r, end - 1) * work.w_stride;
#pragma unroll
      for (int q = 0; q < COUNT; ++q) sums[r][q] = (vec)((factor)0);
    }
    uint p = 0;
    for (; p + WIDTH <= work.k; p += WIDTH) {
      vec block[RESULTS];
#pragma unroll
      for (int r = 0; r < RESULTS; ++r) block[r] = FACTORS(row[r] + p);
#pragma unroll
      for (int q = 0; q < COUNT; ++q) {
        const vec y = load_x(&work, q, p);
#pragma unroll
        for (int r = 0; r < RESULTS; ++r) sums[r][q] = MULTIPLY_ADD(block[r], y, sums[r][q]);
      }
    }
#pragma unroll
    for (int r = 0; r < RESULTS; ++r) {
#pragma unroll
      for (int q = 0; q < COUNT; ++q) {
        sum total = sum_of_lanes(sums[r][q]);
        for (uint t = p; t < work.k; ++t)
          total += (sum)(load1(row[r] + t) * load1(work.x + q * work.x_next + t * work.x_step));
        if (i + r < end) put(total, &work, i + r, q);
      }
    }
  }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void matmul_gemv_axpy(
    global const element* a, global const element* b, global out_element* out,
    const Problem problem EPILOGUE_PARAMETERS()) {
  const Work work = select_work(a, b, out, &problem EPILOGUE_ARGUMENTS);
  const uint begin = get_global_id(0) * (CHUNK * WIDTH);
  const uint left = min(work.results - begin, (uint)(CHUNK * WIDTH));
  factor lanes[COUNT][CHUNK * WIDTH];

  if (left == CHUNK * WIDTH) {
    vec sums[COUNT][CHUNK];
#pragma unroll
    for (int q = 0; q < COUNT; ++q)
#pragma unroll
      for (int c = 0; c < CHUNK; ++c) sums[q][c] = (vec)((factor)0);
    for (uint p = 0; p < work.k; ++p) {
      global const element* stretch = work.w + p * work.w_stride + begin;
      vec block[CHUNK];
#pragma unroll
      for (int c = 0; c < CHUNK; ++c) block[c] = FACTORS(stretch + c * WIDTH);
#pragma unroll
      for (int q = 0; q < COUNT; ++q) {
        const vec y = (vec)(load1(work.x + p * work.x_step + q * work.x_next));
#pragma unroll
        for (int c = 0; c < CHUNK; ++c) sums[q][c] = MULTIPLY_ADD(block[c], y, sums[q][c]);
      }
    }
#pragma unroll
    for (int q = 0; q < COUNT; ++q)
#pragma unroll
      for (int c = 0; c < CHUNK; ++c) STORE(sums[q][c], c, lanes[q]);
  } else {
    // The last stretch is narrower: the same loops over single lanes.
    for (int q = 0; q < COUNT; ++q)
      for (uint r = 0; r < left; ++r) lanes[q][r] = (factor)0;
    for (uint p = 0; p < work.k; ++p)
      for (int q = 0; q < COUNT; ++q) {
        const factor y = load1(work.x + p * work.x_step + q * work.x_next);
        for (uint r = 0; r < left; ++r)
          lanes[q][r] = MULTIPLY_ADD(load1(work.w + p * work.w_stride + begin + r), y, lanes[q][r]);
      }
  }
  for (int q = 0; q < COUNT; ++q)
    for (uint r = 0; r < left; ++r) put((sum)lanes[q][r], &work, begin + r, q);
}
