// SPDX-License-Identifier: Apache-2.0
// Packing of columns of an operand into a panel of factors, for CPU devices.
//
// To be defined  PANEL           the panel's address space, global or local
//                NR              columns of a panel, a multiple of WIDTH
//                PACKED_ALONG_K  the operand's elements are neighbours along k, else across

#include "matmul/cpu/lanes.h"

// Riffles `steps` times: row r is dealt out with row r + count / 2. As each step rotates the bits
// of an element's address (row, lane) by one, log2(count) steps turn `count` rows of WIDTH lanes
// into WIDTH columns of `count`, one after another.
static void transpose(vec* rows, int count) {
  vec dealt[WIDTH];
#pragma unroll
  for (int left = count; left > 1; left /= 2) {
#pragma unroll
    for (int r = 0; r < count / 2; ++r) {
      dealt[2 * r].even = rows[r].lo;
      dealt[2 * r].odd = rows[r + count / 2].lo;
      dealt[2 * r + 1].even = rows[r].hi;
      dealt[2 * r + 1].odd = rows[r + count / 2].hi;
    }
#pragma unroll
    for (int r = 0; r < count; ++r) rows[r] = dealt[r];
  }
}

// Packs steps x columns of an operand into panel[step][NR]. Lanes beyond the last column are never
// stored; they get ordinary numbers (copies or zeros), as leftover bits could be denormal, which
// are slow to multiply.
static void pack(PANEL factor* panel, global const element* from, size_t stride, uint steps,
                 uint columns) {
#pragma unroll
  for (uint c = 0; c < NR; c += WIDTH) {
#if PACKED_ALONG_K
    global const element* row[WIDTH];
#pragma unroll
    for (int r = 0; r < WIDTH; ++r) row[r] = from + min(c + r, columns - 1) * stride;
    uint p = 0;
    for (; p + WIDTH <= steps; p += WIDTH) {
      vec block[WIDTH];
#pragma unroll
      for (int r = 0; r < WIDTH; ++r) block[r] = FACTORS(row[r] + p);
      transpose(block, WIDTH);
#pragma unroll
      for (int r = 0; r < WIDTH; ++r) STORE(block[r], 0, panel + (p + r) * NR + c);
    }
    for (; p < steps; ++p)
#pragma unroll
      for (int r = 0; r < WIDTH; ++r) panel[p * NR + c + r] = load1(row[r] + p);
#else
    if (c + WIDTH <= columns) {
      for (uint p = 0; p < steps; ++p) STORE(FACTORS(from + p * stride + c), 0, panel + p * NR + c);
    } else {
      // Whole vectors as long as they end within the operand, what they hold of the next row left
      // out.
      factor lanes[WIDTH];
      for (uint r = 0; r < WIDTH; ++r) lanes[r] = (factor)(c + r < columns ? 1 : 0);
      const vec kept = LOAD(0, lanes), zeros = (vec)((factor)0);
      const size_t end = (steps - 1) * stride + columns;
      uint p = 0;
      for (; p * stride + c + WIDTH <= end; ++p)
        STORE(kept != zeros ? FACTORS(from + p * stride + c) : zeros, 0, panel + p * NR + c);
      for (; p < steps; ++p)
        for (uint r = c; r < c + WIDTH; ++r)
          panel[p * NR + r] = r < columns ? load1(from + p * stride + r) : (factor)0;
    }
#endif
  }
}
