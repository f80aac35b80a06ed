// SPDX-License-Identifier: Apache-2.0
// What a kernel's pointer accepts: matching elements of tensors and fields, and bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/field.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/runtime/recording.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::expect_throws;

bool has_double() { return context().device().has_extension("cl_khr_fp64"); }

/// kernel void take_<type>(global <type>* x)
Kernel kernel_with(const std::string& type) {
  static const Program* const program = [] {
    std::string text = "typedef float real;\ntypedef struct { float a; int b; } Pair;\n";
    for (const char* each :
         {"float", "float3", "float4", "double", "half", "int", "uint", "uint16", "long", "ulong2",
          "short", "ushort", "char", "uchar", "uchar4", "void", "Pair", "real"}) {
      if (std::string_view(each) == "double" && !has_double()) continue;
      text += "kernel void take_" + std::string(each) + "(global " + each + "* x) {}\n";
    }
    return new Program(Program::from_source(context(), {.name = "take.cl", .text = text}));
  }();
  return {*program, "take_" + type};
}

class KernelPointee : public testing::Test {
 protected:
  void expect_taken(const Kernel& kernel, const KernelArgument& argument) {
    EXPECT_NO_THROW(kernel.launch(stream, one, {&argument, 1}));
  }
  std::string refusal(const Kernel& kernel, const KernelArgument& argument) {
    return test::text_thrown<InvalidArgument>([&] { kernel.launch(stream, one, {&argument, 1}); });
  }

  const Stream stream{context()};
  const Runtime runtime{stream};
  const Capture capture{stream};  // checks launches without compiling or running them
  const NDRange one{1};
};

TEST_F(KernelPointee, TakesTensorsOfItsOwnDType) {
  std::vector<DType> any;
  for (const DTypeInfo& row : dtype_table) any.push_back(row.dtype);
  using enum DType;
  const std::vector<DType> shorts{i16, u16, f16, bf16}, ints{i32, u32}, longs{i64, u64};
  const struct {
    const char* type;
    std::vector<DType> takes;
  } pointees[] = {{"float", {f32}}, {"float4", {f32}}, {"float3", {f32}}, {"double", {f64}},
                  {"half", {f16}},  {"int", ints},     {"uint", ints},    {"uint16", ints},
                  {"long", longs},  {"ulong2", longs}, {"short", shorts}, {"ushort", shorts},
                  {"char", any},    {"uchar", any},    {"uchar4", any},   {"void", any},
                  {"Pair", any},    {"real", any}};
  for (const auto& [type, takes] : pointees) {
    if (std::string_view(type) == "double" && !has_double()) continue;
    const Kernel kernel = kernel_with(type);
    const std::string of_vectors(type + std::strcspn(type, "0123456789"));
    for (const DType dtype : any) {
      SCOPED_TRACE(std::string(to_string(dtype)) + " for " + type + "*");
      const Tensor tensor = Tensor::empty(stream, {64}, dtype);
      if (std::ranges::find(takes, dtype) != takes.end()) {
        expect_taken(kernel, tensor);
      } else {
        expect_parts(refusal(kernel, tensor), "argument 0, '" + std::string(type) + "* x',",
                     "elements of " + std::string(to_string(dtype)), "convert them",
                     "'" + std::string(info(dtype).opencl_type) + of_vectors + "*'", "storage()");
      }
    }
  }
}

TEST_F(KernelPointee, TakesFieldsOfItsOwnScalars) {
  const Kernel floats = kernel_with("float"), shorts = kernel_with("ushort"),
               ints = kernel_with("int");
  expect_taken(floats, Field<float>(runtime, {16}));
  expect_taken(floats, Field<cl_float4>(runtime, {16}));
  expect_taken(shorts, Field<std::int16_t>(runtime, {16}));
  expect_taken(shorts, Field<std::uint16_t>(runtime, {16}));
  expect_taken(ints, Field<std::uint32_t>(runtime, {16}));
  expect_parts(refusal(floats, Field<double>(runtime, {16})), "elements of float64");
  expect_parts(refusal(floats, Field<cl_int4>(runtime, {16})), "elements of int32");
  expect_parts(refusal(shorts, Field<std::uint32_t>(runtime, {16})), "elements of uint32");
  expect_parts(refusal(ints, Field<std::int64_t>(runtime, {16})), "elements of int64", "'long*'");
  expect_parts(refusal(kernel_with("float4"), Field<double>(runtime, {16})), "'double4*'");
}

TEST_F(KernelPointee, ChecksDeclaredUses) {
  const Kernel floats = kernel_with("float");
  const Tensor ints = Tensor::empty(stream, {64}, DType::i32);
  for (const MemoryUse& use : {reads(ints), writes(ints), updates(ints)}) {
    expect_parts(refusal(floats, use), "elements of int32");
    expect_parts(refusal(floats, whole_buffer(use)), "elements of int32");
  }
}

TEST_F(KernelPointee, ChecksEmptyTensors) {
  expect_parts(refusal(kernel_with("float"), Tensor::empty(stream, {0}, DType::i64)),
               "elements of int64");
}

TEST_F(KernelPointee, TakesAnyBytes) {
  const Kernel floats = kernel_with("float");
  const Tensor ints = Tensor::empty(stream, {64}, DType::i32);
  expect_taken(floats, ints.storage());
  expect_taken(floats, ints.storage().buffer);
  expect_taken(floats, ints.storage().buffer.lend());
  expect_taken(floats, updates(ints.storage()));
  expect_taken(floats, whole_buffer(updates(ints.storage())));
}

TEST_F(KernelPointee, ChecksUpdatesOfARecording) {
  const Stream recorded(context());
  const Tensor floats = Tensor::empty(stream, {64});
  const Recording recording = [&] {
    Capture inner(recorded);
    kernel_with("float").launch(recorded, one, floats);
    return inner.end();
  }();
  const Tensor ints = Tensor::empty(stream, {64}, DType::i32);
  expect_throws<InvalidArgument>([&] { recording.update(0, 0, ints); }, "argument 0, 'float* x',",
                                 "elements of int32");
  recording.update(0, 0, ints.storage());
}

}  // namespace
}  // namespace dovetail
