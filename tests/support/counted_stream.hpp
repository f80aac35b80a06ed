// SPDX-License-Identifier: Apache-2.0
// Tests that count which OpenCL calls a stream makes.
#pragma once

#include <map>
#include <string>

#include "dovetail/stream/stream.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/layer_test.hpp"

namespace dovetail::test {

/// Calls that block the host or give work to a queue; a look at a handle is neither.
inline Calls without_queries(Calls calls) {
  std::erase_if(calls, [](const auto& call) { return call.first.starts_with("clGet"); });
  return calls;
}

/// Has a stream, whose work is done before the process can end.
class CountedStream : public LayerTest {
 protected:
  void TearDown() override {
    stream.synchronize();  // PoCL 3.1 crashes when a process ends while it compiles
  }
  Stream stream{context()};
};

}  // namespace dovetail::test
