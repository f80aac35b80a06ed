// SPDX-License-Identifier: Apache-2.0
// Element-wise operations on float32: out[i] = OPERATION(a[i]) and out[i] = OPERATION(a[i], b[i]).
//
// One work-item an element, in one dimension; the range is rounded up to the work-group, so each
// item checks that its element exists. `out` may be an operand: an item reads only what it writes.
//
// Options: -DOPERATION=name, one of those below, and -DKERNEL=name, what the kernel is called.
// Offsets and n count elements.

#define NEGATE(x) (-(x))
#define ABSOLUTE(x) fabs(x)
#define EXP(x) exp(x)
#define LOG(x) log(x)
#define SQRT(x) sqrt(x)
#define TANH(x) tanh(x)
// Written so that NaN stays NaN, which fmax would not do.
#define RELU(x) ((x) < 0.0f ? 0.0f : (x))
#define SILU(x) ((x) / (1.0f + exp(-(x))))

#define ADD(x, y) ((x) + (y))
#define SUBTRACT(x, y) ((x) - (y))
#define MULTIPLY(x, y) ((x) * (y))
#define DIVIDE(x, y) ((x) / (y))
// IEEE 754's maximum and minimum, as fmax and fmin drop NaN: it stays, and -0 is less than +0.
#define MAXIMUM(x, y) \
  ((x) == (y) ? as_float(as_int(x) & as_int(y)) : (x) > (y) || isnan(x) ? (x) : (y))
#define MINIMUM(x, y) \
  ((x) == (y) ? as_float(as_int(x) | as_int(y)) : (x) < (y) || isnan(x) ? (x) : (y))

#define IS_BINARY_ADD 1
#define IS_BINARY_SUBTRACT 1
#define IS_BINARY_MULTIPLY 1
#define IS_BINARY_DIVIDE 1
#define IS_BINARY_MAXIMUM 1
#define IS_BINARY_MINIMUM 1
#define CONCATENATE_EXPANDED(a, b) a##b
#define CONCATENATE(a, b) CONCATENATE_EXPANDED(a, b)

#if CONCATENATE(IS_BINARY_, OPERATION)

kernel void KERNEL(global const float* a, ulong a_offset, global const float* b, ulong b_offset,
                   global float* out, ulong out_offset, ulong n) {
  const size_t i = get_global_id(0);
  if (i < n) {
    const float x = a[a_offset + i];
    const float y = b[b_offset + i];
    out[out_offset + i] = OPERATION(x, y);
  }
}

#else

kernel void KERNEL(global const float* a, ulong a_offset, global float* out, ulong out_offset,
                   ulong n) {
  const size_t i = get_global_id(0);
  if (i < n) {
    const float x = a[a_offset + i];
    out[out_offset + i] = OPERATION(x);
  }
}

#endif
