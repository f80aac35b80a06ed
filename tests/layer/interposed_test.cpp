// SPDX-License-Identifier: Apache-2.0
// What sinks learn of a call, over a dispatch table of functions made here.
#include "layer/interposed.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace dovetail::layer {
namespace {

/// A sink that keeps what it was fed.
template <int Which>
struct Kept : Sink {
  static inline std::vector<EntryPoint> before_calls;
  static inline std::vector<Call> calls;
  static void before(EntryPoint entry_point, const auto& /*arguments*/) noexcept {
    before_calls.push_back(entry_point);
  }
  static void after(const Call& call, const auto& /*arguments*/) noexcept {
    EXPECT_EQ(before_calls.size(), calls.size() + 1);
    calls.push_back(call);
  }
};

cl_int CL_API_CALL read_buffer(cl_command_queue queue, cl_mem /*buffer*/, cl_bool /*blocking*/,
                               std::size_t /*offset*/, std::size_t /*size*/, void* /*to*/,
                               cl_uint /*events*/, const cl_event* /*wait_list*/,
                               cl_event* /*event*/) {
  EXPECT_EQ(Kept<0>::before_calls.size(), Kept<0>::calls.size() + 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return queue == nullptr ? CL_INVALID_COMMAND_QUEUE : CL_SUCCESS;
}

cl_mem CL_API_CALL create_buffer(cl_context /*context*/, cl_mem_flags flags, std::size_t /*size*/,
                                 void* /*from*/, cl_int* status) {
  if (status != nullptr) *status = flags == 0 ? CL_INVALID_VALUE : CL_SUCCESS;
  return flags == 0 ? nullptr : reinterpret_cast<cl_mem>(1);
}

void CL_API_CALL svm_free(cl_context /*context*/, void* /*memory*/) {}

class InterposedCall : public testing::Test {
 protected:
  void SetUp() override {
    table.clEnqueueReadBuffer = read_buffer;
    table.clCreateBuffer = create_buffer;
    table.clSVMFree = svm_free;
    target = &table;
    Kept<0>::calls.clear();
    Kept<0>::before_calls.clear();
    Kept<1>::calls.clear();
    Kept<1>::before_calls.clear();
  }
  void TearDown() override { target = nullptr; }

  template <EntryPoint Id, auto Member, typename Bytes>
  using Fed = Interposed<Id, Member, Bytes, Kept<0>, Kept<1>>;
  static constexpr auto read =
      &Fed<EntryPoint::clEnqueueReadBuffer, &cl_icd_dispatch::clEnqueueReadBuffer, SizeAt<4>>::call;
  static constexpr auto create =
      &Fed<EntryPoint::clCreateBuffer, &cl_icd_dispatch::clCreateBuffer, CopiedHostPtrAt<1>>::call;
  static constexpr auto free_svm =
      &Fed<EntryPoint::clSVMFree, &cl_icd_dispatch::clSVMFree, NoBytes>::call;

  const cl_command_queue queue = reinterpret_cast<cl_command_queue>(1);
  cl_icd_dispatch table{};
};

TEST_F(InterposedCall, FeedsDurationBytesAndEventsToEverySink) {
  const cl_event waited[3]{};
  cl_event event = nullptr;
  EXPECT_EQ(read(queue, nullptr, CL_TRUE, 0, 40, nullptr, 3, waited, &event), CL_SUCCESS);
  for (const auto& calls : {Kept<0>::calls, Kept<1>::calls}) {
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].entry_point, EntryPoint::clEnqueueReadBuffer);
    EXPECT_GE(calls[0].nanoseconds, 2'000'000U);
    EXPECT_EQ(calls[0].bytes, 40U);
    EXPECT_EQ(calls[0].wait_list_events, 3U);
    EXPECT_EQ(calls[0].events, 1U);
    EXPECT_FALSE(calls[0].failed);
  }
}

TEST_F(InterposedCall, ReportsNeitherBytesNorEventsOfACallThatFailed) {
  cl_event event = nullptr;
  EXPECT_EQ(read(nullptr, nullptr, CL_TRUE, 0, 40, nullptr, 0, nullptr, &event),
            CL_INVALID_COMMAND_QUEUE);
  ASSERT_EQ(Kept<1>::calls.size(), 1U);
  EXPECT_TRUE(Kept<1>::calls[0].failed);
  EXPECT_EQ(Kept<1>::calls[0].bytes, 0U);
  EXPECT_EQ(Kept<1>::calls[0].events, 0U);
}

TEST_F(InterposedCall, FindsFailureInANullHandleAndInTheStatus) {
  cl_int status = CL_SUCCESS;
  EXPECT_NE(create(nullptr, CL_MEM_COPY_HOST_PTR, 8, nullptr, &status), nullptr);
  EXPECT_EQ(create(nullptr, 0, 8, nullptr, nullptr), nullptr);
  ASSERT_EQ(Kept<0>::calls.size(), 2U);
  EXPECT_FALSE(Kept<0>::calls[0].failed);
  EXPECT_EQ(Kept<0>::calls[0].bytes, 8U);
  EXPECT_TRUE(Kept<0>::calls[1].failed);
}

TEST_F(InterposedCall, NeverFailsWhereAnEntryPointReturnsNothing) {
  free_svm(nullptr, nullptr);
  ASSERT_EQ(Kept<0>::calls.size(), 1U);
  EXPECT_FALSE(Kept<0>::calls[0].failed);
}

}  // namespace
}  // namespace dovetail::layer
