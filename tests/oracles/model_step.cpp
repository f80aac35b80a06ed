// SPDX-License-Identifier: Apache-2.0
#include "tests/oracles/model_step.hpp"

#include <stdexcept>

namespace dovetail::test {
namespace {

// One work-item: the driver compiles it once, whatever the count.
constexpr const char* text = R"(
kernel void model_step(global const uchar* tag, global uint* out, uint out_first, global const uint* in,
                       uint in_first, uint count, uint c, uint kind) {
  out += out_first;
  in += in_first;
  for (uint i = 0; i < count; ++i) {
    if (kind == 0) out[i] = out[i] * 31 + c;
    if (kind == 1) out[i] += in[i] * c;
    if (kind == 2) out[i] = in[i] * c + 7;
  }
}
kernel void raw_model_step(global uint* out, uint out_first, uint count, uint c) {
  out += out_first;
  for (uint i = 0; i < count; ++i) out[i] = out[i] * 31 + c;
}
)";

void require(cl_int status, const char* what) {
  if (status != CL_SUCCESS) throw std::runtime_error(what);
}

}  // namespace

std::vector<cl_uint> initial_words(int number, std::size_t count) {
  std::vector<cl_uint> words(count);
  for (std::size_t i = 0; i < count; ++i) {
    words[i] = static_cast<cl_uint>(number) * 1000003u + static_cast<cl_uint>(i);
  }
  return words;
}

void apply(const Step& step, HostMemory& memory) {
  cl_uint* const out = memory[step.out].data() + step.out_first;
  const cl_uint* const in = memory[step.in].data() + step.in_first;
  for (cl_uint i = 0; i < step.count; ++i) {
    switch (step.kind) {
      case Step::Kind::update:
        out[i] = out[i] * 31 + step.c;
        break;
      case Step::Kind::accumulate:
        out[i] += in[i] * step.c;
        break;
      case Step::Kind::copy:
        out[i] = in[i] * step.c + 7;
        break;
    }
  }
}

StepKernel::StepKernel(const Context& context)
    : program_(Program::from_source(context, {.name = "model_step.cl", .text = text})),
      tracked_(program_, "model_step") {
  cl_int status = CL_SUCCESS;
  raw_ = clCreateKernel(program_.get(), "raw_model_step", &status);
  require(status, "StepKernel: clCreateKernel failed");
}

StepKernel::~StepKernel() { clReleaseKernel(raw_); }

void StepKernel::enqueue_raw(cl_command_queue queue, const Buffer& out, const Step& step) const {
  const std::scoped_lock lock(mutex_);
  cl_mem memory = out.get();
  require(clSetKernelArg(raw_, 0, sizeof(memory), &memory), "StepKernel: argument 0");
  require(clSetKernelArg(raw_, 1, sizeof(cl_uint), &step.out_first), "StepKernel: argument 1");
  require(clSetKernelArg(raw_, 2, sizeof(cl_uint), &step.count), "StepKernel: argument 2");
  require(clSetKernelArg(raw_, 3, sizeof(cl_uint), &step.c), "StepKernel: argument 3");
  const std::size_t one = 1;
  require(clEnqueueNDRangeKernel(queue, raw_, 1, nullptr, &one, &one, 0, nullptr, nullptr),
          "StepKernel: clEnqueueNDRangeKernel failed");
}

}  // namespace dovetail::test
