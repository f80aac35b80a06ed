// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/scalar_kind.hpp"

#include <gtest/gtest.h>

namespace dovetail {
namespace {

TEST(ScalarKind, HasANameAndAnOpenCLType) {
  using enum ScalarKind;
  const struct {
    ScalarKind kind;
    const char* name;
    const char* type;
  } all[] = {{f32, "float32", "float"}, {f64, "float64", "double"}, {i8, "int8", "char"},
             {u8, "uint8", "uchar"},    {i16, "int16", "short"},    {u16, "uint16", "ushort"},
             {i32, "int32", "int"},     {u32, "uint32", "uint"},    {i64, "int64", "long"},
             {u64, "uint64", "ulong"},  {f16, "float16", "half"},   {bf16, "bfloat16", "ushort"},
             {boolean, "bool", "uchar"}};
  for (const auto& [kind, name, type] : all) {
    EXPECT_EQ(to_string(kind), name);
    EXPECT_EQ(opencl_type(kind), type);
  }
}

}  // namespace
}  // namespace dovetail
