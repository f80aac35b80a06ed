// SPDX-License-Identifier: Apache-2.0
// Work on a memory pool's buffers, and looks at its blocks.
#pragma once

#include <CL/cl.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "dovetail/stream/memory_pool.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"

namespace dovetail::test {

inline constexpr std::size_t kib = 1024, mib = 1024 * kib;

/// The memory object, without asking for the native handle.
inline cl_mem memory(const Buffer& buffer) { return detail::handle_of(buffer).memory; }

inline cl_uint references(cl_mem memory) {
  cl_uint count = 0;
  clGetMemObjectInfo(memory, CL_MEM_REFERENCE_COUNT, sizeof(count), &count, nullptr);
  return count;
}

inline std::size_t count_of(const Buffer& buffer) { return buffer.nbytes() / sizeof(float); }

/// Work on a buffer of floats.
class MemoryPoolWork : public testing::Test {
 protected:
  /// All elements become `value`, whatever they were.
  void set(const Stream& stream, const Buffer& buffer, float value) const {
    set_.launch(stream, NDRange({count_of(buffer)}), writes(buffer), value);
  }
  void copy(const Stream& stream, const Buffer& from, const Tensor& to) const {
    copy_.launch(stream, NDRange({count_of(from)}), reads(from), writes(to));
  }
  static std::vector<float> values(const Stream& stream, const Buffer& buffer) {
    const auto count = static_cast<std::int64_t>(count_of(buffer));
    return Tensor::from_buffer(buffer, {count}).to_host<float>(stream);
  }

 private:
  Program program_ = Program::from_source(context(), {.name = "test.cl", .text = R"(
    kernel void set(global float* data, float value) { data[get_global_id(0)] = value; }
    kernel void copy(global const float* from, global float* to) {
      to[get_global_id(0)] = from[get_global_id(0)];
    })"});
  Kernel set_{program_, "set"}, copy_{program_, "copy"};
};

}  // namespace dovetail::test
