// SPDX-License-Identifier: Apache-2.0
// The operations whose dispatch `dovetail scaling` times; tools/scaling/work.cpp gives the sizes.
// One work-item an element throughout.

// Nothing: what remains is the dispatch.
kernel void empty() {}

// x[i] += y over a few elements: launch-bound.
kernel void launch(global float* x, float y, uint n) {
  const size_t i = get_global_id(0);
  if (i < n) x[i] += y;
}

// out[i] = a[i] + y * b[i] over more than the caches hold: memory-bound.
kernel void memory(global const float* a, global const float* b, global float* out, float y) {
  const size_t i = get_global_id(0);
  out[i] = a[i] + y * b[i];
}

// A chain of fused multiply-adds in a register: compute-bound.
kernel void compute(global float* out, float y, uint rounds) {
  const size_t i = get_global_id(0);
  float x = (float)(i % 1024) * (1.0f / 1024.0f);
  for (uint round = 0; round < rounds; ++round) x = fma(x, y, 0.25f);
  out[i] = x;
}
