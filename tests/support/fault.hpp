// SPDX-License-Identifier: Apache-2.0
// OpenCL calls that fail as a driver might have them fail. Needs the failing layer: tests/faults.
#pragma once

#include <CL/cl.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace dovetail::test {

/// What is to fail, counted from when the fault is made, by whatever thread calls.
struct FaultOptions {
  std::uint64_t skip = 0;  ///< So many calls pass first.
  std::uint64_t count = 1;
  cl_int status = CL_OUT_OF_RESOURCES;
};

/// Makes calls of one entry point return an error without doing anything, until the end of the
/// scope. One at a time for each entry point.
class Fault {
 public:
  [[nodiscard]] explicit Fault(std::string entry_point, const FaultOptions& options = {});
  ~Fault();
  Fault(const Fault&) = delete;
  Fault& operator=(const Fault&) = delete;

  /// How many calls have failed.
  std::uint64_t fired() const;

 protected:
  Fault(std::string entry_point, std::int32_t kind, const FaultOptions& options);

 private:
  std::string entry_point_;
};

/// Has queries of an event's status say that its command failed.
class CommandFault : public Fault {
 public:
  [[nodiscard]] explicit CommandFault(const FaultOptions& options = {});
};

/// Whether OpenCL's loader has opened the failing layer.
bool faults_are_possible();

/// Skips its tests where the failing layer is not asked for.
class FaultTest : public testing::Test {
 protected:
  void SetUp() override;
};

}  // namespace dovetail::test
