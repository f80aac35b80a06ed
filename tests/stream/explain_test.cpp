// SPDX-License-Identifier: Apache-2.0
// The text of a record of order: who owns each stream, and what the host waited for.
#include "dovetail/stream/explain.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/lazy_peer.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;

std::string line(const Stream& stream, const std::string& rest) {
  return "stream #" + std::to_string(stream.id()) + " is " + rest + "\n";
}

TEST(Explain, ReportsWhoOwnsEachQueue) {
  const test::NativeQueue before(context()), lent(context()), kept(context());
  const Stream there = Stream::retain(context(), before.get());
  OrderRecorder recorder;
  const Stream own(context());
  const Stream borrowed = Stream::borrow(context(), lent.get());
  const Stream retained = Stream::retain(context(), kept.get(), {.exclusive = true});
  const std::string text = explain(recorder.take());
  for (const std::string& expected :
       {line(there, "retained, shared with others"), line(own, "owned"),
        line(borrowed, "borrowed, shared with others"), line(retained, "retained")}) {
    expect_parts(text, expected);
    EXPECT_EQ(text.find(expected), text.rfind(expected)) << "twice: " << expected;
  }
}

TEST(Explain, ReportsHowASecondAdoptionChangesAStream) {
  const test::NativeQueue queue(context());
  const Stream first = Stream::borrow(context(), queue.get(), {.exclusive = true});
  OrderRecorder recorder;
  const Stream second = Stream::retain(context(), queue.get());
  expect_parts(explain(recorder.take()), line(first, "borrowed"),
               line(first, "retained, shared with others"));
}

TEST(Explain, NamesThePeersThatAreAttached) {
  const Stream stream(context());
  const auto peer = std::make_shared<test::LazyPeer>(stream.get());
  OrderRecorder recorder;
  stream.attach(peer);
  expect_parts(explain(recorder.take()),
               line(stream, "owned, shared with others, peer 'lazy peer'"));
  stream.detach(*peer);
  expect_parts(explain(recorder.take()), line(stream, "owned, shared with others"));
}

TEST(Explain, NamesTheMarkersThatTheHostWaitsFor) {
  const Stream stream(context());
  const Buffer data = test::buffer_of(std::vector<int>(64, 1));
  OrderRecorder recorder;
  test::set_kernel().launch(stream, NDRange({64}), writes(data), 2);
  const std::string point = "#" + std::to_string(stream.id()) + ":1";
  stream.record().synchronize();
  const std::string text = explain(recorder.take());
  const auto end = text.find(" on #" + std::to_string(stream.id()) + " behind " + point);
  ASSERT_NE(end, std::string::npos) << text;
  const auto begin = text.rfind("marker ", end);
  expect_parts(text, "the host waits for " + text.substr(begin, end - begin) + ", " + point +
                         ": Event::synchronize\n");
  stream.synchronize();
  expect_parts(explain(recorder.take()), ", " + point + ": Stream::synchronize\n");
}

TEST(Explain, IntroducesTheMarkerOfARead) {
  const Stream stream(context());
  const Tensor data = Tensor::full(stream, {64}, 2);
  OrderRecorder recorder;
  EXPECT_EQ(data.to_host<float>(stream)[0], 2);
  const std::string text = explain(recorder.take());
  const auto wait = text.find("the host waits for marker ");
  ASSERT_NE(wait, std::string::npos) << text;
  const auto begin = text.find("marker ", wait);
  const std::string marker = text.substr(begin, text.find(',', begin) - begin);
  EXPECT_LT(text.find("  " + marker + " on #"), wait) << text;
}

TEST(Explain, ListsStreamsInTheOrderOfTheirNumbers) {
  const std::vector<Stream> streams = [] {
    std::vector<Stream> made;
    for (int i = 0; i < 20; ++i) made.emplace_back(context());
    return made;
  }();
  OrderRecorder recorder;
  std::uint64_t last = 0;
  for (const OrderEntry& entry : recorder.take()) {
    const auto& stream = std::get<StreamEntry>(entry);
    EXPECT_LT(last, stream.stream);
    last = stream.stream;
  }
  EXPECT_GE(last, streams.back().id());
}

}  // namespace
}  // namespace dovetail
