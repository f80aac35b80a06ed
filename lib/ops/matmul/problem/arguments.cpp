// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/problem/arguments.hpp"

#include "lib/ops/common/element_macro.hpp"

namespace dovetail::detail {

DType sum_dtype(DType dtype) noexcept {
  return dtype == DType::f64 ? DType::f64 : dtype == DType::i8 ? DType::i32 : DType::f32;
}

BuildOptions matmul_types(DType in, DType out, bool has_epilogue) {
  return BuildOptions()
      .define("IN", element_macro(in))
      .define("OUT", element_macro(out))
      .define("EPILOGUE", has_epilogue ? 1 : 0);
}

}  // namespace dovetail::detail
