// SPDX-License-Identifier: Apache-2.0
// Matrix product, the plain one: every other family is judged by it.
//
// Maths        out[b, i, j] = sum over p of op(a)[b, i, p] * op(b)[b, p, j], float32 in and out.
//              Products are exact in double (24 + 24 bits fit in 53) and are summed in double, then
//              rounded once. Without cl_khr_fp64 the sum is compensated: each product is split by
//              fma into value and rounding error, and a second float carries both errors (the dot
//              product of Ogita, Rump & Oishi, SIAM J. Sci. Comput. 26(6), 2005).
// Operands     row-major and contiguous. a is [batch, m, k], or [batch, k, m] with TRANSPOSE_A; b
//              is [batch, k, n], or [batch, n, k] with TRANSPOSE_B; out is [batch, m, n]. Offsets
//              count elements.
// Index map    global id (0, 1, 2) = (column j, row i, batch). The range may be rounded up.
// Work-group   any shape; no local memory.
// Options      -D TRANSPOSE_A=0|1, -D TRANSPOSE_B=0|1  the operand is stored transposed (default 0)

#ifndef TRANSPOSE_A
#define TRANSPOSE_A 0
#endif
#ifndef TRANSPOSE_B
#define TRANSPOSE_B 0
#endif

#ifdef cl_khr_fp64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#else
#pragma OPENCL FP_CONTRACT OFF
#endif

kernel void matmul_reference(global const float* a, ulong a_offset, global const float* b,
                             ulong b_offset, global float* out, ulong out_offset, uint m, uint n,
                             uint k) {
  const size_t j = get_global_id(0);
  const size_t i = get_global_id(1);
  const size_t batch = get_global_id(2);
  if (i >= m || j >= n) return;

#if TRANSPOSE_A
  global const float* x = a + a_offset + batch * m * k + i;
  const size_t x_step = m;
#else
  global const float* x = a + a_offset + (batch * m + i) * k;
  const size_t x_step = 1;
#endif
#if TRANSPOSE_B
  global const float* y = b + b_offset + (batch * n + j) * k;
  const size_t y_step = 1;
#else
  global const float* y = b + b_offset + batch * k * n + j;
  const size_t y_step = n;
#endif

#ifdef cl_khr_fp64
  double sum = 0.0;
  for (uint p = 0; p < k; ++p) sum += (double)x[p * x_step] * (double)y[p * y_step];
  const float result = (float)sum;
#else
  float sum = 0.0f;
  float error = 0.0f;
  for (uint p = 0; p < k; ++p) {
    const float product = x[p * x_step] * y[p * y_step];
    const float product_error = fma(x[p * x_step], y[p * y_step], -product);
    const float next = sum + product;
    const float part = next - sum;
    const float sum_error = (sum - (next - part)) + (product - part);
    sum = next;
    error += product_error + sum_error;
  }
  // An infinite or NaN sum has a meaningless error term.
  const float result = isfinite(sum) ? sum + error : sum;
#endif
  out[out_offset + (batch * m + i) * n + j] = result;
}
