// SPDX-License-Identifier: Apache-2.0
// What the sections of the workload share, and their calls of plain OpenCL.
#pragma once

#include <CL/cl.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "dovetail/core/context.hpp"
#include "dovetail/core/source_location.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/stream/buffer.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/stream/stream_pool.hpp"

namespace dovetail::sweep {

/// Reports a wrong result.
class WrongResult : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

template <typename T>
void expect(const char* what, const std::vector<T>& values, const std::vector<T>& expected) {
  bool is_right = values.size() == expected.size();
  for (std::size_t i = 0; is_right && i < values.size(); ++i) {
    is_right = std::abs(static_cast<double>(values[i]) - static_cast<double>(expected[i])) < 1e-4;
  }
  if (!is_right) {
    throw WrongResult(std::string(what) + ": the first value is " +
                      (values.empty() ? "missing" : std::to_string(values[0])));
  }
}
inline void expect(const char* what, bool holds) {
  if (!holds) throw WrongResult(what);
}

/// Throws what Dovetail throws: the calls of the workload's own fail as well.
void check(cl_int status, const char* call, SourceLocation where = SourceLocation::current());

template <auto Release>
struct Releaser {
  void operator()(auto* object) const noexcept { Release(object); }
};
using NativeEvent = std::unique_ptr<_cl_event, Releaser<clReleaseEvent>>;
using NativeQueue = std::unique_ptr<_cl_command_queue, Releaser<clReleaseCommandQueue>>;

NativeQueue native_queue(const Context& context);
/// Sets the whole buffer by plain OpenCL on the queue.
void native_set(cl_command_queue queue, cl_mem memory, int value);

/// Holds a queue until the end of the scope.
class Hold {
 public:
  [[nodiscard]] Hold(const Context& context, cl_command_queue queue);
  ~Hold();
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  /// Returns an event that completes when the queue goes on.
  cl_event event() const noexcept { return barrier_.get(); }

 private:
  NativeEvent user_, barrier_;
};

inline constexpr std::size_t count = 256;

/// Returns `count` integers of this value.
inline std::vector<int> all(int value) { return std::vector<int>(count, value); }

/// Makes each part at its first use, so that a part that cannot be made fails its section alone.
class Fixture {
 public:
  const Context& context();

  /// One of three owned streams.
  const Stream& stream(std::size_t index);
  /// Owned, with profiling.
  const Stream& profiled();
  /// On a foreign queue, which it retains.
  const Stream& retained();
  StreamPool& pool();

  /// `count` integers.
  Buffer buffer(int value);
  std::vector<int> contents(const Stream& stream, const Buffer& buffer);

  // Work on `count` integers.
  void set(const Stream& stream, const Buffer& buffer, int value);  ///< x = value
  void grow(const Stream& stream, const Buffer& buffer);            ///< x = 2 x + 1
  void copy(const Stream& stream, const Buffer& from, const Buffer& to);
  Kernel kernel(const char* name);

  void reset_streams();

 private:
  std::optional<Context> context_;
  std::array<std::optional<Stream>, 3> streams_;
  std::optional<Stream> profiled_, retained_;
  std::unique_ptr<StreamPool> pool_;
};

}  // namespace dovetail::sweep
