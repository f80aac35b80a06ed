// SPDX-License-Identifier: Apache-2.0
// The user's kernel in `dovetail handoff`: x[i] = 0.5 x[i] + shift. One work-item an element.

kernel void user_step(global float* x, float shift, uint n) {
  const size_t i = get_global_id(0);
  if (i < n) x[i] = 0.5f * x[i] + shift;
}
