// SPDX-License-Identifier: Apache-2.0
// A program that uses Dovetail: tensors, an operation, its own kernel and a product on one stream.
#include <algorithm>
#include <array>
#include <cmath>
#include <dovetail/dovetail.hpp>
#include <dovetail/opencl.hpp>
#include <exception>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

void expect(const std::vector<float>& got, float value, const std::string& what) {
  const bool all = std::all_of(got.begin(), got.end(),
                               [value](float x) { return std::abs(x - value) <= 1e-6F; });
  if (got.empty() || !all) {
    throw std::runtime_error(what + ": expected " + std::to_string(value) + " everywhere");
  }
  std::cout << what << ": " << got.size() << " times " << value << '\n';
}

void run() {
  const dovetail::Stream stream;
  std::cout << "Dovetail " << DOVETAIL_VERSION << " on " << stream.device().name() << '\n';

  // Equal numbers: each of the 4 in a row gets a quarter.
  const dovetail::Tensor weights =
      dovetail::softmax(stream, dovetail::Tensor::full(stream, {2, 4}, 3.0));
  expect(weights.to_host<float>(stream), 0.25F, "softmax");

  const dovetail::Program program = dovetail::Program::from_source(
      stream.context(),
      {"scale.cl",
       "kernel void scale(global float* x, float factor) { x[get_global_id(0)] *= factor; }"});
  dovetail::Kernel(program, "scale").launch(stream, dovetail::NDRange({8}), weights, 2.0F);
  expect(weights.to_host<float>(stream), 0.5F, "kernel");

  const std::vector<float> ones(12, 1.0F);
  const dovetail::Tensor b =
      dovetail::Tensor::from_host<float>(stream.context(), ones, dovetail::Shape{4, 3});
  expect(dovetail::matmul(stream, weights, b).to_host<float>(stream), 2.0F, "matmul");

  // Khronos' bindings see the same queue, and an exception crosses the library's boundary.
  const cl::CommandQueue queue(stream.get(), true);
  queue.finish();
  try {
    dovetail::matmul(stream, b, b);
    throw std::runtime_error("[4, 3] times [4, 3] was not refused");
  } catch (const dovetail::InvalidArgument& error) {
    std::cout << "refused: " << error.what() << '\n';
  }

  // The place in the library's source, which another compiler may have compiled.
  try {
    const dovetail::Buffer huge(stream.context(), std::numeric_limits<std::size_t>::max());
    throw std::runtime_error("2^64 - 1 bytes were not refused");
  } catch (const dovetail::OpenCLError& error) {
    const dovetail::SourceLocation& place = error.where();
    std::cout << place.file_name() << ':' << place.line() << ": " << place.function_name() << '\n';
    if (std::string(place.file_name()).find("lib/stream/") == std::string::npos ||
        place.line() == 0 || std::string(place.function_name()).empty()) {
      throw std::runtime_error("the error does not tell its place");
    }
  }
}

}  // namespace

int main() {
  try {
    run();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
