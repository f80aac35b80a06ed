// SPDX-License-Identifier: Apache-2.0
// Element-wise operations on tensors of any strides, row by row: out[...] = APPLY(x[...], y[...]).
//
// Index map    global id 0 = piece of a row, of `piece` elements; 1 = group of `group` rows. An
//              operand's row begins at its offset plus the sum of index times stride over the outer
//              dimensions, which are counted as an odometer, innermost first.
// Aliases      out may be an operand itself: an item reads what it writes, before it does.
// Work-group   any. No local memory.
// Options      those of pointwise.h
#include "pointwise/pointwise.h"

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
