// SPDX-License-Identifier: Apache-2.0
// What all matmul kernels share: the element types, the description of a product, its epilogue.
//
// Maths        out = activation(alpha * op(a) op(b) + beta * out + bias + residual), for each
//              matrix of a batch. Where EPILOGUE is 0: out = op(a) op(b).
// Arguments    of every kernel: a, b, out, a Problem; with EPILOGUE also bias and residual, both of
//              out's type and null where absent.
// Options      -D TRANSPOSE_A=0|1, -D TRANSPOSE_B=0|1  the operand is stored transposed (default 0)
//              -D IN=F32|F64|F16|BF16|I8       elements of a and b (default F32)
//              -D OUT=F32|F64|F16|BF16|I32     elements of out, bias and residual (default F32)
//              -D EPILOGUE=0|1                 (default 0)
//              -D I8_AS_FLOAT=0|1              multiply int8 as float (default 0): exact for
//                                              sums of up to 1024 products, which must then be
//                                              converted
// Types        element, out_element: as stored. factor: as multiplied and added up. sum: what the
//              epilogue computes in; int products are added up as int.

#include "common/activation.h"
#include "common/element.h"

#ifndef TRANSPOSE_A
#define TRANSPOSE_A 0
#endif
#ifndef TRANSPOSE_B
#define TRANSPOSE_B 0
#endif
#ifndef IN
#define IN F32
#endif
#ifndef OUT
#define OUT F32
#endif
#ifndef EPILOGUE
#define EPILOGUE 0
#endif
#ifndef I8_AS_FLOAT
#define I8_AS_FLOAT 0
#endif

#if IN == F64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define FACTOR double
#define SUM double
#elif IN == I8
#define SUM int
#if I8_AS_FLOAT
#define FACTOR float
#else
#define FACTOR int
#endif
#else
#define FACTOR float
#define SUM float
#endif
typedef FACTOR factor;
typedef SUM sum;

typedef STORED(IN) element;
typedef STORED(OUT) out_element;

#if IN == I8 && !I8_AS_FLOAT
#define MULTIPLY_ADD(x, y, z) ((x) * (y) + (z))
#else
#define MULTIPLY_ADD(x, y, z) fma(x, y, z)
#endif

// Flags of a Problem.
#define HAS_BIAS 1u
#define HAS_RESIDUAL 2u
#define HAS_BETA 4u  // else out is not read: it may hold NaN

// Activations.
#define RELU 1u
#define GELU 2u
#define GELU_TANH 3u
#define SILU 4u

// A product, as the host describes it (lib/ops/matmul/problem/arguments.hpp). Offsets and strides
// count elements. A kernel that shares out k makes parts: `out` then receives sums over part_steps
// steps each, one array [batch, m, n] after the other, and the epilogue follows (epilogue.cl).
typedef struct {
  ulong a_offset, b_offset, out_offset, bias_offset, residual_offset;
  ulong a_batch_stride, b_batch_stride, out_batch_stride, residual_batch_stride;
  uint m, n, k;
  uint a_stride, b_stride, out_stride, residual_stride;  // from row to row as stored
  uint flags, activation;
  uint results_per_item;  // gemv.cl
  uint parts, part_steps;
  ulong part_stride;  // from part to part
  SUM alpha, beta;
} Problem;

// Reads of 1, 4, 8 or 16 neighbouring elements of an operand.
#define DEFINE_LOAD(n)                                         \
  static JOIN(FACTOR, n) load##n(global const element* from) { \
    return READ_VECTOR(IN, FACTOR, n, from);                   \
  }
static factor load1(global const element* from) { return READ(IN, FACTOR, from); }
DEFINE_LOAD(4)
DEFINE_LOAD(8)
DEFINE_LOAD(16)

static sum read_out(global const out_element* from) { return (sum)READ(OUT, SUM, from); }
static void write_out(sum value, global out_element* to) { WRITE(OUT, value, to); }

#if EPILOGUE
#define EPILOGUE_PARAMETERS(qualifier) \
  , global const out_element *qualifier bias, global const out_element *qualifier residual

// Defines activate and the activations, with `suffix`, for T, sums or vectors of them.
#if IN == I8
#define DEFINE_ACTIVATE(suffix, T)                        \
  static T JOIN(activate, suffix)(T x, uint activation) { \
    return activation == RELU ? max(x, (T)((sum)0)) : x;  \
  }
#else
#define DEFINE_ACTIVATE(suffix, T)                        \
  DEFINE_ACTIVATIONS(suffix, T, sum)                      \
  static T JOIN(activate, suffix)(T x, uint activation) { \
    switch (activation) {                                 \
      case RELU:                                          \
        return JOIN(relu, suffix)(x);                     \
      case GELU:                                          \
        return JOIN(gelu, suffix)(x);                     \
      case GELU_TANH:                                     \
        return JOIN(gelu_tanh, suffix)(x);                \
      case SILU:                                          \
        return JOIN(silu, suffix)(x);                     \
      default:                                            \
        return x;                                         \
    }                                                     \
  }
#endif
DEFINE_ACTIVATE(, sum)

// Element (i, j) of matrix `batch` of out, where op(a) op(b) gave `product`; `at` is where it lies.
static sum finish(sum product, const Problem* problem, global const out_element* bias,
                  global const out_element* residual, size_t batch, uint i, uint j,
                  global const out_element* at) {
  sum x = problem->alpha * product;
  if (problem->flags & HAS_BETA) x += problem->beta * read_out(at);
  if (problem->flags & HAS_BIAS) x += read_out(bias + problem->bias_offset + j);
  if (problem->flags & HAS_RESIDUAL)
    x += read_out(residual + problem->residual_offset + batch * problem->residual_batch_stride +
                  (size_t)i * problem->residual_stride + j);
  return activate(x, problem->activation);
}
#else
#define EPILOGUE_PARAMETERS(qualifier)
#endif
