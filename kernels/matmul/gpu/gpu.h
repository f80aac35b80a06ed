// SPDX-License-Identifier: Apache-2.0
// What the matmul kernels for GPUs share beyond matmul/problem.h.
#include "matmul/problem.h"

// Private arrays stay in registers only where the functions that index them are inlined.
#define INLINE static inline __attribute__((always_inline))

typedef JOIN(FACTOR, 4) factor4;
typedef JOIN(SUM, 4) sum4;

// One or four elements as they lie in memory, which may be fetched long before they are widened to
// factors. Four lie at an address that is a multiple of four elements, so they make one access.
#if IN == F16 || IN == BF16
typedef ushort raw;
typedef ushort4 raw4;
#elif IN == I8
typedef char raw;
typedef char4 raw4;
#else
typedef factor raw;
typedef factor4 raw4;
#endif
INLINE raw fetch1(global const element* from) { return *(global const raw*)from; }
INLINE raw4 fetch4(global const element* from) { return *(global const raw4*)from; }

INLINE factor widen1(raw bits) {
#if IN == F16
  return vload_half(0, (const half*)&bits);
#elif IN == BF16
  return WIDEN_BFLOAT16(, bits);
#else
  return (factor)bits;
#endif
}

INLINE factor4 widen4(raw4 bits) {
#if IN == F16
  return vload_half4(0, (const half*)&bits);
#elif IN == BF16
  return WIDEN_BFLOAT16(4, bits);
#else
  return JOIN(JOIN(convert_, FACTOR), 4)(bits);
#endif
}

#if OUT == BF16
DEFINE_ROUND_BFLOAT16(4)
#endif

INLINE void write_aligned4(sum4 value, global out_element* to) {
#if OUT == F16
  vstorea_half4_rte(convert_float4(value), 0, to);
#elif OUT == BF16
  *(global ushort4*)to = round_bfloat16_4(convert_float4(value));
#else
  *(global JOIN(STORED(OUT), 4)*)to = JOIN(JOIN(convert_, STORED(OUT)), 4)(value);
#endif
}

#if EPILOGUE
#define FINISH(value, i, j, at) finish((sum)(value), &problem, bias, residual, batch, i, j, at)
#else
#define FINISH(value, i, j, at) ((sum)(value))
#endif
