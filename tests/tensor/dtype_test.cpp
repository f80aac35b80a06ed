// SPDX-License-Identifier: Apache-2.0
#include "dovetail/tensor/dtype.hpp"

#include <gtest/gtest.h>

namespace dovetail {
namespace {

TEST(DType, HasTheSizeAndTheNameOfItsElements) {
  const struct {
    DType dtype;
    std::size_t nbytes;
    const char* name;
  } all[] = {{DType::f32, 4, "float32"},   {DType::f64, 8, "float64"}, {DType::f16, 2, "float16"},
             {DType::bf16, 2, "bfloat16"}, {DType::i64, 8, "int64"},   {DType::i32, 4, "int32"},
             {DType::i8, 1, "int8"},       {DType::u8, 1, "uint8"},    {DType::boolean, 1, "bool"}};
  for (const auto& [dtype, nbytes, name] : all) {
    EXPECT_EQ(size_of(dtype), nbytes) << name;
    EXPECT_EQ(to_string(dtype), name);
  }
}

TEST(DType, OfACppTypeHasItsSize) {
  static_assert(dtype_of<float> == DType::f32);
  static_assert(dtype_of<double> == DType::f64);
  static_assert(dtype_of<std::int64_t> == DType::i64);
  static_assert(dtype_of<std::int32_t> == DType::i32);
  static_assert(dtype_of<std::int8_t> == DType::i8);
  static_assert(dtype_of<std::uint8_t> == DType::u8);
  static_assert(dtype_of<bool> == DType::boolean && sizeof(bool) == 1);
  static_assert(dtype_of<Float16> == DType::f16 && sizeof(Float16) == 2);
  static_assert(dtype_of<BFloat16> == DType::bf16 && sizeof(BFloat16) == 2);
  EXPECT_EQ(size_of(dtype_of<float>), sizeof(float));
  EXPECT_EQ(size_of(dtype_of<double>), sizeof(double));
}

}  // namespace
}  // namespace dovetail
