// SPDX-License-Identifier: Apache-2.0
#include "lib/core/fork_guard.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "dovetail/core/context.hpp"
#include "dovetail/core/error.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::expect_parts;
using test::run_in_fork;

/// Makes the driver start its threads, if it has any.
void use(const Context& context) {
  const test::NativeQueue queue(context);
  cl_event marker = nullptr;
  if (clEnqueueMarkerWithWaitList(queue.get(), 0, nullptr, &marker) != CL_SUCCESS ||
      clWaitForEvents(1, &marker) != CL_SUCCESS || clReleaseEvent(marker) != CL_SUCCESS) {
    throw std::runtime_error("a marker cannot be waited for");
  }
}

const Context& used_context() {
  use(Context::default_context());
  return Context::default_context();
}

cl_uint references(cl_context context) {
  cl_uint count = 0;
  clGetContextInfo(context, CL_CONTEXT_REFERENCE_COUNT, sizeof(count), &count, nullptr);
  return count;
}

cl_uint references(cl_program program) {
  cl_uint count = 0;
  clGetProgramInfo(program, CL_PROGRAM_REFERENCE_COUNT, sizeof(count), &count, nullptr);
  return count;
}

/// Returns the text of the error that `call` throws in a forked child.
template <typename Call>
std::string refusal_in_fork(Call call) {
  const auto child = run_in_fork([&]() -> std::string {
    try {
      call();
    } catch (const ForkedProcess& error) {
      return error.what();
    }
    return "nothing was thrown";
  });
  EXPECT_TRUE(child.ended) << "the child hangs";
  EXPECT_EQ(child.exit_code, 0);
  return child.text;
}

TEST(ForkGuard, ContextsAndDevicesThrowInAForkedChild) {
  const Context& context = used_context();
  const auto remedies = {"had used OpenCL", "exec a new program", "fork before the first use"};
  const auto expect_refusal = [&](const char* function, const std::function<void()>& call) {
    const std::string text = refusal_in_fork(call);
    expect_parts(text, function);
    for (const char* part : remedies) expect_parts(text, part);
  };
  expect_refusal("[Context]", [&] { static_cast<void>(Context(context.device())); });
  expect_refusal("[Context::retain]",
                 [&] { static_cast<void>(Context::retain(context.get(), context.device())); });
  expect_refusal("[Context::default_context]", [] { Context::default_context(); });
  expect_refusal("[Device]", [&] { static_cast<void>(Device(context.device().get())); });
  expect_refusal("[Device::all]", [] { static_cast<void>(Device::default_device()); });
}

TEST(ForkGuard, ProgramsThrowInAForkedChild) {
  const Context& context = used_context();
  ProgramCache cache(context, {});
  const ProgramSource source{.name = "f.cl", .text = "kernel void f(global int* x) { x[0] = 1; }"};
  const Program program = cache.get(source);
  expect_parts(refusal_in_fork([&] { static_cast<void>(cache.get(source)); }),
               "[ProgramCache::get]");
  expect_parts(refusal_in_fork([&] { ProgramCache(context, {}); }), "[ProgramCache]");
  expect_parts(refusal_in_fork([&] { static_cast<void>(Program::from_source(context, source)); }),
               "[Program::from_source]");
  expect_parts(refusal_in_fork([&] { static_cast<void>(Program::from_binary(context, "f", {})); }),
               "[Program::from_binary]");
  expect_parts(refusal_in_fork([&] { static_cast<void>(program.binary()); }), "[Program::binary]");
}

TEST(ForkGuard, ParentGoesOnAsBefore) {
  used_context();
  const auto child =
      run_in_fork([] { return detail::in_forked_child() ? "forked" : "not forked"; });
  EXPECT_EQ(child.text, "forked");
  EXPECT_FALSE(detail::in_forked_child());
  detail::check_not_forked("Stream::synchronize");
  use(Context(Device::default_device()));
}

TEST(ForkGuard, ErrorNamesTheFunction) {
  used_context();
  expect_parts(refusal_in_fork([] { detail::check_not_forked("Stream::synchronize"); }),
               "[Stream::synchronize]");
}

TEST(ForkGuard, GrandchildKnowsThatItIsForked) {
  used_context();
  const auto child = run_in_fork([] {
    return run_in_fork([] { return detail::in_forked_child() ? "forked" : "not forked"; }).text;
  });
  EXPECT_EQ(child.text, "forked");
}

TEST(ForkGuard, DestructorsInAForkedChildReleaseNothing) {
  const Context& context = used_context();
  const cl_context native = context.get();
  std::optional<Context> retained = Context::retain(native, context.device());
  std::optional<ProgramCache> cache(std::in_place, context, ProgramCacheOptions{});
  std::optional<Program> program =
      Program::from_source(context, {.name = "f.cl", .text = "kernel void f() {}"});
  ASSERT_EQ(clRetainProgram(program->get()), CL_SUCCESS);
  const cl_program native_program = program->get();
  const auto counts = [&] {
    return std::to_string(references(native)) + " " + std::to_string(references(native_program));
  };
  const std::string before = counts();
  const auto child = run_in_fork([&] {
    retained.reset();
    cache.reset();
    program.reset();
    return counts();
  });
  EXPECT_TRUE(child.ended) << "the child hangs";
  EXPECT_EQ(child.text, before);
  EXPECT_EQ(child.exit_code, 0);

  retained.reset();
  cache.reset();
  program.reset();
  EXPECT_NE(counts(), before);
  clReleaseProgram(native_program);
}

TEST(ForkGuard, ForkedChildExitsWithLiveObjects) {
  static const Context context(Device::default_device());
  static ProgramCache cache(context, {});
  static const Program program =
      cache.get({.name = "f.cl", .text = "kernel void f(global int* x) { x[0] = 1; }"});
  use(context);
  const auto child =
      run_in_fork([] { return program.name(); }, test::ChildEnd::through_destructors);
  EXPECT_TRUE(child.ended) << "the child hangs";
  EXPECT_EQ(child.exit_code, 0);
  EXPECT_EQ(child.text, "f.cl");
}

TEST(ForkGuard, ChildrenForkedBeforeTheFirstUseWork) {
  if (!test::in_child()) {  // this process may have used OpenCL
    const auto fresh = test::run_again_in_child();
    EXPECT_TRUE(fresh.passed) << fresh.output;
    return;
  }
  const auto child = run_in_fork([]() -> std::string {
    use(Context(Device::default_device()));
    use(Context::default_context());
    return detail::in_forked_child() ? "forked" : "not forked";
  });
  EXPECT_TRUE(child.ended) << "the child hangs";
  EXPECT_EQ(child.text, "not forked");
  EXPECT_EQ(child.exit_code, 0);
  use(Context::default_context());
}

TEST(ForkGuard, LookingForDevicesCountsAsUse) {
  if (!test::in_child()) {
    const auto fresh = test::run_again_in_child();
    EXPECT_TRUE(fresh.passed) << fresh.output;
    return;
  }
  static_cast<void>(Device::all());
  expect_parts(refusal_in_fork([] { static_cast<void>(Device::all()); }), "[Device::all]");
}

}  // namespace
}  // namespace dovetail
