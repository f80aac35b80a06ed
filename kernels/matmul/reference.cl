// SPDX-License-Identifier: Apache-2.0
// Matrix product for every device: slow and trusted, what the other kernels are judged by.
//
// Maths        as problem.h tells; the products of float32 and narrower are added up in double
//              where the device has it, else in float with the rounding errors added up beside
//              them.
// Source       Ogita, Rump & Oishi, "Accurate sum and dot product" (Dot2), SIAM J. Sci. Comput.
//              26(6), 2005.
// Index map    global id 0 = column, 1 = row, 2 = batch.
// Options      those of problem.h
#include "matmul/problem.h"

#if defined(cl_khr_fp64) && IN != I8
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define WIDE double
#elif IN == I8
#define WIDE int
#endif
// A compiler that fuses these would take the errors away.
#pragma OPENCL FP_CONTRACT OFF

static sum dot_product(global const element* x, size_t x_step, global const element* y,
                       size_t y_step, uint k) {
#ifdef WIDE
  WIDE total = (WIDE)0;
  for (uint p = 0; p < k; ++p) total += (WIDE)load1(x + p * x_step) * (WIDE)load1(y + p * y_step);
  return (sum)total;
#else
  float total = 0.0f;
  float error = 0.0f;
  for (uint p = 0; p < k; ++p) {
    const float u = load1(x + p * x_step), v = load1(y + p * y_step);
    const float product = u * v;
    const float product_error = fma(u, v, -product);
    const float next = total + product;
    const float part = next - total;
    const float sum_error = (total - (next - part)) + (product - part);
    total = next;
    error += product_error + sum_error;
  }
  // An infinite or NaN sum has a meaningless error term.
  return isfinite(total) ? total + error : total;
#endif
}

kernel void matmul_reference(global const element* a, global const element* b,
                             global out_element* out, const Problem problem EPILOGUE_PARAMETERS()) {
  const uint j = get_global_id(0);
  const uint i = get_global_id(1);
  const size_t batch = get_global_id(2);
  if (i >= problem.m || j >= problem.n) return;

  const size_t a_stride = problem.a_stride, b_stride = problem.b_stride;
  a += problem.a_offset + batch * problem.a_batch_stride;
  b += problem.b_offset + batch * problem.b_batch_stride;
  const sum product =
      dot_product(a + (TRANSPOSE_A ? i : i * a_stride), TRANSPOSE_A ? a_stride : 1,
                  b + (TRANSPOSE_B ? j * b_stride : j), TRANSPOSE_B ? 1 : b_stride, problem.k);
  global out_element* at = out + problem.out_offset + batch * problem.out_batch_stride +
                           (size_t)i * problem.out_stride + j;
#if EPILOGUE
  write_out(finish(product, &problem, bias, residual, batch, i, j, at), at);
#else
  write_out(product, at);
#endif
}
