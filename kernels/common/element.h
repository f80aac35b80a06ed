// SPDX-License-Identifier: Apache-2.0
// The element types: how each is stored, read as a wider type, and rounded to.
//
// A type is one of the numbers below, or an option that is. Its tables' rows end in that number.
#include "common/join.h"

#define F32 0
#define F64 1
#define F16 2
#define BF16 3
#define I8 4
#define I32 5
#define I16 6
#define I64 7
#define U8 8
#define U16 9
#define U32 10
#define U64 11
#define BOOLEAN 12

// STORED(type): the OpenCL type that holds an element.
#define STORED(type) JOIN(STORED_, type)
#define STORED_0 float
#define STORED_1 double
#define STORED_2 half
#define STORED_3 ushort
#define STORED_4 char
#define STORED_5 int
#define STORED_6 short
#define STORED_7 long
#define STORED_8 uchar
#define STORED_9 ushort
#define STORED_10 uint
#define STORED_11 ulong
#define STORED_12 uchar

// bfloat16 is the upper half of a float32. n is 4, 8, 16, or nothing for a scalar.
#define WIDEN_BFLOAT16(n, bits) JOIN(as_float, n)(JOIN(convert_uint, n)(bits) << 16)
// Defines round_bfloat16_n, which rounds to nearest even and keeps NaN.
#define DEFINE_ROUND_BFLOAT16(n)                                                \
  static JOIN(ushort, n) JOIN(round_bfloat16_, n)(JOIN(float, n) x) {           \
    const JOIN(uint, n) bits = JOIN(as_uint, n)(x);                             \
    const JOIN(uint, n) rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16; \
    return JOIN(convert_ushort, n)(x != x ? (bits >> 16) | 0x40u : rounded);    \
  }
DEFINE_ROUND_BFLOAT16()

// READ(type, wide, from): the element at `from` as `wide`, which is float for the 16-bit floats.
#define READ(type, wide, from) JOIN(READ_, type)(wide, from)
#define READ_0(wide, from) ((wide) * (from))
#define READ_1(wide, from) ((wide) * (from))
#define READ_2(wide, from) vload_half(0, from)
#define READ_3(wide, from) WIDEN_BFLOAT16(, *(from))
#define READ_4(wide, from) ((wide) * (from))
#define READ_5(wide, from) ((wide) * (from))
#define READ_6(wide, from) ((wide) * (from))
#define READ_7(wide, from) ((wide) * (from))
#define READ_8(wide, from) ((wide) * (from))
#define READ_9(wide, from) ((wide) * (from))
#define READ_10(wide, from) ((wide) * (from))
#define READ_11(wide, from) ((wide) * (from))
#define READ_12(wide, from) ((wide) * (from))

// READ_VECTOR(type, wide, n, from): n neighbours, n of 4, 8 and 16.
#define READ_VECTOR(type, wide, n, from) JOIN(READ_VECTOR_, type)(wide, n, from)
#define READ_VECTOR_0(wide, n, from) JOIN(JOIN(convert_, wide), n)(JOIN(vload, n)(0, from))
#define READ_VECTOR_1 READ_VECTOR_0
#define READ_VECTOR_2(wide, n, from) JOIN(vload_half, n)(0, from)
#define READ_VECTOR_3(wide, n, from) WIDEN_BFLOAT16(n, JOIN(vload, n)(0, from))
#define READ_VECTOR_4 READ_VECTOR_0
#define READ_VECTOR_5 READ_VECTOR_0
#define READ_VECTOR_6 READ_VECTOR_0
#define READ_VECTOR_7 READ_VECTOR_0
#define READ_VECTOR_8 READ_VECTOR_0
#define READ_VECTOR_9 READ_VECTOR_0
#define READ_VECTOR_10 READ_VECTOR_0
#define READ_VECTOR_11 READ_VECTOR_0
#define READ_VECTOR_12 READ_VECTOR_0

// WRITE(type, value, to) and WRITE_VECTOR(type, n, value, to): what READ reads, rounded to nearest
// even. A vector of BF16 takes DEFINE_ROUND_BFLOAT16(n).
#define WRITE(type, value, to) JOIN(WRITE_, type)(value, to)
#define WRITE_0(value, to) (*(to) = (float)(value))
#define WRITE_1(value, to) (*(to) = (double)(value))
#define WRITE_2(value, to) vstore_half_rte((float)(value), 0, to)
#define WRITE_3(value, to) (*(to) = round_bfloat16_((float)(value)))
#define WRITE_4(value, to) (*(to) = (char)(value))
#define WRITE_5(value, to) (*(to) = (int)(value))
#define WRITE_6(value, to) (*(to) = (short)(value))
#define WRITE_7(value, to) (*(to) = (long)(value))
#define WRITE_8(value, to) (*(to) = (uchar)(value))
#define WRITE_9(value, to) (*(to) = (ushort)(value))
#define WRITE_10(value, to) (*(to) = (uint)(value))
#define WRITE_11(value, to) (*(to) = (ulong)(value))
#define WRITE_12(value, to) (*(to) = (uchar)(value))
#define WRITE_VECTOR(type, n, value, to) JOIN(WRITE_VECTOR_, type)(n, value, to)
#define WRITE_VECTOR_0(n, value, to) JOIN(vstore, n)(value, 0, to)
#define WRITE_VECTOR_1 WRITE_VECTOR_0
#define WRITE_VECTOR_2(n, value, to) JOIN(JOIN(vstore_half, n), _rte)(value, 0, to)
#define WRITE_VECTOR_3(n, value, to) JOIN(vstore, n)(JOIN(round_bfloat16_, n)(value), 0, to)
#define WRITE_VECTOR_4 WRITE_VECTOR_0
#define WRITE_VECTOR_5 WRITE_VECTOR_0
#define WRITE_VECTOR_6 WRITE_VECTOR_0
#define WRITE_VECTOR_7 WRITE_VECTOR_0
#define WRITE_VECTOR_8 WRITE_VECTOR_0
#define WRITE_VECTOR_9 WRITE_VECTOR_0
#define WRITE_VECTOR_10 WRITE_VECTOR_0
#define WRITE_VECTOR_11 WRITE_VECTOR_0
#define WRITE_VECTOR_12 WRITE_VECTOR_0
