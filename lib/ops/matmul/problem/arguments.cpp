// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/problem/arguments.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace dovetail::detail {
namespace {

/// The macro by which the kernels call a type, such as "BF16".
std::string macro_of(DType dtype) {
  std::string name(info(dtype).short_name);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

}  // namespace

DType sum_dtype(DType dtype) noexcept {
  return dtype == DType::f64 ? DType::f64 : dtype == DType::i8 ? DType::i32 : DType::f32;
}

BuildOptions matmul_types(DType in, DType out, bool has_epilogue) {
  return BuildOptions()
      .define("IN", macro_of(in))
      .define("OUT", macro_of(out))
      .define("EPILOGUE", has_epilogue ? 1 : 0);
}

}  // namespace dovetail::detail
