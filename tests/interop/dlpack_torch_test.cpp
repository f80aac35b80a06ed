// SPDX-License-Identifier: Apache-2.0
// Tensors to and from torch without a copy. ATen has a dlpack.h of its own, so this file must
// include no other.
#include <ATen/ATen.h>
#include <ATen/DLConvertor.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "dovetail/core/error.hpp"
#include "dovetail/interop/dlpack.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using interop::from_dlpack;
using interop::to_dlpack_host;
using test::context;

constexpr std::pair<DType, at::ScalarType> type_pairs[] = {
    {DType::f32, at::kFloat}, {DType::f64, at::kDouble},    {DType::f16, at::kHalf},
    {DType::i64, at::kLong},  {DType::bf16, at::kBFloat16}, {DType::i32, at::kInt},
    {DType::i16, at::kShort}, {DType::i8, at::kChar},       {DType::u8, at::kByte}};

/// Returns the address of the host memory that a tensor uses.
void* host_address(const Tensor& tensor) {
  void* address = nullptr;
  clGetMemObjectInfo(detail::handle_of(tensor.storage().buffer).memory, CL_MEM_HOST_PTR,
                     sizeof(void*), &address, nullptr);
  return address;
}

/// Memory of torch's that records when torch frees it.
class WatchedMemory {
 public:
  at::Tensor tensor() {
    return at::from_blob(
        data_, {64}, [this](void*) { note_freed(); }, at::kInt);
  }
  bool is_freed() const {
    const std::scoped_lock lock(mutex_);
    return is_freed_;
  }
  void wait_until_freed() const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_freed_; });
  }
  int first() const { return data_[0]; }

 private:
  void note_freed() {
    const std::scoped_lock lock(mutex_);
    is_freed_ = true;
    changed_.notify_all();
  }
  alignas(64) int data_[64] = {};
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool is_freed_ = false;
};

class DlpackTorch : public testing::Test {
 protected:
  void SetUp() override {
    if (context().device().type() != DeviceType::cpu) GTEST_SKIP() << "the device is no CPU";
  }
  const Stream stream{context()}, other{context()};
};

TEST_F(DlpackTorch, SeesWhatAKernelDoesToItsTensorInPlace) {
  const at::Tensor theirs = at::arange(1000, at::kInt);
  const Tensor ours = from_dlpack(context(), at::toDLPack(theirs));
  EXPECT_EQ(host_address(ours), theirs.data_ptr());
  EXPECT_EQ(ours.shape(), Shape{1000});
  test::grow_kernel().launch(stream, NDRange({1000}), ours);
  interop::synchronize_host(other, ours);
  EXPECT_TRUE(at::equal(theirs, at::arange(1000, at::kInt) * 2 + 1));

  theirs.mul_(10);
  test::grow_kernel().launch(stream, NDRange({1000}), ours);
  interop::synchronize_host(stream, ours);
  EXPECT_EQ(theirs[3].item<int>(), 141);
}

TEST_F(DlpackTorch, WorksOnOurTensorInPlaceAndHandsItBack) {
  const Tensor ours = Tensor::full(stream, {4, 8}, 5, DType::i32);
  test::grow_kernel().launch(stream, NDRange({32}), ours);
  at::Tensor theirs = at::fromDLPack(to_dlpack_host(other, ours));
  EXPECT_EQ(theirs.sizes(), (at::IntArrayRef{4, 8}));
  EXPECT_TRUE(theirs.is_contiguous());
  EXPECT_EQ(theirs.sum().item<std::int64_t>(), 32 * 11);
  theirs.add_(1);
  test::Gate gate(other);
  theirs = at::Tensor();  // hands it back on `other`
  test::grow_kernel().launch(stream, NDRange({32}), ours);
  EXPECT_TRUE(test::is_held(stream.record()));
  gate.release();
  EXPECT_EQ(ours.to_host<int>(stream), std::vector<int>(32, 25));
}

TEST_F(DlpackTorch, KeepsItsMemoryForUsUntilOurWorkIsDone) {
  WatchedMemory memory;
  std::optional<Tensor> ours = from_dlpack(context(), at::toDLPack(memory.tensor()));
  test::Gate gate(stream);
  test::set_kernel().launch(stream, NDRange({64}), *ours, 7);
  ours.reset();
  for (int i = 0; i < 10; ++i) {
    static_cast<void>(test::contents(Buffer(context(), 4)));
    EXPECT_FALSE(memory.is_freed());
  }
  EXPECT_EQ(memory.first(), 0);
  gate.release();
  memory.wait_until_freed();
  EXPECT_EQ(memory.first(), 7);
}

TEST_F(DlpackTorch, KeepsOurMemoryWhenOurHandlesAreGone) {
  at::Tensor theirs =
      at::fromDLPack(to_dlpack_host(stream, Tensor::full(stream, {100}, 3, DType::i64)));
  const Tensor others = Tensor::full(stream, {100}, 4, DType::i64);  // gets other memory
  stream.synchronize();
  EXPECT_EQ(theirs.sum().item<std::int64_t>(), 300);
}

TEST_F(DlpackTorch, RoundTripKeepsTheMemory) {
  at::Tensor theirs = at::arange(64, at::kFloat);
  const at::Tensor again =
      at::fromDLPack(to_dlpack_host(stream, from_dlpack(context(), at::toDLPack(theirs))));
  EXPECT_EQ(again.data_ptr(), theirs.data_ptr());
}

TEST_F(DlpackTorch, HasEveryTypeInBothDirections) {
  for (const auto& [dtype, scalar_type] : type_pairs) {
    SCOPED_TRACE(to_string(dtype));
    const at::Tensor theirs = at::ones({2, 16}, scalar_type);
    const Tensor ours = from_dlpack(context(), at::toDLPack(theirs));
    EXPECT_EQ(ours.dtype(), dtype);
    EXPECT_EQ(ours.shape(), (Shape{2, 16}));
    const at::Tensor again = at::fromDLPack(to_dlpack_host(stream, ours));
    EXPECT_EQ(again.scalar_type(), scalar_type);
    EXPECT_TRUE(at::equal(again, theirs));
  }
}

TEST_F(DlpackTorch, TakesASliceWhereItIsAlignedAndACopyElsewhere) {
  const at::Tensor theirs = at::arange(64, at::kInt);
  const Tensor aligned = from_dlpack(context(), at::toDLPack(theirs.slice(0, 16)));
  EXPECT_EQ(aligned.to_host<int>(stream).front(), 16);
  DLManagedTensor* const unaligned = at::toDLPack(theirs.slice(0, 1));
  test::expect_throws<InvalidArgument>([&] { (void)from_dlpack(context(), unaligned); },
                                       "not aligned");
  const Tensor copy = from_dlpack(context(), unaligned, {.may_copy = true});
  EXPECT_EQ(copy.to_host<int>(stream).front(), 1);
}

TEST_F(DlpackTorch, TransposedTensorNamesTheRemedy) {
  const at::Tensor theirs = at::ones({32, 16}).t();
  DLManagedTensor* const transposed = at::toDLPack(theirs);
  test::expect_throws<InvalidArgument>([&] { (void)from_dlpack(context(), transposed); },
                                       "[16, 32]", "[1, 16]", "contiguous copy");
  transposed->deleter(transposed);
  EXPECT_EQ(from_dlpack(context(), at::toDLPack(theirs.contiguous())).shape(), (Shape{16, 32}));
}

}  // namespace
}  // namespace dovetail
