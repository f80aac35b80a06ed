// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/dtype.hpp"

#include <gtest/gtest.h>

namespace dovetail {
namespace {

TEST(DType, HasNamesASizeAndOpenCLTypes) {
  using enum DType;
  const struct {
    DType dtype;
    std::size_t nbytes;
    const char *name, *short_name, *opencl_type, *compute_type;
    DTypeClass type_class;
  } all[] = {
      {boolean, 1, "bool", "boolean", "uchar", "uchar", DTypeClass::boolean},
      {i8, 1, "int8", "i8", "char", "char", DTypeClass::signed_integer},
      {i16, 2, "int16", "i16", "short", "short", DTypeClass::signed_integer},
      {i32, 4, "int32", "i32", "int", "int", DTypeClass::signed_integer},
      {i64, 8, "int64", "i64", "long", "long", DTypeClass::signed_integer},
      {u8, 1, "uint8", "u8", "uchar", "uchar", DTypeClass::unsigned_integer},
      {u16, 2, "uint16", "u16", "ushort", "ushort", DTypeClass::unsigned_integer},
      {u32, 4, "uint32", "u32", "uint", "uint", DTypeClass::unsigned_integer},
      {u64, 8, "uint64", "u64", "ulong", "ulong", DTypeClass::unsigned_integer},
      {f16, 2, "float16", "f16", "half", "float", DTypeClass::floating},
      {bf16, 2, "bfloat16", "bf16", "ushort", "float", DTypeClass::floating},
      {f32, 4, "float32", "f32", "float", "float", DTypeClass::floating},
      {f64, 8, "float64", "f64", "double", "double", DTypeClass::floating},
  };
  EXPECT_EQ(dtype_table.size(), std::size(all));
  for (const auto& row : all) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(size_of(row.dtype), row.nbytes);
    EXPECT_EQ(to_string(row.dtype), row.name);
    EXPECT_EQ(info(row.dtype).dtype, row.dtype);
    EXPECT_EQ(info(row.dtype).short_name, row.short_name);
    EXPECT_EQ(info(row.dtype).opencl_type, row.opencl_type);
    EXPECT_EQ(info(row.dtype).compute_type, row.compute_type);
    EXPECT_EQ(info(row.dtype).type_class, row.type_class);
    EXPECT_EQ(dtype_named(row.name), row.dtype);
    EXPECT_EQ(dtype_named(row.short_name), row.dtype);
  }
  EXPECT_EQ(dtype_named("float8"), std::nullopt);
}

TEST(DType, HoldsOneCppType) {
  static_assert(dtype_of<std::uint16_t> == DType::u16);
  static_assert(dtype_of<BFloat16> == DType::bf16);
  for (const DTypeInfo& row : dtype_table) {
    with_type_of(row.dtype, [&]<typename T>(std::type_identity<T>) {
      EXPECT_EQ(dtype_of<T>, row.dtype) << row.name;
      EXPECT_EQ(sizeof(T), row.nbytes) << row.name;
    });
  }
}

}  // namespace
}  // namespace dovetail
