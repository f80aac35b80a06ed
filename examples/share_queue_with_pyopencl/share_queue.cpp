// SPDX-License-Identifier: Apache-2.0
// The C++ side of share_queue.py: a few C functions that take OpenCL's handles and work on them
// with Dovetail. Each retains what it is given, and returns 0, or null, after an error that it
// prints.
#include <cstdio>
#include <exception>
#include <memory>

#include "dovetail/dovetail.hpp"

namespace {

/// What `body` returns; a C function throws no exceptions.
template <typename Body>
auto guarded(Body body) noexcept -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return {};
  }
}

/// Somebody's queue as a stream, on the queue's own context and device.
dovetail::Stream adopt(cl_command_queue queue) {
  cl_context context = nullptr;
  cl_device_id device = nullptr;
  clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof(cl_context), &context, nullptr);
  clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof(cl_device_id), &device, nullptr);
  return dovetail::Stream::retain(dovetail::Context::retain(context, dovetail::Device(device)),
                                  queue);
}

}  // namespace

extern "C" {

/// x = max(x, 0), appended to `queue`; x begins `offset` bytes into `memory`.
int relu_on(cl_command_queue queue, cl_mem memory, std::size_t offset, std::int64_t size) {
  return guarded([&] {
    const dovetail::Stream stream = adopt(queue);
    const auto buffer = dovetail::Buffer::retain(stream.context(), memory);
    const auto x = dovetail::Tensor::from_buffer(buffer, {size}, dovetail::DType::f32, offset);
    dovetail::unary_into(stream, dovetail::UnaryOperation::relu, x, x);
    return 1;
  });
}

/// A stream and a tensor of Dovetail's.
struct Session {
  dovetail::Stream stream;
  dovetail::Tensor x;
};

Session* session_open(std::int64_t size, float value) {
  return guarded([&] {
    const dovetail::Stream stream;
    return std::make_unique<Session>(Session{stream, dovetail::Tensor::full(stream, {size}, value)})
        .release();
  });
}
void session_close(Session* session) { delete session; }

cl_command_queue session_queue(const Session* session) { return session->stream.get(); }
cl_mem session_memory(const Session* session) { return session->x.storage().buffer.lend(); }

/// x = max(x, 0), appended to the session's stream.
int session_relu(const Session* session) {
  return guarded([&] {
    dovetail::unary_into(session->stream, dovetail::UnaryOperation::relu, session->x, session->x);
    return 1;
  });
}
}
