// SPDX-License-Identifier: Apache-2.0
// What the matmul kernels for CPU devices share: vectors of WIDTH factors, made from elements.
//
// Options      those of problem.h
//              -D WIDTH=4|8|16 factors in a native vector (default 16, but 8 for F64:
//                              CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, and half of it)

#ifdef __clang__
// All calls are inlined: how vectors wider than the registers would be passed does not matter.
#pragma clang diagnostic ignored "-Wpsabi"
#endif
#include "matmul/problem.h"

#ifndef WIDTH
#if IN == F64
#define WIDTH 8
#else
#define WIDTH 16
#endif
#endif

typedef JOIN(FACTOR, WIDTH) vec;
#define LOAD JOIN(vload, WIDTH)
#define STORE JOIN(vstore, WIDTH)

// Elements that are factors as they lie.
#define IS_FACTOR (IN == F32 || IN == F64)

// factorsN(from): N neighbouring elements, N of 4, 8 and 16.
#if IN == F16
// By integer arithmetic, as drivers for CPUs convert halves one by one. The exponent moves from a
// bias of 15 to one of 127; 0 stands for that of 1 without the leading bit, and 31 for 255.
#define HALVES_(n)                                                                       \
  static JOIN(float, n) JOIN(factors, n)(global const element* from) {                   \
    const JOIN(uint, n) half_bits =                                                      \
        JOIN(convert_uint, n)(JOIN(vload, n)(0, (global const ushort*)from));            \
    const JOIN(uint, n) magnitude = (half_bits & 0x7fffu) << 13;                         \
    const JOIN(float, n) small = JOIN(as_float, n)(magnitude + (113u << 23)) - 0x1p-14f; \
    JOIN(uint, n) bits = magnitude + (112u << 23);                                       \
    bits = magnitude >= (JOIN(uint, n))(31u << 23) ? bits + (112u << 23) : bits;         \
    bits = magnitude < (JOIN(uint, n))(1u << 23) ? JOIN(as_uint, n)(small) : bits;       \
    return JOIN(as_float, n)(bits | (half_bits & 0x8000u) << 16);                        \
  }
HALVES_(4)
HALVES_(8)
HALVES_(16)
#else
#define factors4 load4
#define factors8 load8
#define factors16 load16
#endif
#define FACTORS JOIN(factors, WIDTH)

static factor sum_lanes(vec v) {
#if WIDTH == 16
  const JOIN(FACTOR, 8) e = v.lo + v.hi;
#elif WIDTH == 8
  const vec e = v;
#endif
#if WIDTH >= 8
  const JOIN(FACTOR, 4) q = e.lo + e.hi;
#else
  const vec q = v;
#endif
  const JOIN(FACTOR, 2) d = q.lo + q.hi;
  return d.x + d.y;
}
