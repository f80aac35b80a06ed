// SPDX-License-Identifier: Apache-2.0
// What the element-wise kernels share: what they are compiled for, and how they read and write.
//
// Operands     x, with OPERANDS = 2 also y, and out, of one shape. The host drops dimensions of
//              size 1, orders the others by the strides of out and merges those that all operands
//              step through as through one. What is left are rows along the innermost dimension.
//              Kernels compute W elements at a time; the last ones of a row go through a private
//              array, so that each function exists for vectors only.
// Options      -D OPERANDS=1|2
//              -D IN=type, -D OUT=type  types of common/element.h (default F32)
//              -D T=float      the type that APPLY takes and returns, for elements (default float)
//              -D W=4|8|16     elements at a time (default 16)
//              -D STEP_OUT=s, -D STEP_X=s, -D STEP_Y=s  how it moves along a row: CONTIGUOUS (the
//                              default), by no step (SCALAR, not out), by any stride (STRIDED), or,
//                              in tiles.cl, by any stride and contiguous from row to row (TURNED,
//                              not out)
//              -D APPLY=apply_name  name of a line of ops/operations.def, or apply_copy
//              -D OPERATIONS   defines those lines' functions, which float takes
//              -D KERNEL=name  what the kernel is called
#include "common/activation.h"
#include "common/element.h"

#ifndef IN
#define IN F32
#endif
#ifndef OUT
#define OUT F32
#endif
#ifndef T
#define T float
#endif
#ifndef W
#define W 16
#endif
#define CONTIGUOUS 0
#define SCALAR 1
#define STRIDED 2
#define TURNED 3
#ifndef STEP_OUT
#define STEP_OUT CONTIGUOUS
#endif
#ifndef STEP_X
#define STEP_X CONTIGUOUS
#endif
#ifndef STEP_Y
#define STEP_Y CONTIGUOUS
#endif

typedef STORED(IN) in_element;
typedef STORED(OUT) out_element;
typedef JOIN(T, W) vector;

static vector apply_copy(vector x) { return x; }
#ifdef OPERATIONS
DEFINE_ACTIVATIONS(, vector, T)
#define AS_INTEGER(x) JOIN(as_int, W)(x)
#define AS_FLOAT(x) JOIN(as_float, W)(x)
#define DOVETAIL_UNARY(name, value) \
  static vector apply_##name(vector x) { return value; }
#define DOVETAIL_BINARY(name, value) \
  static vector apply_##name(vector x, vector y) { return value; }
#include "dovetail/ops/operations.def"
#endif

// Where the operands lie, as the host describes it (lib/ops/pointwise/plan.hpp); strides and
// offsets count elements. Dimension 0 is the row, the others follow from the inner to the outer.
#define MOST_DIMENSIONS 8
typedef struct {
  long offset;
  long stride[MOST_DIMENSIONS];
} Place;
typedef struct {
  ulong size[MOST_DIMENSIONS];
  ulong rows, piece, group;
  uint dimensions, unused;
  Place out, x, y;
} Rows;

// The first `count` elements from `from` on, at most W.
static vector read_some(global const in_element* from, long stride, uint count) {
  T values[W];
  for (uint i = 0; i < count; ++i) values[i] = READ(IN, T, from + i * stride);
  for (uint i = count; i < W; ++i) values[i] = (T)0;
  return JOIN(vload, W)(0, values);
}

static vector read_strided(global const in_element* from, long stride) {
  T values[W];
#pragma unroll
  for (uint i = 0; i < W; ++i) values[i] = READ(IN, T, from + i * stride);
  return JOIN(vload, W)(0, values);
}

static void write_some(vector value, global out_element* to, long stride, uint count) {
  T values[W];
  JOIN(vstore, W)(value, 0, values);
  for (uint i = 0; i < count; ++i) WRITE(OUT, values[i], to + i * stride);
}

#define READ_STEP(step, from, stride, scalar)                   \
  ((step) == CONTIGUOUS ? (vector)(READ_VECTOR(IN, T, W, from)) \
   : (step) == SCALAR   ? (scalar)                              \
                        : read_strided(from, stride))
#if OPERANDS == 1
#define APPLIED(x, y) APPLY(x)
#else
#define APPLIED(x, y) APPLY(x, y)
#endif
