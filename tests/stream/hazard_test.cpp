// SPDX-License-Identifier: Apache-2.0
// Which uses of memory conflict: by range, by access, and through any handle.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>

#include "dovetail/core/error.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::Gate;

/// Returns how many dependencies were found for `stream`, by any verdict.
std::uint64_t dependencies(const Stream& stream) {
  return stream.statistics().waits() + stream.statistics().elided();
}

class HazardTest : public testing::Test {
 protected:
  void TearDown() override {
    first.synchronize();
    second.synchronize();
  }
  /// Launches on `second` with this use. Returns how many dependencies on `first` that finds.
  template <typename Use>
  std::uint64_t found(const Use& use) {
    const std::uint64_t before = dependencies(second);
    launch(second, use);
    return dependencies(second) - before;
  }
  /// Launches a kernel that touches nothing, whatever its use declares.
  template <typename Use>
  void launch(const Stream& stream, const Use& use) {
    idle.launch(stream, NDRange({1}), use);
  }
  BufferView bytes(std::size_t begin, std::size_t end) const { return {data, begin, end - begin}; }
  MemoryUse with(Access access, std::size_t begin, std::size_t end) const {
    return {bytes(begin, end), access};
  }

  static const Program& program() {
    static const Program* const instance = new Program(Program::from_source(
        context(), {.name = "idle.cl",
                    .text = "kernel void idle(global char* data) {}\n"
                            "kernel void reader(global const char* data) {}\n"
                            "kernel void constants(constant char* data) {}\n"}));
    return *instance;
  }
  const Kernel idle{program(), "idle"}, idle_reader{program(), "reader"},
      idle_constant{program(), "constants"};
  const std::size_t alignment = context().device().base_address_alignment();
  const Buffer data{context(), 64 * alignment};
  const Stream first{context()};
  const Stream second{context()};
};

TEST_F(HazardTest, ExistsUnlessBothUsesRead) {
  for (const Access earlier : {Access::read, Access::write, Access::read_write}) {
    for (const Access later : {Access::read, Access::write, Access::read_write}) {
      SCOPED_TRACE(std::string(to_string(earlier)) + " then " + std::string(to_string(later)));
      const Buffer fresh(context(), 64);
      launch(first, MemoryUse{{fresh, 0, 64}, earlier});
      const bool both_read = earlier == Access::read && later == Access::read;
      EXPECT_EQ(found(MemoryUse{{fresh, 0, 64}, later}), both_read ? 0u : 1u);
    }
  }
}

TEST_F(HazardTest, ComparesRangesByTheByte) {
  const auto use = [&](std::size_t begin, std::size_t end) {
    return whole_buffer(writes(bytes(begin, end)));
  };
  launch(first, use(101, 103));
  EXPECT_EQ(found(use(0, 101)), 0u);
  EXPECT_EQ(found(use(103, data.nbytes())), 0u);
  EXPECT_EQ(found(use(102, 103)), 1u);
  EXPECT_EQ(found(use(100, 102)), 2u) << "its own earlier use, and the first byte of the other's";
}

TEST_F(HazardTest, IgnoresEmptyRanges) {
  launch(first, writes(data));
  EXPECT_EQ(found(whole_buffer(writes(bytes(5, 5)))), 0u);
  EXPECT_EQ(found(Buffer(context(), 0)), 0u);
}

TEST_F(HazardTest, WholeBufferUseCoversItsRangeOnly) {
  launch(first, whole_buffer(writes(bytes(0, 512))));
  EXPECT_EQ(found(whole_buffer(reads(bytes(512, 1024)))), 0u);
  EXPECT_EQ(found(whole_buffer(reads(bytes(511, 1024)))), 1u);
}

TEST_F(HazardTest, RangeOutsideItsBufferThrows) {
  for (const BufferView& view :
       {bytes(data.nbytes() + 1, data.nbytes() + 5), bytes(data.nbytes(), data.nbytes() + 1),
        bytes(data.nbytes() - 1, data.nbytes() + 1)}) {
    test::expect_throws<InvalidArgument>([&] { launch(first, whole_buffer(updates(view))); },
                                         "[Kernel 'idle'] argument 0", "buffer");
  }
  EXPECT_EQ(first.point().ticket, 0u);
}

TEST_F(HazardTest, UndeclaredUseFollowsTheParameter) {
  launch(first, reads(data));
  EXPECT_EQ(found(data), 1u) << "it may write";
  const Stream third(context()), fourth(context());
  const Buffer other(context(), 64);
  launch(first, reads(other));
  idle_reader.launch(third, NDRange({1}), other);
  idle_constant.launch(fourth, NDRange({1}), other);
  EXPECT_EQ(dependencies(third), 0u) << "const";
  EXPECT_EQ(dependencies(fourth), 0u) << "constant";
  EXPECT_EQ(found(writes(other)), 3u) << "and both were noted as readers";
  third.synchronize();
  fourth.synchronize();
}

TEST_F(HazardTest, DeclaredUseOverridesTheParameter) {
  launch(first, reads(data));
  idle_reader.launch(second, NDRange({1}), updates(data));
  EXPECT_EQ(dependencies(second), 1u);
}

TEST_F(HazardTest, SeesTheBufferOfARawHandle) {
  const cl_mem raw = data.lend();
  launch(first, writes(data));
  EXPECT_EQ(found(raw), 1u);
  launch(first, raw);
  EXPECT_EQ(found(reads(data)), 1u);
}

TEST_F(HazardTest, SeesARawHandleThatNoBufferHolds) {
  const cl_mem raw = clCreateBuffer(context().get(), CL_MEM_READ_WRITE, 64, nullptr, nullptr);
  launch(first, raw);
  EXPECT_EQ(found(raw), 1u);
  launch(first, raw);
  EXPECT_EQ(found(Buffer::retain(context(), raw)), 1u);
  clReleaseMemObject(raw);
}

TEST_F(HazardTest, SeesTheRangeOfARawSubBuffer) {
  const cl_buffer_region region{alignment, 2 * alignment};
  const cl_mem part =
      clCreateSubBuffer(data.lend(), 0, CL_BUFFER_CREATE_TYPE_REGION, &region, nullptr);
  launch(first, part);
  EXPECT_EQ(found(writes(bytes(0, alignment))), 0u);
  EXPECT_EQ(found(writes(bytes(3 * alignment, 4 * alignment))), 0u);
  EXPECT_EQ(found(writes(bytes(2 * alignment, 3 * alignment))), 1u);
  EXPECT_EQ(found(Buffer::retain(context(), part)), 2u);
  clReleaseMemObject(part);
}

TEST_F(HazardTest, SubBuffersConflictOnlyWhereTheyShareBytes) {
  const auto part = [&](std::size_t begin, std::size_t end) {
    const cl_buffer_region region{begin * alignment, (end - begin) * alignment};
    const cl_mem memory =
        clCreateSubBuffer(data.lend(), 0, CL_BUFFER_CREATE_TYPE_REGION, &region, nullptr);
    const Buffer buffer = Buffer::retain(context(), memory);
    clReleaseMemObject(memory);
    return buffer;
  };
  launch(first, part(1, 3));
  EXPECT_EQ(found(part(3, 5)), 0u);
  EXPECT_EQ(found(part(0, 1)), 0u);
  EXPECT_EQ(found(part(2, 4)), 2u);
}

TEST_F(HazardTest, RecycledHandleInheritsNone) {
  // A use of an earlier object with the same handle must not be taken for a use of this one.
  if (context().device().type() != DeviceType::cpu) {
    GTEST_SKIP() << "NVIDIA's driver 580 tells of an object's end late";
  }
  std::set<cl_mem> handles;
  constexpr int objects = 300;
  for (int i = 0; i < objects; ++i) {
    const cl_mem raw = clCreateBuffer(context().get(), CL_MEM_READ_WRITE, 64, nullptr, nullptr);
    const cl_buffer_region region{0, 32};
    const cl_mem part = clCreateSubBuffer(raw, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, nullptr);
    ASSERT_EQ(found(i % 2 == 0 ? raw : part), 0u) << "object " << i;
    launch(first, i % 2 == 0 ? part : raw);
    first.synchronize();
    second.synchronize();
    clReleaseMemObject(part);
    clReleaseMemObject(raw);
    handles.insert({raw, part});
    const Buffer buffer(context(), 64);
    ASSERT_EQ(found(buffer), 0u) << "buffer " << i;
    launch(first, buffer);
    first.synchronize();
    second.synchronize();
  }
  RecordProperty("distinct_handles", static_cast<int>(handles.size()));
}

TEST_F(HazardTest, ForgetsWorkThatIsKnownToBeDone) {
  const auto use = [&](std::size_t i) { return whole_buffer(writes(bytes(2 * i, 2 * i + 1))); };
  for (std::size_t i = 0; i < 20; ++i) launch(first, use(i));
  first.synchronize();
  const Stream third(context());
  Gate gate(third);
  for (std::size_t i = 20; i < 200; ++i) launch(third, use(i));
  EXPECT_EQ(found(writes(data)), 1u) << "of the first nothing is left";
  EXPECT_EQ(second.statistics().waits(), 1u);
  EXPECT_TRUE(test::is_held(second.record()));
  gate.release();
}

TEST_F(HazardTest, ManyRangesMakeOneForEachStream) {
  const auto use = [&](std::size_t i) { return whole_buffer(writes(bytes(3 * i, 3 * i + 2))); };
  Gate gate(first);
  for (std::size_t i = 0; i < 500; ++i) launch(first, use(i));
  EXPECT_EQ(found(reads(data)), 1u);
  EXPECT_EQ(second.statistics().waits(), 1u);
}

/// Compares random uses on held streams with a model of each element's last uses, then compares the
/// results with those of the same work in sequence.
TEST_F(HazardTest, RandomUsesMatchAModelOfEachElement) {
  constexpr std::size_t elements = 300, uses = 400, streams = 5;
  const Kernel grow = test::kernel_from(
      "kernel void grow(global uint* data, uint begin, uint salt) {\n"
      "  data[begin + get_global_id(0)] = 3 * data[begin + get_global_id(0)] + salt;\n"
      "}\n",
      "grow");
  const Kernel sum = test::kernel_from(
      "kernel void sum(global const uint* data, uint begin, uint end, global uint* out, uint i) {\n"
      "  uint total = 0;\n"
      "  for (uint j = begin; j < end; ++j) total += data[j];\n"
      "  out[i] = total;\n"
      "}\n",
      "sum");
  struct Element {
    std::optional<std::size_t> writer;
    std::set<std::size_t> readers;
  };
  for (unsigned seed = 0; seed < 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const Buffer memory = test::buffer_of(std::vector<int>(elements, 1));
    const Buffer out = test::buffer_of(std::vector<int>(uses, 0));
    std::vector<unsigned> expected(elements, 1), expected_out(uses, 0);
    std::vector<Element> picture(elements);
    const std::vector<Stream> all{Stream(context()), Stream(context()), Stream(context()),
                                  Stream(context()), Stream(context())};
    std::vector<std::unique_ptr<Gate>> gates;
    for (const Stream& stream : all) gates.push_back(std::make_unique<Gate>(stream));

    for (unsigned i = 0; i < uses; ++i) {
      const std::size_t on = random() % streams;
      const bool writes_it = random() % 3 == 0;
      const auto begin = static_cast<unsigned>(random() % elements);
      const unsigned most = random() % 8 == 0 ? elements : 20;
      const unsigned end =
          std::min<unsigned>(elements, begin + 1 + static_cast<unsigned>(random() % most));
      std::set<std::size_t> conflicts;
      for (unsigned j = begin; j < end; ++j) {
        Element& element = picture[j];
        if (element.writer) conflicts.insert(*element.writer);
        if (writes_it) {
          conflicts.insert(element.readers.begin(), element.readers.end());
          element = {on, {}};
          expected[j] = 3 * expected[j] + i;
        } else {
          element.readers.insert(on);
          expected_out[i] += expected[j];
        }
      }
      const std::uint64_t before = dependencies(all[on]);
      const BufferView part{memory, begin * sizeof(int), (end - begin) * sizeof(int)};
      if (writes_it) {
        grow.launch(all[on], NDRange({end - begin}), whole_buffer(updates(part)), begin, i);
      } else {
        sum.launch(all[on], NDRange({1}), whole_buffer(reads(part)), begin, end,
                   whole_buffer(writes({out, i * sizeof(int), sizeof(int)})), i);
      }
      EXPECT_EQ(dependencies(all[on]) - before, conflicts.size()) << "use " << i;
      if (HasFailure()) break;
    }
    for (const auto& gate : gates) gate->release();
    for (const Stream& stream : all) stream.synchronize();
    const auto values = test::contents(memory), sums = test::contents(out);
    EXPECT_EQ(std::vector<unsigned>(values.begin(), values.end()), expected);
    EXPECT_EQ(std::vector<unsigned>(sums.begin(), sums.end()), expected_out);
  }
}

}  // namespace
}  // namespace dovetail
