// SPDX-License-Identifier: Apache-2.0
// Softmax of each row of a float32 matrix: out[r, j] = exp(a[r, j] - max_r) / sum_r.
//
// Two ways over a row, each in three passes: the maximum, the exponentials, which are stored and
// summed, and the division.
//
// softmax_group is for GPUs: a work-group of GROUP items a row, each item taking every GROUP-th
// column; partial results meet in local memory by halving. Dimension 0 runs over the items of a
// row, dimension 1 over the rows.
//
// softmax_row is for CPUs: one work-item a row, in vectors of 16 that the compiler fits to the
// machine's registers; one dimension, over the rows, in groups of 1.
//
// fmax drops NaN, but its exponential is NaN and makes the sum NaN, so the whole row is.
//
// Options: -DGROUP=n, work-items in a group, a power of two; with it softmax_group is built, else
// softmax_row. Offsets and columns count elements.

#ifdef GROUP

// Defines name(partial, item), which combines what all items hold; `partial` may be used again.
#define DEFINE_REDUCE(name, combine)                                                           \
  float name(local float* partial, size_t item) {                                              \
    for (size_t half_size = GROUP / 2; half_size > 0; half_size /= 2) {                        \
      barrier(CLK_LOCAL_MEM_FENCE);                                                            \
      if (item < half_size) partial[item] = combine(partial[item], partial[item + half_size]); \
    }                                                                                          \
    barrier(CLK_LOCAL_MEM_FENCE);                                                              \
    const float result = partial[0];                                                           \
    barrier(CLK_LOCAL_MEM_FENCE);                                                              \
    return result;                                                                             \
  }
#define SUM_OF(x, y) ((x) + (y))
DEFINE_REDUCE(reduce_max, fmax)
DEFINE_REDUCE(reduce_sum, SUM_OF)

kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void softmax_group(
    global const float* a, ulong a_offset, global float* out, ulong out_offset, ulong columns) {
  local float partial[GROUP];
  const size_t item = get_local_id(0);
  const size_t row = get_group_id(1);
  global const float* in_row = a + a_offset + row * columns;
  global float* out_row = out + out_offset + row * columns;

  float maximum = -INFINITY;
  for (size_t j = item; j < columns; j += GROUP) maximum = fmax(maximum, in_row[j]);
  partial[item] = maximum;
  maximum = reduce_max(partial, item);

  float sum = 0.0f;
  for (size_t j = item; j < columns; j += GROUP) {
    const float e = exp(in_row[j] - maximum);
    out_row[j] = e;
    sum += e;
  }
  partial[item] = sum;
  sum = reduce_sum(partial, item);

  for (size_t j = item; j < columns; j += GROUP) out_row[j] /= sum;
}

#else

#ifdef __clang__
// All calls are inlined: how vectors wider than the registers would be passed does not matter.
#pragma clang diagnostic ignored "-Wpsabi"
#endif

float max_of(float16 v) {
  const float8 v8 = fmax(v.lo, v.hi);
  const float4 v4 = fmax(v8.lo, v8.hi);
  const float2 v2 = fmax(v4.lo, v4.hi);
  return fmax(v2.x, v2.y);
}

float sum_of(float16 v) {
  const float8 v8 = v.lo + v.hi;
  const float4 v4 = v8.lo + v8.hi;
  const float2 v2 = v4.lo + v4.hi;
  return v2.x + v2.y;
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void softmax_row(
    global const float* a, ulong a_offset, global float* out, ulong out_offset, ulong columns) {
  const size_t row = get_global_id(0);
  global const float* in_row = a + a_offset + row * columns;
  global float* out_row = out + out_offset + row * columns;
  const ulong whole = columns / 16 * 16;

  float16 maxima = -INFINITY;
  for (ulong j = 0; j < whole; j += 16) maxima = fmax(maxima, vload16(0, in_row + j));
  float maximum = max_of(maxima);
  for (ulong j = whole; j < columns; ++j) maximum = fmax(maximum, in_row[j]);

  float16 sums = 0.0f;
  for (ulong j = 0; j < whole; j += 16) {
    const float16 e = exp(vload16(0, in_row + j) - maximum);
    vstore16(e, 0, out_row + j);
    sums += e;
  }
  float sum = sum_of(sums);
  for (ulong j = whole; j < columns; ++j) {
    const float e = exp(in_row[j] - maximum);
    out_row[j] = e;
    sum += e;
  }

  for (ulong j = 0; j < whole; j += 16) vstore16(vload16(0, out_row + j) / sum, 0, out_row + j);
  for (ulong j = whole; j < columns; ++j) out_row[j] /= sum;
}

#endif
