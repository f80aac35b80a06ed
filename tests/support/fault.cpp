// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fault.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "dovetail/core/device.hpp"
#include "tests/support/call_counts.hpp"
#include "tests/support/failing_layer/faults.h"

namespace dovetail::test {
namespace {

const dovetail_failing_layer_api* layer() {
  static const auto* const api = []() -> const dovetail_failing_layer_api* {
    static_cast<void>(Device::all());  // the loader opens its layers at the first OpenCL call
    void* library = ::dlopen(DOVETAIL_FAILING_LAYER_LIBRARY, RTLD_NOW | RTLD_NOLOAD);
    if (library == nullptr) return nullptr;
    return static_cast<const dovetail_failing_layer_api*>(
        ::dlsym(library, DOVETAIL_FAILING_LAYER_SYMBOL));
  }();
  return api;
}

}  // namespace

Fault::Fault(std::string entry_point, std::int32_t kind, const FaultOptions& options)
    : entry_point_(std::move(entry_point)) {
  const dovetail_fault fault{
      .kind = kind, .status = options.status, .skip = options.skip, .count = options.count};
  if (layer() == nullptr || layer()->arm(entry_point_.c_str(), &fault) == 0) {
    throw std::logic_error("no failing layer, or it does not know " + entry_point_);
  }
}

Fault::Fault(std::string entry_point, const FaultOptions& options)
    : Fault(std::move(entry_point), dovetail_fault_of_call, options) {}

Fault::~Fault() { layer()->arm(entry_point_.c_str(), nullptr); }

std::uint64_t Fault::fired() const { return layer()->fired(entry_point_.c_str()); }

CommandFault::CommandFault(const FaultOptions& options)
    : Fault("clGetEventInfo", dovetail_fault_of_command, options) {}

bool faults_are_possible() { return layer() != nullptr; }

void FaultTest::SetUp() {
  if (faults_are_possible()) return;
  if (std::getenv("OPENCL_LAYERS") == nullptr) {
    GTEST_SKIP() << "start the test with OPENCL_LAYERS=<path>/libDovetailFailingLayer.so";
  }
  ASSERT_FALSE(loader_takes_layers()) << "the loader did not open the layer";
  GTEST_SKIP() << "this OpenCL loader takes no layers; ocl-icd does";
}

}  // namespace dovetail::test
