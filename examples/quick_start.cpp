// SPDX-License-Identifier: Apache-2.0
// Shows: choosing a device, tensors from host data, operations, and reading a result back.
// Prints: the device, and the rows of softmax(a b). DOVETAIL_DEVICE=gpu, cpu or a name chooses
// another device.
#include <cmath>
#include <cstdio>
#include <exception>
#include <vector>

#include "dovetail/dovetail.hpp"

int main() try {
  const dovetail::Context& context = dovetail::Context::default_context();
  std::printf("%s\n", context.device().name().c_str());

  const std::vector<float> a_values{1, 2, 3, 4, 5, 6};
  const std::vector<float> b_values{1, 0, 0, 1, 1, 1};
  const auto a = dovetail::Tensor::from_host<float>(context, a_values, {2, 3});
  const auto b = dovetail::Tensor::from_host<float>(context, b_values, {3, 2});

  // Both run on this thread's current stream, one after the other; neither call waits.
  const dovetail::Tensor out = dovetail::softmax(dovetail::matmul(a, b));

  const std::vector<float> rows = out.to_host<float>(dovetail::current_stream());  // waits
  bool is_right = true;
  for (std::size_t row = 0; row < 2; ++row) {
    const float first = rows[2 * row], second = rows[2 * row + 1];
    std::printf("%.4f %.4f\n", first, second);
    // a b is [[4, 5], [10, 11]], so in each row the second is e times the first.
    is_right = is_right && std::abs(first + second - 1) < 1e-5 &&
               std::abs(second / first - std::exp(1.0f)) < 1e-4;
  }
  return is_right ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
