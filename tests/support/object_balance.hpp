// SPDX-License-Identifier: Apache-2.0
// OpenCL objects made and let go of, from the counts of the layer.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "tests/support/call_counts.hpp"

namespace dovetail::test {

/// References taken and not given back, by kind.
struct ObjectBalance {
  std::int64_t contexts = 0, queues = 0, buffers = 0, events = 0, kernels = 0, programs = 0;

  /// @param calls   Of a stretch of work.
  /// @param events_out  Handed out meanwhile, see Totals.
  /// @param from_programs  Kernels that programs made all at once, to look at their signatures.
  ObjectBalance(const Calls& calls, std::uint64_t events_out, std::int64_t from_programs) {
    const auto sum = [&](std::initializer_list<const char*> names) {
      std::int64_t count = 0;
      for (const char* name : names) {
        const auto place = calls.find(name);
        if (place != calls.end()) count += static_cast<std::int64_t>(place->second);
      }
      return count;
    };
    contexts = sum({"clCreateContext", "clCreateContextFromType", "clRetainContext"}) -
               sum({"clReleaseContext"});
    queues = sum({"clCreateCommandQueue", "clCreateCommandQueueWithProperties",
                  "clRetainCommandQueue"}) -
             sum({"clReleaseCommandQueue"});
    buffers = sum({"clCreateBuffer", "clCreateBufferWithProperties", "clCreateSubBuffer",
                   "clRetainMemObject"}) -
              sum({"clReleaseMemObject"});
    events = static_cast<std::int64_t>(events_out) + sum({"clCreateUserEvent", "clRetainEvent"}) -
             sum({"clReleaseEvent"});
    kernels = from_programs + sum({"clCreateKernel", "clCloneKernel", "clRetainKernel"}) -
              sum({"clReleaseKernel"});
    programs = sum({"clCreateProgramWithSource", "clCreateProgramWithBinary",
                    "clCreateProgramWithIL", "clRetainProgram"}) -
               sum({"clReleaseProgram"});
  }

  std::string str() const {
    return "contexts " + std::to_string(contexts) + ", queues " + std::to_string(queues) +
           ", buffers " + std::to_string(buffers) + ", events " + std::to_string(events) +
           ", kernels " + std::to_string(kernels) + ", programs " + std::to_string(programs);
  }
};

}  // namespace dovetail::test
