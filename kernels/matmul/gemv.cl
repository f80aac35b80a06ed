// SPDX-License-Identifier: Apache-2.0
// Matrix times one or a few vectors: the big operand is read once, where it lies.
//
// Maths        out[b, i, j] = sum over p of op(a)[b, i, p] * op(b)[b, p, j], float32, for m <=
//              COUNT or n <= COUNT.
// Method       The big operand W has a row or column per result; the small one holds COUNT vectors
//              x.
//              matmul_gemv_dot:  W is contiguous along k. RESULTS rows of W at a time are
//                multiplied with the vectors, lane by lane; the lanes are summed at the end. x is
//                contiguous along k too.
//              matmul_gemv_axpy: W is contiguous along the results. A work-item owns CHUNK * WIDTH
//                of them and adds x[p] times a stretch of W's row p, for every p. x may lie either
//                way.
//              Each element of W is used COUNT times, from a register: the time is that of reading
//              W.
// Operands     row-major and contiguous. a is [batch, m, k], or [batch, k, m] with TRANSPOSE_A; b
//              is [batch, k, n], or [batch, n, k] with TRANSPOSE_B; out is [batch, m, n]. Offsets
//              count elements. BIG_A = 0 makes W = b and COUNT = m; BIG_A = 1 makes W = a and COUNT
//              = n. W contiguous along k means TRANSPOSE_B = 1 or TRANSPOSE_A = 0; x is contiguous
//              along k with TRANSPOSE_A = 0 or TRANSPOSE_B = 1, or if COUNT = 1.
// Index map    global id 0 = block of results: dot results_per_item (a multiple of RESULTS), axpy
//              CHUNK * WIDTH; global id 1 = batch.
// Work-group   one work-item: (1, 1). No local memory.
// Options      -D TRANSPOSE_A=0|1, -D TRANSPOSE_B=0|1  the operand is stored transposed (default 0)
//              -D BIG_A=0|1    the big operand is a (default 0: b)
//              -D COUNT=n      vectors, the exact m (or n with BIG_A) (default 1)
//              -D WIDTH=4|8|16 floats in a native vector (default 16:
//                              CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT)
//              -D RESULTS=n    rows of W at a time, dot (default 4)
//              -D CHUNK=n      vectors of results a work-item owns, axpy (default 4)
// Source       the two loop orders of the level-2 BLAS (Dongarra et al., ACM TOMS 14(1), 1988).

#include "matmul/problem.h"

#ifndef TRANSPOSE_A
#define TRANSPOSE_A 0
#endif
#ifndef TRANSPOSE_B
#define TRANSPOSE_B 0
#endif
#ifndef BIG_A
#define BIG_A 0
#endif
#ifndef COUNT
#define COUNT 1
#endif
#ifndef WIDTH
#define WIDTH 16
#endif
#ifndef RESULTS
#define RESULTS 4
#endif
#ifndef CHUNK
#define CHUNK 4
#endif

typedef JOIN(float, WIDTH) vec;
#define LOAD JOIN(vload, WIDTH)
#define STORE JOIN(vstore, WIDTH)

// Operands of one batch as W, x and out[result * result_step + vector * vector_step].
#if BIG_A
#define SELECT_OPERANDS                                                          \
  global const float* w = a + problem.a_offset + batch * problem.a_batch_stride; \
  global const float* x = b + problem.b_offset + batch * problem.b_batch_stride; \
  const uint results = m;                                                        \
  const size_t w_stride = problem.a_stride;                                      \
  const size_t x_step = TRANSPOSE_B ? 1 : problem.b_stride,                      \
               x_next = TRANSPOSE_B ? problem.b_stride : 1;                      \
  const size_t result_step = problem.out_stride, vector_step = 1
#else
#define SELECT_OPERANDS                                                          \
  global const float* w = b + problem.b_offset + batch * problem.b_batch_stride; \
  global const float* x = a + problem.a_offset + batch * problem.a_batch_stride; \
  const uint results = n;                                                        \
  const size_t w_stride = problem.b_stride;                                      \
  const size_t x_step = TRANSPOSE_A ? problem.a_stride : 1,                      \
               x_next = TRANSPOSE_A ? 1 : problem.a_stride;                      \
  const size_t result_step = 1, vector_step = problem.out_stride
#endif

static float sum_lanes(vec v) {
#if WIDTH == 16
  const float8 e = v.lo + v.hi;
#elif WIDTH == 8
  const float8 e = v;
#endif
#if WIDTH >= 8
  const float4 q = e.lo + e.hi;
#else
  const float4 q = v;
#endif
  const float2 d = q.lo + q.hi;
  return d.x + d.y;
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void matmul_gemv_dot(global const float* a,
                                                                           global const float* b,
                                                                           global float* out,
                                                                           const Problem problem) {
  const uint m = problem.m, n = problem.n, k = problem.k;
  const size_t batch = get_global_id(1);
  SELECT_OPERANDS;
  out += problem.out_offset + batch * problem.out_batch_stride;
  const uint results_per_item = problem.share[0];
  const uint begin = get_global_id(0) * results_per_item;
  const uint end = min(begin + results_per_item, results);

  for (uint i = begin; i < end; i += RESULTS) {
    global const float* row[RESULTS];
    vec sum[RESULTS][COUNT];
#pragma unroll
    for (int r = 0; r < RESULTS; ++r) {
      row[r] = w + (size_t)min(i + r, end - 1) * w_stride;
#pragma unroll
      for (int q = 0; q < COUNT; ++q) sum[r][q] = (vec)(0.0f);
    }
    uint p = 0;
    for (; p + WIDTH <= k; p += WIDTH) {
#pragma unroll
      for (int q = 0; q < COUNT; ++q) {
        const vec y = LOAD(0, x + q * x_next + p);
#pragma unroll
        for (int r = 0; r < RESULTS; ++r) sum[r][q] = fma(LOAD(0, row[r] + p), y, sum[r][q]);
      }
    }
#pragma unroll
    for (int r = 0; r < RESULTS; ++r) {
#pragma unroll
      for (int q = 0; q < COUNT; ++q) {
        float total = sum_lanes(sum[r][q]);
        for (uint t = p; t < k; ++t) total = fma(row[r][t], x[q * x_next + t], total);
        if (i + r < end) out[(i + r) * result_step + q * vector_step] = total;
      }
    }
  }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void matmul_gemv_axpy(global const float* a,
                                                                            global const float* b,
                                                                            global float* out,
                                                                            const Problem problem) {
  const uint m = problem.m, n = problem.n, k = problem.k;
  const size_t batch = get_global_id(1);
  SELECT_OPERANDS;
  out += problem.out_offset + batch * problem.out_batch_stride;
  const uint begin = get_global_id(0) * (CHUNK * WIDTH);

  if (begin + CHUNK * WIDTH <= results) {
    vec sum[COUNT][CHUNK];
#pragma unroll
    for (int q = 0; q < COUNT; ++q)
#pragma unroll
      for (int c = 0; c < CHUNK; ++c) sum[q][c] = (vec)(0.0f);
    for (uint p = 0; p < k; ++p) {
      global const float* stretch = w + (size_t)p * w_stride + begin;
#pragma unroll
      for (int q = 0; q < COUNT; ++q) {
        const vec y = (vec)(x[p * x_step + q * x_next]);
#pragma unroll
        for (int c = 0; c < CHUNK; ++c) sum[q][c] = fma(LOAD(c, stretch), y, sum[q][c]);
      }
    }
#pragma unroll
    for (int q = 0; q < COUNT; ++q) {
      float lanes[CHUNK * WIDTH];
#pragma unroll
      for (int c = 0; c < CHUNK; ++c) STORE(sum[q][c], c, lanes);
      for (uint r = 0; r < CHUNK * WIDTH; ++r)
        out[(begin + r) * result_step + q * vector_step] = lanes[r];
    }
  } else {
    // The last stretch is narrower: the same loops over single lanes.
    float lanes[COUNT][CHUNK * WIDTH];
    const uint left = results - begin;
    for (int q = 0; q < COUNT; ++q)
      for (uint r = 0; r < left; ++r) lanes[q][r] = 0.0f;
    for (uint p = 0; p < k; ++p)
      for (int q = 0; q < COUNT; ++q)
        for (uint r = 0; r < left; ++r)
          lanes[q][r] =
              fma(w[(size_t)p * w_stride + begin + r], x[p * x_step + q * x_next], lanes[q][r]);
    for (int q = 0; q < COUNT; ++q)
      for (uint r = 0; r < left; ++r)
        out[(begin + r) * result_step + q * vector_step] = lanes[q][r];
  }
}
