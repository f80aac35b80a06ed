// SPDX-License-Identifier: Apache-2.0
// How a process with streams and work in flight ends; each test runs in a process of its own.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "dovetail/ops/matmul.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;

/// Runs the test's child with empty caches, so that the driver compiles.
test::ChildResult run_cold() {
  const test::TemporaryDirectory caches;
  return test::run_again_in_child({{"POCL_CACHE_DIR", caches.path() / "driver"},
                                   {"DOVETAIL_CACHE_DIR", caches.path() / "library"}});
}

void launch_something(const Stream& stream) {
  test::multiply_add_kernel().launch(stream, NDRange({4096}), Tensor::zeros(stream, {4096}), 2.0f,
                                     1.0f);
}

TEST(ProcessExit, SucceedsWhileTheDriverCompilesForALiveStream) {
  if (test::in_child()) {
    static const Stream stream(context());
    return launch_something(stream);
  }
  const auto child = run_cold();
  EXPECT_TRUE(child.passed) << child.output;
}

TEST(ProcessExit, SucceedsWhileTheDriverCompilesForAGoneStream) {
  if (test::in_child()) return launch_something(Stream(context()));
  const auto child = run_cold();
  EXPECT_TRUE(child.passed) << child.output;
}

TEST(ProcessExit, StaticDestructorsUseStreams) {
  if (test::in_child()) {
    static const struct AtTheEnd {
      ~AtTheEnd() {
        const Stream stream(context());
        const Tensor ones = Tensor::full(stream, {8}, 1.0);
        if (ones.to_host<float>(stream).at(7) != 1.0f) std::_Exit(3);
      }
    } at_the_end;
    return;
  }
  const auto child = test::run_again_in_child();
  EXPECT_TRUE(child.passed) << child.output;
}

TEST(ProcessExit, GivesUpOnWorkThatNeverEndsAndSaysSo) {
  if (test::in_child()) {
    static const Stream& stream = *new Stream(context());
    cl_event never = clCreateUserEvent(context().get(), nullptr);
    stream.wait(Event::retain(never));
    return launch_something(stream);
  }
  const auto start = std::chrono::steady_clock::now();
  const auto child = test::run_again_in_child();
  EXPECT_TRUE(child.passed) << child.output;
  EXPECT_NE(child.output.find("ends with work that is not done"), std::string::npos)
      << child.output;
  EXPECT_NE(child.output.find("waits for an event of somebody else"), std::string::npos)
      << child.output;
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST(ProcessExit, NamesTheWorkOfAStreamThatIsGone) {
  if (test::in_child()) {
    const Stream stream(context());
    cl_event never = clCreateUserEvent(context().get(), nullptr);
    stream.wait(Event::retain(never));
    return launch_something(stream);
  }
  const auto child = test::run_again_in_child();
  EXPECT_TRUE(child.passed) << child.output;
  test::expect_parts(child.output, "ends with work that is not done",
                     "(its last handle is gone): given 2, of which 0 are known to be done",
                     "kernel 'multiply_add' (ticket 2)");
}

}  // namespace
}  // namespace dovetail
