// SPDX-License-Identifier: Apache-2.0
// Element-wise operations on tensors of any strides: out[...] = APPLY(x[...]) or APPLY(x[...],
// y[...]).
//
// Method       The host drops dimensions of size 1, orders the others by the strides of out and
//              merges those that all operands step through as through one. What is left are rows
//              along the innermost dimension. A work-item computes a piece of some rows, W elements
//              at a time; the last ones of a piece go through a private array, so that each
//              function exists for vectors only.
// Index map    global id 0 = piece of a row, of `piece` elements; 1 = group of `group` rows. An
//              operand's row begins at its offset plus the sum of index times stride over the outer
//              dimensions, which are counted as an odometer, innermost first.
// Aliases      out may be an operand itself: an item reads what it writes, before it does.
// Work-group   any. No local memory.
// Options      -D OPERANDS=1|2
//              -D IN=type, -D OUT=type  types of common/element.h (default F32)
//              -D T=float      the type that APPLY takes and returns, for elements (default float)
//              -D W=4|8|16     elements at a time (default 16)
//              -D STEP_OUT=s, -D STEP_X=s, -D STEP_Y=s  how it moves along a row: CONTIGUOUS (the
//                              default), by no step (SCALAR, not out), or by any stride (STRIDED)
//              -D APPLY=apply_name  name of a line of ops/operations.def, or apply_copy
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

kernel void KERNEL(global const in_element* x,
#if OPERANDS == 2
                   global const in_element* y,
#endif
                   global out_element* out, const Rows rows) {
#if OPERANDS == 1
  global const in_element* y = x;
#endif
  const ulong begin = get_global_id(0) * rows.piece;
  const ulong end = min(begin + rows.piece, rows.size[0]);
  const ulong first = get_global_id(1) * rows.group;
  const ulong last = min(first + rows.group, rows.rows);
  if (begin >= end || first >= last) return;

  const long out_step = STEP_OUT == CONTIGUOUS ? 1 : rows.out.stride[0];
  const long x_step = STEP_X == CONTIGUOUS ? 1 : STEP_X == SCALAR ? 0 : rows.x.stride[0];
  const long y_step = STEP_Y == CONTIGUOUS ? 1 : STEP_Y == SCALAR ? 0 : rows.y.stride[0];
  ulong index[MOST_DIMENSIONS];
  out += rows.out.offset + (long)begin * out_step;
  x += rows.x.offset + (long)begin * x_step;
  y += OPERANDS == 2 ? rows.y.offset + (long)begin * y_step : 0;
  ulong left = first;
  for (uint d = 1; d < rows.dimensions; ++d) {
    index[d] = left % rows.size[d];
    left /= rows.size[d];
    out += (long)index[d] * rows.out.stride[d];
    x += (long)index[d] * rows.x.stride[d];
    if (OPERANDS == 2) y += (long)index[d] * rows.y.stride[d];
  }

  const ulong count = end - begin;
  for (ulong row = first;;) {
    const vector x_scalar = (vector)(STEP_X == SCALAR ? READ(IN, T, x) : (T)0);
    const vector y_scalar = (vector)(STEP_Y == SCALAR ? READ(IN, T, y) : (T)0);
    ulong i = 0;
    for (; i + W <= count; i += W) {
      const vector value = APPLIED(READ_STEP(STEP_X, x + (long)i * x_step, x_step, x_scalar),
                                   READ_STEP(STEP_Y, y + (long)i * y_step, y_step, y_scalar));
      if (STEP_OUT == CONTIGUOUS) {
        WRITE_VECTOR(OUT, W, value, out + i);
      } else {
        write_some(value, out + (long)i * out_step, out_step, W);
      }
    }
    if (i < count) {
      const uint some = (uint)(count - i);
      write_some(APPLIED(read_some(x + (long)i * x_step, x_step, some),
                         read_some(y + (long)i * y_step, y_step, some)),
                 out + (long)i * out_step, out_step, some);
    }
    if (++row == last) return;
    for (uint d = 1; d < rows.dimensions; ++d) {
      out += rows.out.stride[d];
      x += rows.x.stride[d];
      if (OPERANDS == 2) y += rows.y.stride[d];
      if (++index[d] < rows.size[d]) break;
      out -= (long)rows.size[d] * rows.out.stride[d];
      x -= (long)rows.size[d] * rows.x.stride[d];
      if (OPERANDS == 2) y -= (long)rows.size[d] * rows.y.stride[d];
      index[d] = 0;
    }
  }
}
