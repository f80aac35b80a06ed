// SPDX-License-Identifier: Apache-2.0
// Shows: an application that has its own OpenCL context, queue, buffer and kernel, and adds tensor
// operations in the middle. All of it goes to the application's queue and runs in that order.
// Prints: the result, 3 x relu(x - 2) for x = 0, 1, 2, ...
#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

#include "dovetail/dovetail.hpp"
#include "dovetail/opencl.hpp"

constexpr const char* text = R"(
  kernel void shift(global float* x, float by) { x[get_global_id(0)] += by; }
  kernel void scale(global float* x, float by) { x[get_global_id(0)] *= by; }
)";

int main() try {
  // The application's own side, in plain OpenCL.
  const dovetail::Device device = dovetail::Device::default_device();
  const cl::Context application(cl::Device(device.get(), true));
  const cl::CommandQueue queue(application, cl::Device(device.get(), true));
  cl::Program program(application, text);
  program.build();
  cl::Kernel shift(program, "shift"), scale(program, "scale");
  std::vector<float> values{0, 1, 2, 3, 4, 5, 6, 7};
  const std::size_t size = values.size(), nbytes = size * sizeof(float);
  const cl::Buffer memory(application, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, nbytes,
                          values.data());

  // The same queue and the same memory, seen as a stream and a tensor. Each keeps a reference.
  const auto context = dovetail::Context::retain(application(), device);
  const auto stream = dovetail::Stream::retain(context, queue());
  const auto x = dovetail::Tensor::from_buffer(dovetail::Buffer::retain(context, memory()),
                                               {static_cast<std::int64_t>(size)});

  shift.setArg(0, memory);
  shift.setArg(1, -2.0f);
  scale.setArg(0, memory);
  scale.setArg(1, 3.0f);
  queue.enqueueNDRangeKernel(shift, cl::NullRange, cl::NDRange(size));
  dovetail::unary_into(stream, dovetail::UnaryOperation::relu, x, x);
  queue.enqueueNDRangeKernel(scale, cl::NullRange, cl::NDRange(size));
  queue.enqueueReadBuffer(memory, CL_TRUE, 0, nbytes, values.data());

  bool is_right = stream.get() == queue();
  for (std::size_t i = 0; i < size; ++i) {
    std::printf("%g ", values[i]);
    is_right = is_right && values[i] == 3 * std::max(static_cast<float>(i) - 2, 0.0f);
  }
  std::printf("\n");
  return is_right ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
