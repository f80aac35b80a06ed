// SPDX-License-Identifier: Apache-2.0
// Work whose order shows in its results, through Dovetail and behind its back.
#pragma once

#include <CL/cl.h>

#include <cstddef>
#include <stdexcept>
#include <vector>

#include "dovetail/stream/event.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/native_queue.hpp"

namespace dovetail::test {

/// data[i] = value.
inline const Kernel& set_kernel() {
  static const Kernel* const kernel = new Kernel(kernel_from(
      "kernel void set(global int* data, int value) { data[get_global_id(0)] = value; }\n", "set"));
  return *kernel;
}

/// data[i] = 2 * data[i] + 1.
inline const Kernel& grow_kernel() {
  static const Kernel* const kernel =
      new Kernel(kernel_from("kernel void grow(global int* data) {\n"
                             "  data[get_global_id(0)] = 2 * data[get_global_id(0)] + 1;\n"
                             "}\n",
                             "grow"));
  return *kernel;
}

/// to[i] = from[i].
inline const Kernel& copy_kernel() {
  static const Kernel* const kernel =
      new Kernel(kernel_from("kernel void copy(global const int* from, global int* to) {\n"
                             "  to[get_global_id(0)] = from[get_global_id(0)];\n"
                             "}\n",
                             "copy"));
  return *kernel;
}

inline Buffer buffer_of(const std::vector<int>& values) {
  return Buffer(context(), values.size() * sizeof(int), values.data());
}

/// What the memory holds now, whatever the streams are doing.
inline std::vector<int> contents(const Buffer& buffer) {
  const NativeQueue queue(buffer.context());
  std::vector<int> values(buffer.nbytes() / sizeof(int));
  if (clEnqueueReadBuffer(queue.get(), detail::handle_of(buffer).memory, CL_TRUE, 0,
                          buffer.nbytes(), values.data(), 0, nullptr, nullptr) != CL_SUCCESS) {
    throw std::runtime_error("contents: clEnqueueReadBuffer failed");
  }
  return values;
}

/// What the driver says of an event, asked behind Dovetail's back.
inline cl_int status_of(const Event& event) {
  cl_int status = CL_QUEUED;
  clGetEventInfo(event.get(), CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, nullptr);
  return status;
}

/// Sets a range on the queue itself, as another party would.
inline void raw_set(cl_command_queue queue, const BufferView& view, int value) {
  if (clEnqueueFillBuffer(queue, detail::handle_of(view.buffer).memory, &value, sizeof(value),
                          view.offset, view.nbytes, 0, nullptr, nullptr) != CL_SUCCESS) {
    throw std::runtime_error("raw_set: clEnqueueFillBuffer failed");
  }
}

/// Whether `event` stays undone while a stream that is free does work, several times over.
inline bool is_held(const Event& event) {
  const Buffer buffer(context(), sizeof(int));
  for (int i = 0; i < 10; ++i) {
    if (event.is_done()) return false;
    static_cast<void>(contents(buffer));
  }
  return !event.is_done();
}

/// A fixture whose work sets, grows and copies buffers of `count` integers.
/// @tparam Base  What fixture it extends, such as testing::Test.
template <typename Base>
class OrderedWork : public Base {
 protected:
  static constexpr std::size_t count = 64;
  static constexpr std::size_t nbytes = count * sizeof(int);

  /// A buffer's contents if they are all the same.
  static std::vector<int> all(int value) { return std::vector<int>(count, value); }

  static void set(const Stream& on, const Buffer& buffer, int value) {
    set_kernel().launch(on, NDRange({count}), writes(buffer), value);
  }
  static void grow(const Stream& on, const Buffer& buffer) {
    grow_kernel().launch(on, NDRange({count}), buffer);
  }
  static void copy(const Stream& on, const Buffer& from, const Buffer& to) {
    copy_kernel().launch(on, NDRange({count}), from, writes(to));
  }
};

}  // namespace dovetail::test
