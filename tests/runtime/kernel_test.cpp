// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/kernel.hpp"

#include <gtest/gtest.h>

#include <array>
#include <iterator>
#include <numeric>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;
using test::kernel_from;

TEST(Kernel, TakesScalarsOfEveryWidth) {
  const Stream stream(context());
  const Kernel kernel = kernel_from(
      "kernel void sum(global long* out, char a, ushort b, int c, ulong d, float e) {\n"
      "  out[0] = a + b + c + (long)d + (long)e;\n"
      "}\n",
      "sum");
  const Tensor out = Tensor::zeros(stream, {1}, DType::i64);
  kernel.launch(stream, NDRange({1}), out, cl_char{-1}, cl_ushort{20}, 300, cl_ulong{4000},
                50000.0f);
  EXPECT_EQ(out.to_host<std::int64_t>(stream).at(0), -1 + 20 + 300 + 4000 + 50000);
}

TEST(Kernel, TakesAViewOfASubBuffer) {
  const Stream stream(context());
  const std::size_t part = context().device().base_address_alignment();
  const std::vector<int> zeros(4 * part / sizeof(int), 0);
  const Buffer whole(context(), 4 * part, zeros.data());
  const cl_buffer_region region{part, 2 * part};
  const cl_mem raw =
      clCreateSubBuffer(whole.lend(), 0, CL_BUFFER_CREATE_TYPE_REGION, &region, nullptr);
  const Buffer middle = Buffer::retain(context(), raw);
  clReleaseMemObject(raw);
  const Kernel kernel = kernel_from("kernel void mark(global int* out) { out[0] = 7; }\n", "mark");
  kernel.launch(stream, NDRange({1}), BufferView{middle, part, part});
  const Tensor seen = Tensor::from_buffer(whole, {std::ssize(zeros)}, DType::i32);
  std::vector<int> expected = zeros;
  expected[2 * part / sizeof(int)] = 7;
  EXPECT_EQ(seen.to_host<int>(stream), expected);
}

TEST(Kernel, TakesVectorsAndStructs) {
  struct Pair {
    cl_int count;
    cl_float scale;
  };
  const Stream stream(context());
  const Kernel kernel = kernel_from(
      "typedef struct { int count; float scale; } Pair;\n"
      "kernel void mix_them(global float* out, float4 v, Pair pair) {\n"
      "  out[0] = v.x; out[1] = v.w; out[2] = pair.count; out[3] = pair.scale;\n"
      "}\n",
      "mix_them");
  const Tensor out = Tensor::zeros(stream, {4});
  kernel.launch(stream, NDRange({1}), out, cl_float4{{1.0f, 2.0f, 3.0f, 4.0f}}, Pair{5, 6.5f});
  EXPECT_EQ(out.to_host<float>(stream), (std::vector<float>{1.0f, 4.0f, 5.0f, 6.5f}));
}

TEST(Kernel, TakesVectorsOfEveryWidthBetweenOtherValues) {
  const Stream stream(context());
  const Kernel kernel = kernel_from(
      "kernel void spread(global float* out, char c, float2 a, uchar d, float3 b, short e,\n"
      "                   float8 f, char16 g, float16 h, ulong2 i) {\n"
      "  out[0] = c; out[1] = a.y; out[2] = d; out[3] = b.z; out[4] = e; out[5] = f.s7;\n"
      "  out[6] = g.sf; out[7] = h.sf; out[8] = i.y; out[9] = a.x; out[10] = h.s0;\n"
      "}\n",
      "spread");
  const Tensor out = Tensor::zeros(stream, {11});
  cl_float8 f{};
  f.s[7] = 8.0f;
  cl_char16 g{};
  g.s[15] = 16;
  cl_float16 h{};
  h.s[0] = -1.0f;
  h.s[15] = 32.0f;
  kernel.launch(stream, NDRange({1}), out, cl_char{1}, cl_float2{{0.5f, 2.0f}}, cl_uchar{200},
                cl_float3{{0.0f, 0.0f, 3.0f}}, cl_short{-4}, f, g, h, cl_ulong2{{5, 6}});
  EXPECT_EQ(out.to_host<float>(stream),
            (std::vector<float>{1, 2, 200, 3, -4, 8, 16, 32, 6, 0.5f, -1}));
}

TEST(Kernel, TakesStructsWithPaddingBetweenOtherValues) {
  struct alignas(16) Padded {
    cl_char tag;
    cl_float4 vector;  // at 16
    cl_char last;      // at 32; the whole takes 48
  };
  struct Odd {
    cl_uchar bytes[3];
  };
  static_assert(sizeof(Padded) == 48 && sizeof(Odd) == 3);
  const Stream stream(context());
  const Kernel kernel = kernel_from(
      "typedef struct { char tag; float4 vector; char last; } Padded;\n"
      "typedef struct { uchar bytes[3]; } Odd;\n"
      "kernel void pad(global float* out, char before, Padded padded, Odd odd, float after) {\n"
      "  out[0] = before; out[1] = padded.tag; out[2] = padded.vector.w; out[3] = padded.last;\n"
      "  out[4] = odd.bytes[0]; out[5] = odd.bytes[2]; out[6] = after;\n"
      "}\n",
      "pad");
  const Tensor out = Tensor::zeros(stream, {7});
  const Padded padded{2, {{0.0f, 0.0f, 0.0f, 3.0f}}, 4};
  kernel.launch(stream, NDRange({1}), out, cl_char{1}, padded, Odd{{5, 0, 6}}, 7.0f);
  EXPECT_EQ(out.to_host<float>(stream), (std::vector<float>{1, 2, 3, 4, 5, 6, 7}));
}

TEST(Kernel, TakesLocalMemory) {
  const Stream stream(context());
  const Kernel kernel = kernel_from(
      "kernel void reverse(global int* data, local int* scratch) {\n"
      "  const size_t i = get_local_id(0), n = get_local_size(0);\n"
      "  scratch[i] = data[get_global_id(0)];\n"
      "  barrier(CLK_LOCAL_MEM_FENCE);\n"
      "  data[get_global_id(0)] = scratch[n - 1 - i];\n"
      "}\n",
      "reverse");
  const std::vector<std::int32_t> values{1, 2, 3, 4, 5, 6, 7, 8};
  const Tensor data = Tensor::from_host<std::int32_t>(context(), values, {8});
  kernel.launch(stream, NDRange({8}, {4}), data, LocalMemory{4 * sizeof(cl_int)});
  EXPECT_EQ(data.to_host<std::int32_t>(stream),
            (std::vector<std::int32_t>{4, 3, 2, 1, 8, 7, 6, 5}));
}

TEST(Kernel, TakesEveryKindOfMemory) {
  const Stream stream(context());
  const Kernel kernel = test::multiply_add_kernel();
  const Tensor tensor = Tensor::full(stream, {4}, 1.0);
  const Buffer buffer = tensor.storage().buffer;
  kernel.launch(stream, NDRange({4}), tensor, 2.0f, 0.0f);
  kernel.launch(stream, NDRange({4}), buffer, 3.0f, 0.0f);
  kernel.launch(stream, NDRange({4}), buffer.lend(), 5.0f, 0.0f);
  kernel.launch(stream, NDRange({4}), tensor.storage(), 7.0f, 0.0f);
  EXPECT_EQ(tensor.to_host<float>(stream), std::vector<float>(4, 210.0f));
}

TEST(Kernel, TakesSeveralViewsOfOneBufferEachAtItsOffset) {
  const Stream stream(context());
  const Kernel kernel = kernel_from(
      "kernel void add(global const float* a, global const float* b, global float* out) {\n"
      "  const size_t i = get_global_id(0);\n"
      "  out[i] = a[i] + 100.0f * b[i];\n"
      "}\n",
      "add");
  const std::size_t step = context().device().base_address_alignment() / sizeof(float);
  std::vector<float> values(4 * step);
  std::iota(values.begin(), values.end(), 0.0f);
  const Tensor whole = Tensor::from_host<float>(context(), values, {std::int64_t(values.size())});
  const auto part = [&](std::size_t index) {
    return Tensor::from_buffer(whole.storage().buffer, {std::int64_t(step)}, DType::f32,
                               index * step * sizeof(float));
  };
  {
    test::Gate gate(stream);  // the launches' memory must last until they run
    for (int i = 0; i < 20; ++i) {
      kernel.launch(stream, NDRange({step}), part(1), part(2), part(3));
    }
    gate.release();
  }
  for (std::size_t i = 0; i < step; ++i) {
    values[3 * step + i] = values[step + i] + 100.0f * values[2 * step + i];
  }
  EXPECT_EQ(whole.to_host<float>(stream), values);
}

TEST(Kernel, TakesAnEmptyTensor) {
  const Stream stream(context());
  const Kernel kernel = kernel_from(
      "kernel void set(global float* unused, global float* out) { out[0] = 3.0f; }\n", "set");
  const Tensor out = Tensor::zeros(stream, {64});
  kernel.launch(stream, NDRange({1}), Tensor::empty(stream, {0}), out);
  const auto end = Tensor::from_buffer(out.storage().buffer, {0}, DType::f32, 256);
  kernel.launch(stream, NDRange({1}), end, out);
  EXPECT_EQ(out.to_host<float>(stream).at(0), 3.0f);
}

TEST(Kernel, RunsInOrderOnOneStream) {
  const Stream stream(context());
  const Kernel kernel = test::multiply_add_kernel();
  const Tensor data = Tensor::full(stream, {100}, 1.0);
  float expected = 1.0f;
  test::Gate gate(stream);
  for (int i = 0; i < 12; ++i) {
    kernel.launch(stream, NDRange({100}), data, 2.0f, static_cast<float>(i));
    expected = expected * 2.0f + static_cast<float>(i);
  }
  EXPECT_FALSE(stream.record().is_done());
  gate.release();
  EXPECT_EQ(data.to_host<float>(stream), std::vector<float>(100, expected));
}

TEST(Kernel, EightThreadsLaunchItWithTheirOwnArguments) {
  const Kernel kernel = test::multiply_add_kernel();
  const Stream shared(context());
  constexpr int launches = 200;
  for (const bool share : {true, false}) {
    SCOPED_TRACE(share ? "one shared stream" : "a stream each");
    test::on_threads(8, [&](int thread) {
      const Stream stream = share ? shared : Stream(context());
      std::vector<Tensor> data;
      for (int i = 0; i < 4; ++i) data.push_back(Tensor::zeros(stream, {16}));
      for (int i = 0; i < launches; ++i) {
        kernel.launch(stream, NDRange({16}), data[std::size_t(i % 4)], 1.0f,
                      static_cast<float>(1 + thread * 10 + i % 4));
      }
      for (int i = 0; i < 4; ++i) {
        const float expected = float(launches / 4) * float(1 + thread * 10 + i);
        EXPECT_EQ(data[std::size_t(i)].to_host<float>(stream), std::vector<float>(16, expected));
      }
    });
  }
}

TEST(Kernel, UnknownNameListsTheKernelsOfTheProgram) {
  const Program program = Program::from_source(
      context(), {.name = "two.cl", .text = "kernel void left() {} kernel void right() {}"});
  expect_throws<InvalidArgument>([&] { Kernel(program, "middle"); }, "[Kernel]", "'two.cl'",
                                 "'middle'", "left", "right");
}

TEST(Kernel, RefusalExplainsPoclsNamesOfBuiltIns) {
  const Program program =
      Program::from_source(context(), {"step.cl", "kernel void step(global int* x) { *x = 1; }"});
  if (program.signatures().front().name == "step") GTEST_SKIP() << "this driver keeps the name";
  expect_throws<InvalidArgument>([&] { Kernel(program, "step"); },
                                 "has no kernel 'step'; it has: _cl_step", "PoCL renames kernels");
}

TEST(Kernel, ReportsItsFacts) {
  const Kernel kernel = test::multiply_add_kernel();
  EXPECT_EQ(kernel.name(), "multiply_add");
  ASSERT_EQ(kernel.parameters().size(), 3u);
  EXPECT_EQ(kernel.parameters()[1].name, "factor");
  EXPECT_GE(kernel.max_work_group_size(), 1u);
  const Kernel copy = kernel;
  EXPECT_EQ(&copy.parameters(), &kernel.parameters());
}

TEST(Kernel, LaunchesOnTheCurrentStreamAndTakesLists) {
  const Stream stream(context());
  const StreamGuard guard(stream);
  const Kernel kernel = test::multiply_add_kernel();
  const Tensor data = Tensor::full({4}, 1.0);
  const float factor = 3.0f, summand = 2.0f;
  kernel.launch(NDRange::of(data.shape()), data, factor, summand);
  EXPECT_EQ(data.to_host<float>(), std::vector<float>(4, 5.0f));
  const std::vector<KernelArgument> vector{data, factor, summand};
  const std::array<KernelArgument, 3> array{data, factor, summand};
  kernel.launch(stream, NDRange({4}), vector);
  kernel.launch(stream, NDRange({4}), array);
  EXPECT_EQ(data.to_host<float>(), std::vector<float>(4, 53.0f));
}

}  // namespace
}  // namespace dovetail
