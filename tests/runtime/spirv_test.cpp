// SPDX-License-Identifier: Apache-2.0
// Programs from SPIR-V: what is refused, and, where a device takes it, that it runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/runtime/program.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;

// kernel void set7(global uint* out) { out[get_global_id(0)] = 7; }
// with the 7 as specialization constant 3. It was assembled by `spirv-as --target-env spv1.0` and
// passes `spirv-val --target-env opencl2.0`:
//
//   OpCapability Addresses
//   OpCapability Kernel
//   OpCapability Int64
//   %ocl = OpExtInstImport "OpenCL.std"
//   OpMemoryModel Physical64 OpenCL
//   OpEntryPoint Kernel %set7 "set7" %id
//   OpDecorate %id BuiltIn GlobalInvocationId
//   OpDecorate %id Constant
//   OpDecorate %value SpecId 3
//   %void = OpTypeVoid
//   %uint = OpTypeInt 32 0
//   %ulong = OpTypeInt 64 0
//   %three = OpTypeVector %ulong 3
//   %pid = OpTypePointer Input %three
//   %pout = OpTypePointer CrossWorkgroup %uint
//   %fn = OpTypeFunction %void %pout
//   %value = OpSpecConstant %uint 7
//   %id = OpVariable %pid Input
//   %set7 = OpFunction %void None %fn
//   %out = OpFunctionParameter %pout
//   %entry = OpLabel
//   %ids = OpLoad %three %id Aligned 32
//   %x = OpCompositeExtract %ulong %ids 0
//   %at = OpInBoundsPtrAccessChain %pout %out %x
//   OpStore %at %value Aligned 4
//   OpReturn
//   OpFunctionEnd
constexpr std::uint32_t set7[] = {
    0x07230203, 0x00010000, 0x00070000, 0x00000011, 0x00000000, 0x00020011, 0x00000004, 0x00020011,
    0x00000006, 0x00020011, 0x0000000b, 0x0005000b, 0x00000001, 0x6e65704f, 0x732e4c43, 0x00006474,
    0x0003000e, 0x00000002, 0x00000002, 0x0006000f, 0x00000006, 0x00000002, 0x37746573, 0x00000000,
    0x00000003, 0x00040047, 0x00000003, 0x0000000b, 0x0000001c, 0x00030047, 0x00000003, 0x00000016,
    0x00040047, 0x00000004, 0x00000001, 0x00000003, 0x00020013, 0x00000005, 0x00040015, 0x00000006,
    0x00000020, 0x00000000, 0x00040015, 0x00000007, 0x00000040, 0x00000000, 0x00040017, 0x00000008,
    0x00000007, 0x00000003, 0x00040020, 0x00000009, 0x00000001, 0x00000008, 0x00040020, 0x0000000a,
    0x00000005, 0x00000006, 0x00040021, 0x0000000b, 0x00000005, 0x0000000a, 0x00040032, 0x00000006,
    0x00000004, 0x00000007, 0x0004003b, 0x00000009, 0x00000003, 0x00000001, 0x00050036, 0x00000005,
    0x00000002, 0x00000000, 0x0000000b, 0x00030037, 0x0000000a, 0x0000000c, 0x000200f8, 0x0000000d,
    0x0006003d, 0x00000008, 0x0000000e, 0x00000003, 0x00000002, 0x00000020, 0x00050051, 0x00000007,
    0x0000000f, 0x0000000e, 0x00000000, 0x00050046, 0x0000000a, 0x00000010, 0x0000000c, 0x0000000f,
    0x0005003e, 0x00000010, 0x00000004, 0x00000002, 0x00000004, 0x000100fd, 0x00010038,
};

std::vector<unsigned char> bytes_of(std::span<const std::uint32_t> words) {
  std::vector<unsigned char> bytes(words.size_bytes());
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return bytes;
}

bool takes_spirv() {
  char text[1000] = {};
  return clGetDeviceInfo(context().device().get(), CL_DEVICE_IL_VERSION, sizeof(text), text,
                         nullptr) == CL_SUCCESS &&
         std::string(text).find("SPIR-V") != std::string::npos;
}

std::vector<std::int32_t> run(const SpecializationConstants& constants) {
  const Stream stream(context());
  const Tensor out = Tensor::zeros(stream, {5}, DType::i32);
  const Program program = Program::from_spirv(context(), "set7.spv", bytes_of(set7), constants);
  EXPECT_EQ(program.name(), "set7.spv");
  Kernel(program, "set7").launch(stream, NDRange({4}), out);
  return out.to_host<std::int32_t>(stream);
}

TEST(Spirv, RunsWithItsOwnConstants) {
  if (!takes_spirv()) GTEST_SKIP() << "this device takes no SPIR-V";
  EXPECT_EQ(run({}), (std::vector<std::int32_t>{7, 7, 7, 7, 0}));
}

TEST(Spirv, RunsWithTheConstantsGiven) {
  if (!takes_spirv()) GTEST_SKIP() << "this device takes no SPIR-V";
  EXPECT_EQ(run(SpecializationConstants().set(3, std::uint32_t{5}).set(3, std::uint32_t{9})),
            (std::vector<std::int32_t>{9, 9, 9, 9, 0}));
  EXPECT_EQ(run(SpecializationConstants().set(3, 1.0f)).front(), std::bit_cast<std::int32_t>(1.0f));
}

TEST(Spirv, RefusesAConstantOfAnotherSizeOrNumber) {
  if (!takes_spirv()) GTEST_SKIP() << "this device takes no SPIR-V";
  expect_throws<InvalidArgument>([] { run(SpecializationConstants().set(3, 9.0)); },
                                 "[Program::from_spirv]", "'set7.spv'", "8 bytes", "constant 3 ",
                                 "of its type");
  expect_throws<InvalidArgument>([] { run(SpecializationConstants().set(4, 9)); },
                                 "[Program::from_spirv]", "constant 4 ", "a SpecId of the module");
}

TEST(Spirv, DeviceThatTakesNoneRefusesIt) {
  if (takes_spirv()) GTEST_SKIP() << "this device takes SPIR-V";
  expect_throws<InvalidArgument>([] { run({}); }, "[Program::from_spirv]", "'set7.spv'",
                                 "'" + context().device().name() + "'",
                                 context().device().driver_version(), "takes no SPIR-V",
                                 "Program::from_source", "CL_DEVICE_IL_VERSION");
}

TEST(Spirv, RefusesBytesThatAreNoModule) {
  const auto expect_refused = [](const std::vector<unsigned char>& bytes, const auto&... parts) {
    expect_throws<InvalidArgument>(
        [&] { static_cast<void>(Program::from_spirv(context(), "broken.spv", bytes)); }, parts...);
  };
  expect_refused({}, "[Program::from_spirv] 'broken.spv' is empty", "a whole module");
  std::vector<unsigned char> bytes = bytes_of(set7);
  bytes.pop_back();
  expect_refused(bytes, "'broken.spv' has " + std::to_string(bytes.size()) + " bytes",
                 "multiple of the 4");
  bytes = bytes_of(set7);
  bytes[0] ^= 1;
  expect_refused(bytes, "'broken.spv' begins with 0x07230202", "0x07230203");
}

TEST(Spirv, OtherEndiannessPassesTheCheckOfItsBytes) {
  if (takes_spirv()) GTEST_SKIP() << "this device's driver says what it makes of it";
  std::vector<unsigned char> bytes = bytes_of(set7);
  for (std::size_t i = 0; i < bytes.size(); i += 4) std::reverse(&bytes[i], &bytes[i] + 4);
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(Program::from_spirv(context(), "swapped.spv", bytes)); },
      "takes no SPIR-V");
}

TEST(SpecializationConstants, HoldTheBytesOfEachType) {
  const auto constants = SpecializationConstants()
                             .set(0, true)
                             .set(1, std::uint32_t{0x01020304})
                             .set(2, 0.5f)
                             .set(3, 0.5)
                             .set(4, std::int8_t{-1});
  const auto expect = [&](std::uint32_t id, auto value) {
    const auto& stored = constants.values().at(id);
    ASSERT_EQ(stored.nbytes, sizeof(value)) << id;
    EXPECT_EQ(std::memcmp(stored.bytes.data(), &value, sizeof(value)), 0) << id;
  };
  expect(0, cl_uchar{1});
  expect(1, cl_uint{0x01020304});
  expect(2, cl_float{0.5f});
  expect(3, cl_double{0.5});
  expect(4, cl_char{-1});
}

}  // namespace
}  // namespace dovetail
