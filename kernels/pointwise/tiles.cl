// SPDX-License-Identifier: Apache-2.0
// Element-wise operations where an operand is contiguous across rows, as a transpose is, for CPUs.
//
// Method       Read along a row, such an operand gives one element of each cache line. So a
//              work-item takes W columns of `group` rows at a time, reads W x W elements of the
//              operand as vectors across the rows into a private array, and reads that one along
//              the rows. More rows than W at a time use more of a page of the operand while the
//              processor still translates its address.
// Index map    global id 0 = piece of a row, of `piece` elements; 1 = (the outer dimensions, group
//              of `group` rows of dimension 1).
// Aliases      out may not be such an operand itself; it may be another one.
// Work-group   one work-item. No local memory.
// Options      those of pointwise.h; out is CONTIGUOUS.
#include "pointwise/pointwise.h"

// Reads `columns` x `rows` elements, at most W x W, so that a row lies in tile[row], tile[W + row],
// and so on.
static void read_turned(T* tile, global const in_element* from, long stride, uint columns,
                        uint rows) {
  for (uint c = 0; c < columns; ++c, from += stride) {
    const vector value =
        rows == W ? (vector)(READ_VECTOR(IN, T, W, from)) : read_some(from, 1, rows);
    JOIN(vstore, W)(value, c, tile);
  }
}

static vector read_tile(const T* tile, uint row) {
  T values[W];
#pragma unroll
  for (uint c = 0; c < W; ++c) values[c] = tile[c * W + row];
  return JOIN(vload, W)(0, values);
}

#define READ_ROW(step, from, stride, row_stride, row, tile, some)                  \
  ((step) == TURNED   ? read_tile(tile, row)                                       \
   : (step) == SCALAR ? (vector)(READ(IN, T, (from) + (long)(row) * (row_stride))) \
   : (step) == CONTIGUOUS && (some) == W                                           \
       ? (vector)(READ_VECTOR(IN, T, W, (from) + (long)(row) * (row_stride)))      \
       : read_some((from) + (long)(row) * (row_stride), stride, some))

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
  const ulong groups = (rows.size[1] - 1) / rows.group + 1;
  const ulong first = get_global_id(1) % groups * rows.group;
  const ulong last = min(first + rows.group, rows.size[1]);

  const long x_step = STEP_X == CONTIGUOUS ? 1 : STEP_X == SCALAR ? 0 : rows.x.stride[0];
  const long y_step = STEP_Y == CONTIGUOUS ? 1 : STEP_Y == SCALAR ? 0 : rows.y.stride[0];
  out += rows.out.offset;
  x += rows.x.offset;
  if (OPERANDS == 2) y += rows.y.offset;
  ulong left = get_global_id(1) / groups;
  for (uint d = 2; d < rows.dimensions; ++d) {
    const long index = left % rows.size[d];
    left /= rows.size[d];
    out += index * rows.out.stride[d];
    x += index * rows.x.stride[d];
    if (OPERANDS == 2) y += index * rows.y.stride[d];
  }

  T x_tile[W * W], y_tile[W * W];
  for (ulong j = begin; j < end; j += W) {
    const uint columns = (uint)min(end - j, (ulong)W);
    for (ulong i = first; i < last; i += W) {
      const uint count = (uint)min(last - i, (ulong)W);
      global const in_element* const x_from = x + (long)j * x_step + (long)i * rows.x.stride[1];
      global const in_element* const y_from = y + (long)j * y_step + (long)i * rows.y.stride[1];
      if (STEP_X == TURNED) read_turned(x_tile, x_from, x_step, columns, count);
      if (STEP_Y == TURNED) read_turned(y_tile, y_from, y_step, columns, count);
      for (uint row = 0; row < count; ++row) {
        const vector value =
            APPLIED(READ_ROW(STEP_X, x_from, x_step, rows.x.stride[1], row, x_tile, columns),
                    READ_ROW(STEP_Y, y_from, y_step, rows.y.stride[1], row, y_tile, columns));
        global out_element* const to = out + (long)(i + row) * rows.out.stride[1] + j;
        if (columns == W) {
          WRITE_VECTOR(OUT, W, value, to);
        } else {
          write_some(value, to, 1, columns);
        }
      }
    }
  }
}
