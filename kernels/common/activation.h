// SPDX-License-Identifier: Apache-2.0
// Activation functions, for any floating-point type.
#include "common/join.h"

// Defines relu, gelu, gelu_tanh and silu, with `suffix` at their names' ends, for T, which is S or
// a vector of S. NaN stays NaN. Far below 0, where 1 + erf(x) and 1 + tanh(x) cancel, the smooth
// ones are written without; there they tend to 0, where 0 times infinity is NaN.
#define DEFINE_ACTIVATIONS(suffix, T, S)                                                           \
  static T JOIN(relu, suffix)(T x) { return x < (T)((S)0) ? (T)((S)0) : x; }                       \
  static T JOIN(zero_at_minus_infinity, suffix)(T y, T x) {                                        \
    return x == (T)(-(S)INFINITY) ? (T)((S)0) : y;                                                 \
  }                                                                                                \
  static T JOIN(gelu, suffix)(T x) {                                                               \
    return JOIN(zero_at_minus_infinity, suffix)((S)0.5 * x * erfc(x * (S)-0.70710678118654752440), \
                                                x);                                                \
  }                                                                                                \
  /* (1 + tanh(z)) / 2 = 1 / (1 + exp(-2 z)) */                                                    \
  static T JOIN(gelu_tanh, suffix)(T x) {                                                          \
    return JOIN(zero_at_minus_infinity, suffix)(                                                   \
        x / ((S)1 + exp((S)-1.59576912160573071176 * (x + (S)0.044715 * x * x * x))), x);          \
  }                                                                                                \
  static T JOIN(silu, suffix)(T x) {                                                               \
    return JOIN(zero_at_minus_infinity, suffix)(x / ((S)1 + exp(-x)), x);                          \
  }
