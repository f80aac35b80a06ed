// SPDX-License-Identifier: Apache-2.0
// That no kernel of the library makes a driver's compiler warn.
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "dovetail/opencl.hpp"
#include "dovetail/runtime/program.hpp"
#include "lib/ops/matmul/plan/plan.hpp"
#include "lib/ops/matmul/problem/arguments.hpp"
#include "lib/runtime/embedded_kernels.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/temporary_directory.hpp"

namespace dovetail {
namespace {

using detail::MatmulPlan;
using detail::MatmulSizes;
using test::context;

struct Build {
  std::string_view file;
  BuildOptions options;

  Build(std::string_view file_in, BuildOptions options_in)
      : file(file_in), options(std::move(options_in)) {}
  explicit Build(const MatmulPlan& plan) : Build(plan.file, plan.options) {}
};

/// As for a GPU, whatever the device.
detail::DeviceTraits gpu_traits() {
  detail::DeviceTraits traits = detail::traits_of(context().device());
  traits.is_cpu = false;
  return traits;
}

/// Products by rule, with transposes and an epilogue, of one row, and by some other kernels.
void add_products(std::vector<Build>& builds, const detail::DeviceTraits& device, MatmulSizes s) {
  const auto add = [&](const std::string& choice) {
    if (const auto plan = plan_choice(device, s, choice)) builds.emplace_back(*plan);
  };
  add(default_choice(device, s));
  builds.emplace_back(plan_pack(device, s));
  s.is_b_packed = true;
  add("");
  s.is_b_packed = false;
  s.transpose_a = s.transpose_b = s.has_epilogue = true;
  add(default_choice(device, s));
  // Tiles whose columns are packed in the widest pieces.
  add("panel swap=0 vectors=1 rows=16 kc=256 steps=256 items=1 in_place=0 parts=1");
  add("panel swap=1 vectors=2 rows=4 kc=256 steps=256 items=1 in_place=0 parts=1");
  add("reference");
  s.m = 1;
  add(default_choice(device, s));
}

/// Every family of kernels, those for CPUs only on such a device, in all types; a new one has to be
/// added here.
std::vector<Build> all_builds() {
  const detail::DeviceTraits device = detail::traits_of(context().device());
  std::vector<Build> builds;
  for (const int operands : {1, 2}) {
    for (const int step : {0, 1, 2, 3}) {
      builds.emplace_back(step == 3 ? "pointwise/tiles.cl" : "pointwise/rows.cl",
                          BuildOptions()
                              .define("OPERATIONS")
                              .define("OPERANDS", operands)
                              .define("STEP_OUT", step == 2 ? 2 : 0)
                              .define("STEP_X", step)
                              .define("APPLY", operands == 1 ? "apply_silu" : "apply_maximum")
                              .define("KERNEL", "kernel_f32"));
    }
  }
  if (device.is_cpu) builds.emplace_back("reduce/softmax.cl", BuildOptions());
  builds.emplace_back("reduce/softmax.cl", BuildOptions().define("GROUP", 256));
  for (const DType dtype : {DType::f32, DType::f64, DType::f16, DType::bf16, DType::i8}) {
    if (dtype == DType::f64 && !context().device().has_extension("cl_khr_fp64")) continue;
    const MatmulSizes s{.m = 500,
                        .n = 500,
                        .k = 500,
                        .batch = 1,
                        .in = dtype,
                        .out = dtype == DType::i8 ? DType::i32 : dtype};
    if (device.is_cpu) add_products(builds, device, s);
    const bool is_sampled = dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::i8;
    if (!device.is_cpu || is_sampled) add_products(builds, gpu_traits(), s);
    builds.emplace_back("matmul/epilogue.cl", detail::matmul_types(s.in, s.out, true));
  }
  return builds;
}

/// Intel's vectoriser remarks on loops of its own making, and calls some remarks warnings. Kernels
/// for GPUs ask for loops to be unrolled that a compiler for CPUs first spreads over work-items.
bool has_warning(const std::string& log, bool is_foreign) {
  const bool is_with_remarks = log.find("remark: ") != std::string::npos;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    const auto has = [&](const char* words) { return line.find(words) != std::string::npos; };
    const bool is_tolerated =
        has("loop not unrolled") && (is_foreign || (is_with_remarks && has("<unknown>:0:0")));
    if (has("warning") && !is_tolerated) return true;
  }
  return false;
}

TEST(EmbeddedKernels, BuildWithoutWarnings) {
  if (test::in_child()) {
    for (const Build& build : all_builds()) {
      const bool is_foreign = context().device().type() == DeviceType::cpu &&
                              build.file.find("/gpu/") != std::string_view::npos;
      SCOPED_TRACE(std::string(build.file) + " with " + build.options.str());
      testing::internal::CaptureStderr();
      const Program program =
          Program::from_source(context(), detail::kernel_source(build.file), build.options);
      const std::string printed = testing::internal::GetCapturedStderr();
      if (!is_foreign) {
        EXPECT_EQ(printed, "");
      }
      const auto log =
          cl::Program(program.get(), true)
              .getBuildInfo<CL_PROGRAM_BUILD_LOG>(cl::Device(context().device().get(), true));
      EXPECT_FALSE(has_warning(log, is_foreign)) << log;
    }
    return;
  }
  const test::TemporaryDirectory cold;  // a driver warns only when it compiles
  const auto child = test::run_again_in_child({{"POCL_CACHE_DIR", cold.path().string()}});
  EXPECT_TRUE(child.passed) << child.output;
}

}  // namespace
}  // namespace dovetail
