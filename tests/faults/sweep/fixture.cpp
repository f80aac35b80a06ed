// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/sweep/fixture.hpp"

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail::sweep {
namespace {

constexpr const char* kernels = R"(
kernel void set(global int* data, int value) { data[get_global_id(0)] = value; }
kernel void grow(global int* data) { data[get_global_id(0)] = 2 * data[get_global_id(0)] + 1; }
kernel void copy(global const int* from, global int* to) {
  to[get_global_id(0)] = from[get_global_id(0)];
}
kernel void reverse(global int* data, local int* scratch) {
  const size_t i = get_local_id(0);
  scratch[i] = data[get_global_id(0)];
  barrier(CLK_LOCAL_MEM_FENCE);
  data[get_global_id(0)] = scratch[get_local_size(0) - 1 - i];
}
)";

}  // namespace

void check(cl_int status, const char* call, SourceLocation where) {
  if (status != CL_SUCCESS) throw OpenCLError(status, call, where, "a call of the workload's own");
}

NativeQueue native_queue(const Context& context) {
  cl_int status = CL_SUCCESS;
  NativeQueue queue(
      clCreateCommandQueueWithProperties(context.get(), context.device().get(), nullptr, &status));
  check(status, "clCreateCommandQueueWithProperties");
  return queue;
}

void native_set(cl_command_queue queue, cl_mem memory, int value) {
  check(clEnqueueFillBuffer(queue, memory, &value, sizeof(value), 0, count * sizeof(value), 0,
                            nullptr, nullptr),
        "clEnqueueFillBuffer");
}

Hold::Hold(const Context& context, cl_command_queue queue) {
  cl_int status = CL_SUCCESS;
  user_.reset(clCreateUserEvent(context.get(), &status));
  check(status, "clCreateUserEvent");
  cl_event user = user_.get(), barrier = nullptr;
  check(clEnqueueBarrierWithWaitList(queue, 1, &user, &barrier), "clEnqueueBarrierWithWaitList");
  barrier_.reset(barrier);
}

Hold::~Hold() {
  while (barrier_ != nullptr && clSetUserEventStatus(user_.get(), CL_COMPLETE) != CL_SUCCESS) {
  }
}

const Context& Fixture::context() {
  if (!context_) context_.emplace(Device::default_device());
  return *context_;
}

const Stream& Fixture::stream(std::size_t index) {
  if (!streams_[index]) streams_[index].emplace(context());
  return *streams_[index];
}

const Stream& Fixture::profiled() {
  if (!profiled_) profiled_.emplace(context(), StreamOptions{.profiling = true});
  return *profiled_;
}

const Stream& Fixture::retained() {
  if (!retained_) retained_ = Stream::retain(context(), native_queue(context()).get());
  return *retained_;
}

StreamPool& Fixture::pool() {
  if (pool_ == nullptr) {
    pool_ = std::make_unique<StreamPool>(context(), StreamPoolOptions{.size = 2, .leases = 2});
  }
  return *pool_;
}

Buffer Fixture::buffer(int value) {
  return Buffer(context(), count * sizeof(int), all(value).data());
}

std::vector<int> Fixture::contents(const Stream& stream, const Buffer& buffer) {
  return Tensor::from_buffer(buffer, {count}, DType::i32).to_host<int>(stream);
}

Kernel Fixture::kernel(const char* name) {
  return Kernel(ProgramCache::of(context()).get({.name = "sweep.cl", .text = kernels}), name);
}

void Fixture::set(const Stream& stream, const Buffer& buffer, int value) {
  kernel("set").launch(stream, NDRange({count}), writes(buffer), value);
}

void Fixture::grow(const Stream& stream, const Buffer& buffer) {
  kernel("grow").launch(stream, NDRange({count}), updates(buffer));
}

void Fixture::copy(const Stream& stream, const Buffer& from, const Buffer& to) {
  kernel("copy").launch(stream, NDRange({count}), reads(from), writes(to));
}

void Fixture::reset_streams() {
  for (const auto& stream : streams_) {
    if (stream) stream->reset();
  }
  for (const auto* stream : {&profiled_, &retained_}) {
    if (*stream) (*stream)->reset();
  }
  if (pool_ != nullptr) {
    pool_->default_stream().reset();
    for (std::size_t i = 0; i < pool_->size(); ++i) pool_->get(i).reset();
  }
}

}  // namespace dovetail::sweep
