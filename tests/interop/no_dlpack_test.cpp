// SPDX-License-Identifier: Apache-2.0
// The functions of a build without DLPack report that it has none.
#include <gtest/gtest.h>

#include "dovetail/core/error.hpp"
#include "dovetail/interop/dlpack.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

TEST(WithoutDlpack, EveryFunctionNamesTheRemedy) {
  const Stream stream(test::context());
  const Tensor tensor = Tensor::zeros(stream, {2});
  const auto expect_remedy = [](const std::string& text) {
    test::expect_parts(text, "no DLPack", "libdlpack-dev", "-DDOVETAIL_WITH_DLPACK=ON");
  };
  expect_remedy(test::text_thrown<Error>([&] { (void)interop::to_dlpack(tensor); }));
  expect_remedy(test::text_thrown<Error>([&] { (void)interop::to_dlpack_host(stream, tensor); }));
  expect_remedy(
      test::text_thrown<Error>([&] { (void)interop::from_dlpack(test::context(), nullptr); }));
}

}  // namespace
}  // namespace dovetail
