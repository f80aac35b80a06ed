// SPDX-License-Identifier: Apache-2.0
// Every kind of neighbour, hazard and range: what must wait does, what need not does not, and each
// wait takes just the calls that it needs.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "dovetail/stream/explain.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/layer_test.hpp"
#include "tests/support/lazy_peer.hpp"
#include "tests/support/ordered_work.hpp"

namespace dovetail {
namespace {

using test::context;
using test::order_calls_during;
using test::OrderCalls;

/// What the first work's stream is to the second's. On the last three another party has work, too.
enum class Neighbour { same_queue, owned, retained, borrowed, lazy_peer };
enum class Ranges { whole, overlapping, disjoint, sub_buffer };

struct Case {
  Neighbour neighbour;
  Hazard hazard;
  Ranges ranges;
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto neighbour : {Neighbour::same_queue, Neighbour::owned, Neighbour::retained,
                               Neighbour::borrowed, Neighbour::lazy_peer}) {
    for (const auto hazard :
         {Hazard::read_after_write, Hazard::write_after_read, Hazard::write_after_write}) {
      for (const auto ranges :
           {Ranges::whole, Ranges::overlapping, Ranges::disjoint, Ranges::sub_buffer}) {
        cases.push_back({neighbour, hazard, ranges});
      }
    }
  }
  return cases;
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  static constexpr const char* neighbours[] = {"SameQueue", "OwnedStreams", "RetainedQueue",
                                               "BorrowedQueue", "LazyPeer"};
  static constexpr const char* hazards[] = {"ReadAfterWrite", "WriteAfterRead", "WriteAfterWrite"};
  static constexpr const char* ranges[] = {"Whole", "Overlapping", "Disjoint", "SubBuffer"};
  const auto& [neighbour, hazard, range] = info.param;
  return std::string(neighbours[static_cast<int>(neighbour)]) + "_" +
         hazards[static_cast<int>(hazard)] + "_" + ranges[static_cast<int>(range)];
}

/// Elements [begin, end).
struct Elements {
  std::size_t begin, end;
};

/// The host's picture of the memory that a case works on.
struct Picture {
  std::vector<int> data, out, others_out;
  friend bool operator==(const Picture&, const Picture&) = default;
};

class OrderingMatrix : public test::LayerTest, public testing::WithParamInterface<Case> {
 protected:
  OrderingMatrix() {
    switch (GetParam().neighbour) {
      case Neighbour::same_queue:
        first.emplace(second);
        break;
      case Neighbour::owned:
        first.emplace(context());
        break;
      case Neighbour::borrowed:
        first.emplace(Stream::borrow(context(), native.get()));
        break;
      case Neighbour::retained:
      case Neighbour::lazy_peer:
        first.emplace(Stream::retain(context(), native.get()));
        break;
    }
    if (GetParam().neighbour == Neighbour::lazy_peer) first->attach(peer);
    for (std::size_t i = 0; i < before.data.size(); ++i) before.data[i] = static_cast<int>(i);
    data.emplace(test::buffer_of(before.data));
    out.emplace(test::buffer_of(before.out));
    others_out.emplace(test::buffer_of(before.others_out));
  }

  bool has_another_party() const { return GetParam().neighbour >= Neighbour::retained; }

  Elements first_elements() const {
    switch (GetParam().ranges) {
      case Ranges::whole:
        return {0, 4 * chunk};
      case Ranges::sub_buffer:
        return {chunk, 3 * chunk};
      default:
        return {0, 2 * chunk};
    }
  }
  Elements second_elements() const {
    switch (GetParam().ranges) {
      case Ranges::whole:
        return {0, 4 * chunk};
      case Ranges::overlapping:
        return {chunk, 3 * chunk};
      default:
        return {2 * chunk, 4 * chunk};
    }
  }

  static BufferView view(const Buffer& buffer, Elements elements) {
    return {buffer, elements.begin * sizeof(int), (elements.end - elements.begin) * sizeof(int)};
  }
  /// The data as the first work sees it: through a sub-buffer in those cases.
  BufferView first_data() const {
    const BufferView part = view(*data, first_elements());
    if (GetParam().ranges != Ranges::sub_buffer) return part;
    const cl_buffer_region region{part.offset, part.nbytes};
    cl_mem memory =
        clCreateSubBuffer(data->lend(), 0, CL_BUFFER_CREATE_TYPE_REGION, &region, nullptr);
    const Buffer alias = Buffer::retain(context(), memory);
    clReleaseMemObject(memory);
    return {alias, 0, alias.nbytes()};
  }

  void give_first() {
    const Elements elements = first_elements();
    const NDRange range({elements.end - elements.begin});
    if (GetParam().hazard == Hazard::write_after_read) {
      test::copy_kernel().launch(*first, range, reads(first_data()), writes(view(*out, elements)));
    } else {
      test::set_kernel().launch(*first, range, writes(first_data()), 7);
    }
  }
  /// Another party works on the same elements: at once, or when it is told to submit.
  void give_others() {
    const auto work = [this](cl_command_queue queue) {
      const BufferView part = view(*data, first_elements());
      if (GetParam().hazard != Hazard::write_after_read) return test::raw_set(queue, part, 8);
      ASSERT_EQ(clEnqueueCopyBuffer(queue, data->lend(), others_out->lend(), part.offset,
                                    part.offset, part.nbytes, 0, nullptr, nullptr),
                CL_SUCCESS);
    };
    if (GetParam().neighbour == Neighbour::lazy_peer) return peer->record(work);
    work(native.get());
  }
  void give_second() {
    const Elements elements = second_elements();
    const NDRange range({elements.end - elements.begin});
    const BufferView part = view(*data, elements);
    if (GetParam().hazard == Hazard::read_after_write) {
      test::copy_kernel().launch(second, range, reads(part), writes(view(*out, elements)));
    } else if (GetParam().hazard == Hazard::write_after_read) {
      test::set_kernel().launch(second, range, writes(part), 9);
    } else {
      test::grow_kernel().launch(second, range, updates(part));
    }
  }

  /// What the same work does to the host's picture.
  void picture_first(Picture& picture) const {
    const auto [begin, end] = first_elements();
    for (std::size_t i = begin; i < end; ++i) {
      if (GetParam().hazard == Hazard::write_after_read) {
        picture.out[i] = picture.data[i];
        if (has_another_party()) picture.others_out[i] = picture.data[i];
      } else {
        picture.data[i] = has_another_party() ? 8 : 7;
      }
    }
  }
  void picture_second(Picture& picture) const {
    const auto [begin, end] = second_elements();
    for (std::size_t i = begin; i < end; ++i) {
      if (GetParam().hazard == Hazard::read_after_write) {
        picture.out[i] = picture.data[i];
      } else {
        picture.data[i] =
            GetParam().hazard == Hazard::write_after_read ? 9 : 2 * picture.data[i] + 1;
      }
    }
  }
  Picture picture() const {
    return {test::contents(*data), test::contents(*out), test::contents(*others_out)};
  }

  const std::size_t chunk =
      std::max<std::size_t>(64, context().device().base_address_alignment() / sizeof(int));
  Picture before{std::vector<int>(4 * chunk), std::vector<int>(4 * chunk, -1),
                 std::vector<int>(4 * chunk, -2)};
  std::optional<Buffer> data, out, others_out;
  const test::NativeQueue native{context()};
  const std::shared_ptr<test::LazyPeer> peer = std::make_shared<test::LazyPeer>(native.get());
  const Stream second{context()};
  std::optional<Stream> first;
};

TEST_P(OrderingMatrix, EachCellHasJustTheWaitsThatItNeeds) {
  const bool is_one_queue = GetParam().neighbour == Neighbour::same_queue;
  const bool must_wait = !is_one_queue && GetParam().ranges != Ranges::disjoint;
  const bool may_run = !is_one_queue && !must_wait;

  test::Gate gate(*first);
  EXPECT_EQ(order_calls_during([&] { give_first(); }), OrderCalls{});
  if (has_another_party()) give_others();
  EXPECT_EQ(order_calls_during([&] { give_second(); }), must_wait ? test::one_wait : OrderCalls{});
  const Event done = second.record();

  Picture held = before;
  if (may_run) {
    ASSERT_NO_THROW(done.synchronize(std::chrono::seconds(60)));
    picture_second(held);
  } else {
    EXPECT_TRUE(test::is_held(done));
  }
  EXPECT_EQ(picture(), held);

  gate.release();
  first->synchronize();
  second.synchronize();
  Picture after = before;
  picture_first(after);
  picture_second(after);
  EXPECT_EQ(picture(), after);
}

INSTANTIATE_TEST_SUITE_P(Streams, OrderingMatrix, testing::ValuesIn(all_cases()), case_name);

}  // namespace
}  // namespace dovetail
