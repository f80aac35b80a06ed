// SPDX-License-Identifier: Apache-2.0
// Shows: a kernel of one's own between two tensor operations, on one stream. The kernel gets the
// tensor's own memory, so nothing is copied, and the queue's order stands in for synchronisation.
// Prints: the first results, which are relu(a b) turned into x^2 + 1, less a.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

#include "dovetail/dovetail.hpp"

constexpr const char* text = R"(
  kernel void square_plus(global float* x, float summand, uint size) {
    const size_t i = get_global_id(0);
    if (i < size) x[i] = x[i] * x[i] + summand;
  }
)";

int main() try {
  const dovetail::Stream stream;
  const dovetail::Context& context = stream.context();
  const auto program =
      dovetail::ProgramCache::of(context).get({.name = "square_plus.cl", .text = text});
  const dovetail::Kernel square_plus(program, "square_plus");

  // a holds -8, -7, ... 7; b is twice the identity.
  std::vector<float> a_values(16), b_values(16);
  for (std::size_t i = 0; i < 16; ++i) {
    a_values[i] = static_cast<float>(i) - 8;
    b_values[i] = i % 5 == 0 ? 2.0f : 0.0f;
  }
  const auto a = dovetail::Tensor::from_host<float>(context, a_values, {4, 4});
  const auto b = dovetail::Tensor::from_host<float>(context, b_values, {4, 4});

  const dovetail::Tensor x = dovetail::relu(stream, dovetail::matmul(stream, a, b));
  // A tensor is an argument like any other. Its number of elements, as the kernel's uint.
  square_plus.launch(stream, dovetail::NDRange({16}), x, 1.0f, static_cast<cl_uint>(x.size()));
  const dovetail::Tensor out = dovetail::subtract(stream, x, a);

  const std::vector<float> result = out.to_host<float>(stream);  // the only wait
  bool is_right = true;
  for (std::size_t i = 0; i < 16; ++i) {
    const float rectified = std::max(2 * a_values[i], 0.0f);
    is_right = is_right && result[i] == rectified * rectified + 1 - a_values[i];
  }
  std::printf("%g %g %g ... %g\n", result[0], result[1], result[2], result[15]);
  return is_right ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
