// SPDX-License-Identifier: Apache-2.0
// What all matmul kernels share: the element types, the description of a product, its epilogue.
//
// Maths        out = activation(alpha * op(a) op(b) + beta * out + bias + residual), for each
// matrix
//              of a batch. Where EPILOGUE is 0: out = op(a) op(b).
// Arguments    of every kernel: a, b, out, a Problem; with EPILOGUE also bias and residual, both of
//              out's type and null where absent.
// Options      -D TRANSPOSE_A=0|1, -D TRANSPOSE_B=0|1  the operand is stored transposed (default 0)
//              -D IN=F32|F64|F16|BF16|I8       elements of a and b (default F32)
//              -D OUT=F32|F64|F16|BF16|I32     elements of out, bias and residual (default F32)
//              -D EPILOGUE=0|1                 (default 0)
//              -D I8_AS_FLOAT=0|1              multiply int8 as float: exact for up to 1024
//              products
//                                              added up, after which the sum must be converted
//                                              (default 0)
// Types        element, out_element: as stored. factor: as multiplied and added up. sum: what the
//              epilogue computes in; int products are added up as int.

#define F32 0
#define F64 1
#define F16 2
#define BF16 3
#define I8 4
#define I32 5

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

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

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

#if IN == F32
typedef float element;
#elif IN == F64
typedef double element;
#elif IN == F16
typedef half element;
#elif IN == BF16
typedef ushort element;
#else
typedef char element;
#endif

#if OUT == F32
typedef float out_element;
#elif OUT == F64
typedef double out_element;
#elif OUT == F16
typedef half out_element;
#elif OUT == BF16
typedef ushort out_element;
#else
typedef int out_element;
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

// A product, as the host describes it (lib/ops/matmul_arguments.hpp). Offsets and strides count
// elements; `share` is how the launch shares out the work, told by each kernel.
typedef struct {
  ulong a_offset, b_offset, out_offset, bias_offset, residual_offset;
  ulong a_batch_stride, b_batch_stride, out_batch_stride, residual_batch_stride;
  uint m, n, k;
  uint a_stride, b_stride, out_stride, residual_stride;  // from row to row as stored
  uint flags, activation;
  uint share[3];
  SUM alpha, beta;
} Problem;

// Reads of 1, 4, 8 or 16 neighbouring elements of an operand.
#if IN == BF16
#define FACTORS_(n)                                                           \
  static JOIN(float, n) load##n(global const element* from) {                 \
    return JOIN(as_float, n)(JOIN(convert_uint, n)(vload##n(0, from)) << 16); \
  }
static float load1(global const element* from) { return as_float((uint)*from << 16); }
#elif IN == F16
#define FACTORS_(n) \
  static JOIN(float, n) load##n(global const element* from) { return vload_half##n(0, from); }
static float load1(global const element* from) { return vload_half(0, from); }
#else
#define FACTORS_(n)                                            \
  static JOIN(FACTOR, n) load##n(global const element* from) { \
    return JOIN(JOIN(convert_, FACTOR), n)(vload##n(0, from)); \
  }
static factor load1(global const element* from) { return (factor)*from; }
#endif
FACTORS_(4)
FACTORS_(8)
FACTORS_(16)

static sum read_out(global const out_element* from) {
#if OUT == F16
  return (sum)vload_half(0, from);
#elif OUT == BF16
  return (sum)as_float((uint)*from << 16);
#else
  return (sum)*from;
#endif
}

// Rounds to nearest even.
static void write_out(sum value, global out_element* to) {
#if OUT == F16
  vstore_half_rte((float)value, 0, to);
#elif OUT == BF16
  const uint bits = as_uint((float)value);
  const uint rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  *to = (ushort)(isnan((float)value) ? (bits >> 16) | 0x40u : rounded);
#else
  *to = (out_element)value;
#endif
}

#if EPILOGUE
// Defines `name` for T, sums or vectors of them. Far below 0, where 1 + erf(x) and 1 + tanh(x)
// cancel, the smooth activations are written without; there they tend to 0, where 0 times infinity
// is NaN.
#if IN == I8
#define DEFINE_ACTIVATE(name, T) \
  static T name(T x, uint activation) { return activation == RELU ? max(x, (T)((sum)0)) : x; }
#else
#define DEFINE_ACTIVATE(name, T)                                                                \
  static T name(T x, uint activation) {                                                         \
    T y;                                                                                        \
    switch (activation) {                                                                       \
      case RELU:                                                                                \
        return x < (T)((sum)0) ? (T)((sum)0) : x; /* keeps NaN */                               \
      case GELU:                                                                                \
        y = (sum)0.5 * x * erfc(x * (sum)-0.70710678118654752440);                              \
        break;                                                                                  \
      case GELU_TANH: /* (1 + tanh(z)) / 2 = 1 / (1 + exp(-2 z)) */                             \
        y = x / ((sum)1 + exp((sum)-1.59576912160573071176 * (x + (sum)0.044715 * x * x * x))); \
        break;                                                                                  \
      case SILU:                                                                                \
        y = x / ((sum)1 + exp(-x));                                                             \
        break;                                                                                  \
      default:                                                                                  \
        return x;                                                                               \
    }                                                                                           \
    return x == (T)(-(sum)INFINITY) ? (T)((sum)0) : y;                                          \
  }
#endif
DEFINE_ACTIVATE(activate, sum)

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
#endif
