// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul_arguments.hpp"

namespace dovetail::detail {
namespace {

std::string_view type_name(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return "F64";
    case DType::f16:
      return "F16";
    case DType::bf16:
      return "BF16";
    case DType::i8:
      return "I8";
    case DType::i32:
      return "I32";
    default:
      return "F32";
  }
}

}  // namespace

DType sum_dtype(DType dtype) noexcept {
  return dtype == DType::f64 ? DType::f64 : dtype == DType::i8 ? DType::i32 : DType::f32;
}

BuildOptions matmul_types(DType in, DType out, bool has_epilogue) {
  return BuildOptions()
      .define("IN", type_name(in))
      .define("OUT", type_name(out))
      .define("EPILOGUE", has_epilogue ? 1 : 0);
}

}  // namespace dovetail::detail
