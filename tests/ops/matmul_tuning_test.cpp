// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/matmul_tuning.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/explain.hpp"
#include "tests/ops/tuned_product.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::device;
using test::expect_throws;
using test::product;

TEST(MatmulTuning, ListsTheChoiceByRuleFirst) {
  const auto choices = matmul_choices(device(), product);
  ASSERT_FALSE(choices.empty());
  EXPECT_EQ(matmul_tuning(device(), product).choice, choices.front());
  auto sorted = choices;
  std::ranges::sort(sorted);
  EXPECT_EQ(std::ranges::adjacent_find(sorted), sorted.end()) << "one twice";
}

TEST(MatmulTuning, EveryChoiceGivesTheProduct) {
  const Stream stream(context());
  const test::Product sizes{.m = 11, .n = 700, .k = 23};
  const auto a = test::random_values(sizes.a_size(), 1), b = test::random_values(sizes.b_size(), 2);
  const Tensor tensor_a = Tensor::from_host<float>(context(), a, {11, 23});
  const Tensor tensor_b = Tensor::from_host<float>(context(), b, {23, 700});
  for (const std::string& choice : matmul_choices(device(), product)) {
    SCOPED_TRACE(choice);
    set_matmul_tuning(device(), product, {.choice = choice});
    EXPECT_EQ(matmul_tuning(device(), product).choice, choice);
    const Tensor out = matmul(stream, tensor_a, tensor_b, {.backend = MatmulBackend::kernel});
    test::expect_product(sizes, a, b, out.to_host<float>(stream));
  }
  set_matmul_tuning(device(), product, {});
}

/// What a product of zeros gives its stream.
std::vector<std::string> commands_of(const MatmulCase& p, MatmulBackend backend) {
  const Stream stream(context());
  const Tensor a = Tensor::zeros(stream, {p.m, p.k}), b = Tensor::zeros(stream, {p.k, p.n});
  const Tensor out = Tensor::zeros(stream, {p.m, p.n});
  std::vector<std::string> names;
  OrderRecorder recorder;
  matmul_into(stream, a, b, out, {.backend = backend});
  for (const OrderEntry& entry : recorder.take()) {
    if (const auto* const command = std::get_if<CommandEntry>(&entry)) {
      names.push_back(command->what);
    }
  }
  stream.synchronize();
  return names;
}

bool contains(const std::vector<std::string>& names, std::string_view part) {
  return std::ranges::any_of(
      names, [&](const std::string& name) { return name.find(part) != std::string::npos; });
}

std::string family(const std::string& choice) { return choice.substr(0, choice.find(' ')); }

TEST(MatmulTuning, DecidesWhichKernelRuns) {
  const MatmulCase thin{.m = 2, .n = 701, .k = 1031};
  const auto choices = matmul_choices(device(), thin);
  const auto other = std::ranges::find_if(choices, [&](const std::string& choice) {
    return family(choice) != family(choices.front());
  });
  if (other == choices.end()) GTEST_SKIP() << "All choices on this device are of one family.";
  for (const std::string& choice : {choices.front(), *other, choices.front()}) {
    set_matmul_tuning(device(), thin, {.choice = choice});
    for (const MatmulBackend backend : {MatmulBackend::kernel, MatmulBackend::automatic}) {
      const auto commands = commands_of(thin, backend);
      EXPECT_TRUE(contains(commands, "matmul_" + family(choice)))
          << testing::PrintToString(commands);
    }
  }
}

TEST(MatmulTuning, DecidesWhetherTheVendorRuns) {
  const auto& backends = matmul_backends();
  if (std::ranges::find(backends, MatmulBackend::clblast) == backends.end()) {
    GTEST_SKIP() << "this build has no CLBlast";
  }
  const MatmulCase square{.m = 83, .n = 85, .k = 87};
  for (const MatmulBackend backend :
       {MatmulBackend::kernel, MatmulBackend::clblast, MatmulBackend::kernel}) {
    set_matmul_tuning(device(), square, {.backend = backend});
    const auto commands = commands_of(square, MatmulBackend::automatic);
    EXPECT_EQ(contains(commands, "CLBlast"), backend == MatmulBackend::clblast)
        << testing::PrintToString(commands);
    EXPECT_FALSE(contains(commands_of(square, MatmulBackend::kernel), "CLBlast"));
  }
}

TEST(MatmulTuning, EmptyChoiceForgetsIt) {
  const auto by_rule = matmul_choices(device(), product).front();
  set_matmul_tuning(device(), product, {.choice = matmul_choices(device(), product).back()});
  EXPECT_TRUE(has_matmul_tuning(device(), product));
  set_matmul_tuning(device(), product, {});
  EXPECT_EQ(matmul_tuning(device(), product).choice, by_rule);
}

TEST(MatmulTuning, RuleReplacesANearCaseThatCannotRun) {
  // A choice for whole panels of columns, which near and probe have not; found by what is refused.
  const MatmulCase whole{.m = 12, .n = 1536, .k = 29}, near{.m = 12, .n = 1535, .k = 29};
  const MatmulCase probe{.m = 12, .n = 1535, .k = 35};
  const std::string by_rule = matmul_tuning(device(), near).choice;
  for (const std::string& choice : matmul_choices(device(), whole)) {
    try {
      set_matmul_tuning(device(), probe, {.choice = choice});
    } catch (const InvalidArgument&) {
      set_matmul_tuning(device(), whole, {.choice = choice});
      EXPECT_EQ(matmul_tuning(device(), whole).choice, choice);
      EXPECT_EQ(matmul_tuning(device(), near).choice, by_rule) << choice;
      return;
    }
  }
  GTEST_SKIP() << "Every choice can run everything on this device.";
}

TEST(MatmulTuning, LeavesWhatTheVendorDoesNotOfferToTheKernels) {
  const MatmulCase halves{.dtype = DType::bf16, .m = 9, .n = 10, .k = 11};
  set_matmul_tuning(device(), halves, {.backend = MatmulBackend::clblast});
  const Stream stream(context());
  const Tensor out = matmul(stream, Tensor::full(stream, {9, 11}, 1.0, DType::bf16),
                            Tensor::full(stream, {11, 10}, 2.0, DType::bf16));
  for (const BFloat16 value : out.to_host<BFloat16>(stream)) {
    EXPECT_EQ(static_cast<float>(value), 22.0f);
  }
}

TEST(MatmulTuning, RefusesWhatCannotRun) {
  expect_throws<InvalidArgument>(
      [] { set_matmul_tuning(device(), product, {.choice = "no such kernel"}); },
      "[set_matmul_tuning] 'no such kernel' cannot run 1 x [11, 23] by [23, 700] of float32",
      "matmul_choices");
  expect_throws<InvalidArgument>(
      [] { set_matmul_tuning(device(), product, {.backend = MatmulBackend::reference}); },
      "backend reference");
  expect_throws<InvalidArgument>([] { static_cast<void>(matmul_tuning(device(), {.m = 0})); },
                                 "[matmul_tuning]", "from 1");
  expect_throws<InvalidArgument>(
      [] { static_cast<void>(matmul_choices(device(), {.dtype = DType::i64})); },
      "[matmul_choices]", "int64");
}

}  // namespace
}  // namespace dovetail
