// SPDX-License-Identifier: Apache-2.0
// The operations whose dispatch `dovetail scaling` times; tools/scaling/work.cpp gives the sizes.
// One work-item an element but where it says otherwise.

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

// A chain of multiply-adds in registers, 16 elements an item so that a CPU's vectors are used
// whatever its compiler makes of the loop: compute-bound.
kernel void compute(global float* out, float y, uint rounds) {
  const size_t i = get_global_id(0);
  float16 x = (float)(i % 1024) * (1.0f / 1024.0f);
  for (uint round = 0; round < rounds; ++round) x = x * y + 0.25f;
  vstore16(x, i, out);
}
