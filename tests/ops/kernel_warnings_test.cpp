// SPDX-License-Identifier: Apache-2.0
// That no kernel of the library makes a driver's compiler warn.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dovetail/opencl.hpp"
#include "dovetail/runtime/program.hpp"
#include "lib/ops/matmul_arguments.hpp"
#include "lib/ops/matmul_plan.hpp"
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

bool is_cpu() { return context().device().type() == DeviceType::cpu; }

/// Panels and vectors, what is packed for them, and tiles whose columns are packed in the widest
/// pieces.
void add_cpu_products(std::vector<Build>& builds, MatmulSizes s) {
  const detail::CpuLimits cpu = detail::cpu_limits(context().device());
  const auto add = [&](const std::string& choice) {
    if (const auto plan = detail::plan_choice_cpu(cpu, s, choice)) builds.emplace_back(*plan);
  };
  add(detail::default_choice_cpu(cpu, s));
  builds.emplace_back(detail::plan_pack_cpu(cpu, s));
  builds.emplace_back(detail::plan_packed_cpu(cpu, s));
  s.transpose_a = s.transpose_b = s.has_epilogue = true;
  for (const char* choice :
       {"panel swap=0 vectors=1 rows=16 kc=256 steps=256 items=1 in_place=0 parts=1",
        "panel swap=1 vectors=2 rows=4 kc=256 steps=256 items=1 in_place=0 parts=1", "reference"}) {
    add(choice);
  }
  s.m = 1;
  add(detail::default_choice_cpu(cpu, s));
}

void add_gpu_products(std::vector<Build>& builds, MatmulSizes s) {
  const Device& gpu = context().device();
  const auto add = [&](const std::string& choice) {
    builds.emplace_back(*detail::plan_choice_gpu(gpu, s, choice));
  };
  add(detail::default_choice_gpu(gpu, s));
  s.transpose_a = s.transpose_b = s.has_epilogue = true;
  add(detail::default_choice_gpu(gpu, s));
  add("reference");
  builds.emplace_back("matmul/pack_rows.cl", detail::matmul_options(s));
  s.m = 1;
  add(detail::default_choice_gpu(gpu, s));
}

/// Every family of kernels that runs on this device, in all types.
std::vector<Build> builds_here() {
  std::vector<Build> builds;
  for (const char* operation : {"SILU", "MAXIMUM"}) {
    builds.emplace_back("ops/elementwise.cl", BuildOptions().define("OPERATION", operation));
  }
  builds.emplace_back("ops/softmax.cl",
                      is_cpu() ? BuildOptions() : BuildOptions().define("GROUP", 256));
  for (const DType dtype : {DType::f32, DType::f64, DType::f16, DType::bf16, DType::i8}) {
    if (dtype == DType::f64 && !context().device().has_extension("cl_khr_fp64")) continue;
    const MatmulSizes s{.m = 500,
                        .n = 500,
                        .k = 500,
                        .batch = 1,
                        .in = dtype,
                        .out = dtype == DType::i8 ? DType::i32 : dtype};
    (is_cpu() ? add_cpu_products : add_gpu_products)(builds, s);
    builds.emplace_back("matmul/epilogue.cl", detail::matmul_types(s.in, s.out, true));
  }
  return builds;
}

/// Intel's vectoriser remarks on loops of its own making, and calls some remarks warnings.
bool has_warning(const std::string& log) {
  constexpr std::string_view word = "warning", remark = "warning: <unknown>:0:0: loop not unrolled";
  const bool is_with_remarks = log.find("remark: ") != std::string::npos;
  for (std::size_t at = log.find(word); at != std::string::npos; at = log.find(word, at + 1)) {
    if (!is_with_remarks || log.compare(at, remark.size(), remark) != 0) return true;
  }
  return false;
}

TEST(EmbeddedKernels, BuildWithoutWarnings) {
  if (test::in_child()) {
    for (const Build& build : builds_here()) {
      SCOPED_TRACE(std::string(build.file) + " with " + build.options.str());
      testing::internal::CaptureStderr();
      const Program program =
          Program::from_source(context(), detail::kernel_source(build.file), build.options);
      EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
      const auto log =
          cl::Program(program.get(), true)
              .getBuildInfo<CL_PROGRAM_BUILD_LOG>(cl::Device(context().device().get(), true));
      EXPECT_FALSE(has_warning(log)) << log;
    }
    return;
  }
  const test::TemporaryDirectory cold;  // a driver warns only when it compiles
  const auto child = test::run_again_in_child({{"POCL_CACHE_DIR", cold.path().string()}});
  EXPECT_TRUE(child.passed) << child.output;
}

}  // namespace
}  // namespace dovetail
