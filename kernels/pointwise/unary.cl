// SPDX-License-Identifier: Apache-2.0
// Element-wise operations of one float32 operand: out[i] = operation(a[i]).
//
// One work-item an element, in one dimension; the range is rounded up to the work-group, so each
// item checks that its element exists. `out` may be `a`: an item reads only what it writes.
//
// Options: -DAPPLY=apply_name, where `name` is that of a DOVETAIL_UNARY line of ops/operations.def,
// and -DKERNEL=name, what the kernel is called. Offsets and n count elements.
#include "common/activation.h"

typedef float T;
DEFINE_ACTIVATIONS(, T, float)
#define DOVETAIL_UNARY(name, value) \
  static T apply_##name(T x) { return value; }
#include "dovetail/ops/operations.def"

kernel void KERNEL(global const T* a, ulong a_offset, global T* out, ulong out_offset, ulong n) {
  const size_t i = get_global_id(0);
  if (i < n) out[out_offset + i] = APPLY(a[a_offset + i]);
}
