// SPDX-License-Identifier: Apache-2.0
// How tile.cl brings the operands into local memory, piece by piece.
//
// To be defined  BM, BN, BK, ITEMS, A_ROW, B_ROW, ALONG_K_A, ALONG_K_B, VECTOR_A and VECTOR_B, as
//                tile.cl explains them; gpu.h is included.

// How work-items share out a piece of EXTENT x BK: item `at` copies what starts at (x, p), WIDE
// elements. Neighbours follow the coordinate that is contiguous in memory.
#define WIDE_A (VECTOR_A ? 4 : 1)
#define WIDE_B (VECTOR_B ? 4 : 1)
#define PARTS_OF_A (BM * BK / WIDE_A)
#define PARTS_OF_B (BN * BK / WIDE_B)
#define COPIES_A ((PARTS_OF_A + ITEMS - 1) / ITEMS)
#define COPIES_B ((PARTS_OF_B + ITEMS - 1) / ITEMS)
// Whether there is a part for a work-item's copy e.
#define TAKES_PART(X, at) (PARTS_OF_##X % ITEMS == 0 || (at) < PARTS_OF_##X)
#define PIECE_P(at, extent, wide, along_k) \
  ((along_k) ? (at) % (BK / (wide)) * (wide) : (at) / ((extent) / (wide)))
#define PIECE_X(at, extent, wide, along_k) \
  ((along_k) ? (at) / (BK / (wide)) : (at) % ((extent) / (wide)) * (wide))

// The members of operand A or B. `from` are the addresses a work-item copies from, `next` what it
// has fetched, which lands in local memory at `piece`.
#define OPERAND(X, x_extent)                                                                       \
  INLINE void start_##X(global const element* from[COPIES_##X], global const element* matrix,      \
                        uint x0, uint stride, uint extent, uint t) {                               \
    _Pragma("unroll") for (int e = 0; e < COPIES_##X; ++e) {                                       \
      const uint at = e * ITEMS + t;                                                               \
      const uint p = PIECE_P(at, x_extent, WIDE_##X, ALONG_K_##X);                                 \
      const uint x = min(x0 + PIECE_X(at, x_extent, WIDE_##X, ALONG_K_##X),                        \
                         extent - (ALONG_K_##X ? 1 : WIDE_##X));                                   \
      from[e] = matrix + (ALONG_K_##X ? (size_t)x * stride + p : (size_t)p * stride + x);          \
      if (!TAKES_PART(X, at)) from[e] = matrix;                                                    \
    }                                                                                              \
  }                                                                                                \
  INLINE void advance_##X(global const element* from[COPIES_##X], size_t by, uint t) {             \
    _Pragma("unroll") for (int e = 0; e < COPIES_##X; ++e) if (TAKES_PART(X, e * ITEMS + t))       \
        from[e] += by;                                                                             \
  }                                                                                                \
  INLINE void fetch_##X(PARTS_##X next[COPIES_##X], global const element* from[COPIES_##X]) {      \
    _Pragma("unroll") for (int e = 0; e < COPIES_##X; ++e) next[e] = LOAD_##X(from[e]);            \
  }                                                                                                \
  INLINE void fetch_ragged_##X(PARTS_##X next[COPIES_##X], global const element* from[COPIES_##X], \
                               uint steps, uint t) {                                               \
    _Pragma("unroll") for (int e = 0; e < COPIES_##X; ++e) {                                       \
      next[e] = (PARTS_##X)(0);                                                                    \
      if (PIECE_P(e * ITEMS + t, x_extent, WIDE_##X, ALONG_K_##X) < steps)                         \
        next[e] = LOAD_##X(from[e]);                                                               \
    }                                                                                              \
  }                                                                                                \
  INLINE void lay_##X(local factor* piece, const PARTS_##X next[COPIES_##X], uint t) {             \
    _Pragma("unroll") for (int e = 0; e < COPIES_##X; ++e) {                                       \
      const uint at = e * ITEMS + t;                                                               \
      const uint p = PIECE_P(at, x_extent, WIDE_##X, ALONG_K_##X);                                 \
      const uint x = PIECE_X(at, x_extent, WIDE_##X, ALONG_K_##X);                                 \
      if (TAKES_PART(X, at)) LAY_##X(WIDEN_##X(next[e]), piece + p * X##_ROW + x, X##_ROW);        \
    }                                                                                              \
  }

INLINE void lay_across(factor4 value, local factor* to, uint row) {
  to[0] = value.x;
  to[row] = value.y;
  to[2 * row] = value.z;
  to[3 * row] = value.w;
}
INLINE void lay_along(factor4 value, local factor* to, uint row) { *(local factor4*)to = value; }
INLINE void lay_one(factor value, local factor* to, uint row) { *to = value; }

#if VECTOR_A
#define PARTS_A raw4
#define LOAD_A fetch4
#define WIDEN_A widen4
#if ALONG_K_A
#define LAY_A lay_across
#else
#define LAY_A lay_along
#endif
#else
#define PARTS_A raw
#define LOAD_A fetch1
#define WIDEN_A widen1
#define LAY_A lay_one
#endif
#if VECTOR_B
#define PARTS_B raw4
#define LOAD_B fetch4
#define WIDEN_B widen4
#if ALONG_K_B
#define LAY_B lay_across
#else
#define LAY_B lay_along
#endif
#else
#define PARTS_B raw
#define LOAD_B fetch1
#define WIDEN_B widen1
#define LAY_B lay_one
#endif

OPERAND(A, BM)
OPERAND(B, BN)
