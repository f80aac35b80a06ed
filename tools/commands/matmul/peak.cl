// SPDX-License-Identifier: Apache-2.0
// What the device can do at most: multiply-adds in registers, and passes over memory.
//
// REAL is float or double, WIDTH the length of its vectors (1, 4, 8 or 16), CHAINS how many of them
// an item keeps busy. IN_PIECES: an item goes over one piece of memory rather than over every
// global-size-th vector, as suits a CPU.
#ifdef cl_khr_fp64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

#define JOIN(a, b) a##b
#define VECTOR_OF(real, width) JOIN(real, width)
#define LOAD_OF(width) JOIN(vload, width)
#define STORE_OF(width) JOIN(vstore, width)
#if WIDTH == 1
typedef REAL Vector;
#define LOAD(i, from) (from)[i]
#define STORE(value, i, to) (to)[i] = (value)
#else
typedef VECTOR_OF(REAL, WIDTH) Vector;
#define LOAD LOAD_OF(WIDTH)
#define STORE STORE_OF(WIDTH)
#endif

constant REAL lanes[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// Each chain takes x to up x + up_shift and on to down (up x + up_shift) + down_shift, `rounds`
// times. The chains are independent, so that the latency of one is hidden by the others.
kernel void multiply_adds(global REAL* restrict out, const REAL up, const REAL up_shift,
                          const REAL down, const REAL down_shift, const uint rounds) {
  const size_t item = get_global_id(0);
  Vector x[CHAINS];
#pragma unroll
  for (uint c = 0; c < CHAINS; ++c) {
    x[c] = LOAD(0, lanes) / (REAL)64 + (REAL)((item + c) % 32) / (REAL)32;
  }
  for (uint round = 0; round < rounds; ++round) {
#pragma unroll
    for (uint c = 0; c < CHAINS; ++c) x[c] = fma(x[c], (Vector)up, (Vector)up_shift);
#pragma unroll
    for (uint c = 0; c < CHAINS; ++c) x[c] = fma(x[c], (Vector)down, (Vector)down_shift);
  }
  Vector sum = x[0];
#pragma unroll
  for (uint c = 1; c < CHAINS; ++c) sum += x[c];
  STORE(sum, item, out);
}

#if IN_PIECES
#define FIRST (get_global_id(0) * (count / get_global_size(0)))
#define LAST (FIRST + count / get_global_size(0))
#define STEP 1
#else
#define FIRST get_global_id(0)
#define LAST count
#define STEP get_global_size(0)
#endif

// out = a + y b. `count` vectors, a multiple of four times the number of items.
kernel void triad(global const REAL* restrict a, global const REAL* restrict b,
                  global REAL* restrict out, const REAL y, const ulong count) {
  const size_t last = LAST, step = STEP;
  for (size_t i = FIRST; i < last; i += step) {
    STORE(LOAD(i, a) + y * LOAD(i, b), i, out);
  }
}

// The sum of what each item reads.
kernel void read(global const REAL* restrict a, global REAL* restrict out, const ulong count) {
  Vector sum[4] = {0, 0, 0, 0};
  const size_t last = LAST, step = STEP;
  for (size_t i = FIRST; i < last; i += 4 * step) {
#pragma unroll
    for (uint part = 0; part < 4; ++part) sum[part] += LOAD(i + part * step, a);
  }
  STORE(sum[0] + sum[1] + (sum[2] + sum[3]), get_global_id(0), out);
}
