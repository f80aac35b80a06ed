// SPDX-License-Identifier: Apache-2.0
// Softmax of each row of a float32 matrix: out[r, j] = exp(a[r, j] - max_r) / sum_r.
//
// One work-group of GROUP items a row: dimension 0 runs over the items of a row, dimension 1 over the
// rows. Each item goes over every GROUP-th column: once for the maximum, once for the exponentials,
// which it stores and sums, once to divide. Partial results meet in local memory by halving.
//
// Options: -DGROUP=n, work-items in a group, a power of two. Offsets and columns count elements.

float reduce_max(local float* partial, size_t item) {
  for (size_t half_size = GROUP / 2; half_size > 0; half_size /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < half_size) partial[item] = fmax(partial[item], partial[item + half_size]);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const float result = partial[0];
  barrier(CLK_LOCAL_MEM_FENCE);  // `partial` is about to be used again
  return result;
}

float reduce_sum(local float* partial, size_t item) {
  for (size_t half_size = GROUP / 2; half_size > 0; half_size /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < half_size) partial[item] += partial[item + half_size];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  return partial[0];
}

kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void softmax(global const float* a,
                                                                       ulong a_offset,
                                                                       global float* out,
                                                                       ulong out_offset,
                                                                       ulong columns) {
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
