// SPDX-License-Identifier: Apache-2.0
// What the matmul kernels for GPUs share beyond matmul/problem.h.
#include "matmul/problem.h"

// Private arrays stay in registers only where the functions that index them are inlined.
#define INLINE static inline __attribute__((always_inline))

#if IN != I8 || I8_AS_FLOAT
#define MULTIPLY_ADD(x, y, z) fma(x, y, z)
#else
#define MULTIPLY_ADD(x, y, z) ((x) * (y) + (z))
#endif

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
  return as_float((uint)bits << 16);
#else
  return (factor)bits;
#endif
}

INLINE factor4 widen4(raw4 bits) {
#if IN == F16
  return vload_half4(0, (const half*)&bits);
#elif IN == BF16
  return as_float4(convert_uint4(bits) << 16);
#else
  return JOIN(JOIN(convert_, FACTOR), 4)(bits);
#endif
}

INLINE void write_aligned4(sum4 value, global out_element* to) {
#if OUT == F16
  vstorea_half4_rte(convert_float4(value), 0, to);
#elif OUT == BF16
  write_out(value.x, to);
  write_out(value.y, to + 1);
  write_out(value.z, to + 2);
  write_out(value.w, to + 3);
#elif OUT == F32
  *(global float4*)to = convert_float4(value);
#elif OUT == F64
  *(global double4*)to = convert_double4(value);
#else
  *(global int4*)to = convert_int4(value);
#endif
}

#if EPILOGUE
#define EPILOGUE_PARAMETERS \
  , global const out_element *restrict bias, global const out_element *restrict residual
#define FINISH(value, i, j, at) finish((sum)(value), &problem, bias, residual, batch, i, j, at)
#else
#define EPILOGUE_PARAMETERS
#define FINISH(value, i, j, at) ((sum)(value))
#endif
