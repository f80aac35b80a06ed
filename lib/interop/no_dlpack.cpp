// SPDX-License-Identifier: Apache-2.0
// Stands in for dlpack_export.cpp and dlpack_import.cpp in a build without DLPack.
#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "dovetail/interop/dlpack.hpp"

namespace dovetail::interop {
namespace {

[[noreturn]] void refuse(const char* function) {
  throw Error(fmt::format(
      "[{}] this build has no DLPack; install dlpack/dlpack.h (libdlpack-dev) and configure with "
      "-DDOVETAIL_WITH_DLPACK=ON.",
      function));
}

}  // namespace

DLManagedTensor* to_dlpack(cl_command_queue /*consumer*/, const Tensor& /*tensor*/) {
  refuse("to_dlpack");
}
DLManagedTensor* to_dlpack_host(const Stream& /*stream*/, const Tensor& /*tensor*/) {
  refuse("to_dlpack_host");
}
Tensor from_dlpack(const Context& /*context*/, DLManagedTensor* /*managed*/,
                   const DlpackImportOptions& /*options*/) {
  refuse("from_dlpack");
}

}  // namespace dovetail::interop
