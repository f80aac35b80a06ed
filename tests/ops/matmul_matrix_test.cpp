// SPDX-License-Identifier: Apache-2.0
// Everything that matmul takes, in random combination: backends, types, sizes, transposes, batches,
// layouts, epilogues and values.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <tuple>

#include "tests/oracles/matmul_run.hpp"
#include "tests/support/contexts.hpp"

namespace dovetail {
namespace {

struct Types {
  DType in, out;
};
constexpr Types all_types[] = {{DType::f32, DType::f32},   {DType::f64, DType::f64},
                               {DType::f16, DType::f16},   {DType::f16, DType::f32},
                               {DType::bf16, DType::bf16}, {DType::bf16, DType::f32},
                               {DType::i8, DType::i32}};

using Parameter = std::tuple<MatmulBackend, Types>;

class MatmulMatrix : public testing::TestWithParam<Parameter> {
 protected:
  void SetUp() override {
    const Device& device = Device::default_device();
    if (in() == DType::f64 && !device.has_extension("cl_khr_fp64")) {
      GTEST_SKIP() << "the device has no float64";
    }
    if (backend() != MatmulBackend::clblast) return;
    if (in() != out() || in() == DType::bf16 || in() == DType::i8 ||
        (in() == DType::f16 && !device.has_extension("cl_khr_fp16"))) {
      GTEST_SKIP() << "CLBlast does not offer this";  // MatmulVendor looks at its refusal
    }
  }
  static MatmulBackend backend() { return std::get<0>(GetParam()); }
  static DType in() { return std::get<1>(GetParam()).in; }
  static DType out() { return std::get<1>(GetParam()).out; }
  /// Each new kernel takes the driver most of a second when it is first compiled.
  static std::uint32_t cases() {
    switch (backend()) {
      case MatmulBackend::kernel:
        return in() == DType::f32 ? 120 : 40;
      case MatmulBackend::clblast:
        return 60;
      default:
        return 15;
    }
  }
  void expect_right(std::uint32_t number) {
    const auto c = test::draw_product(number, backend(), in(), out());
    SCOPED_TRACE(c.str() + "\nagain: DOVETAIL_MATMUL_CASE=" + std::to_string(number));
    test::expect_right(stream, c);
  }
  Stream stream{test::context()};
};

TEST_P(MatmulMatrix, MatchesTheExactProductWithinItsBound) {
  if (const char* const number = std::getenv("DOVETAIL_MATMUL_CASE")) {
    expect_right(static_cast<std::uint32_t>(std::stoul(number)));
    return;
  }
  for (std::uint32_t number = 1; number <= cases(); ++number) {
    // Each suite has cases of its own.
    expect_right(number + 1000 * static_cast<std::uint32_t>(backend()) +
                 10000 * static_cast<std::uint32_t>(in()) +
                 100000 * static_cast<std::uint32_t>(out()));
    if (HasFailure()) return;
  }
}

std::string name(const testing::TestParamInfo<Parameter>& info) {
  const auto& [backend, types] = info.param;
  return std::string(to_string(backend)) + "_" + std::string(to_string(types.in)) + "_" +
         std::string(to_string(types.out));
}
INSTANTIATE_TEST_SUITE_P(Everything, MatmulMatrix,
                         testing::Combine(testing::ValuesIn(matmul_backends()),
                                          testing::ValuesIn(all_types)),
                         name);

}  // namespace
}  // namespace dovetail
