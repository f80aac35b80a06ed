// SPDX-License-Identifier: Apache-2.0
// The contexts and kernels that tests share within a process.
#pragma once

#include "dovetail/core/context.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/runtime/program.hpp"

namespace dovetail::test {

inline const Context& context() { return Context::default_context(); }

/// A second context on the same device.
inline const Context& other_context() {
  static const Context* const other = new Context(Device::default_device());
  return *other;
}

inline Kernel kernel_from(const char* text, std::string_view name) {
  return Kernel(Program::from_source(context(), {.name = "test.cl", .text = text}), name);
}

/// data[i] = data[i] * factor + summand: runs in another order give other results.
inline Kernel multiply_add_kernel() {
  return kernel_from(
      "kernel void multiply_add(global float* data, float factor, float summand) {\n"
      "  const size_t i = get_global_id(0);\n"
      "  data[i] = data[i] * factor + summand;\n"
      "}\n",
      "multiply_add");
}

}  // namespace dovetail::test
