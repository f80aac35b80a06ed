// SPDX-License-Identifier: Apache-2.0
// The streams and buffers that the threads of a random program work on.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <vector>

#include "dovetail/runtime/kernel_argument.hpp"
#include "dovetail/stream/stream_pool.hpp"
#include "tests/oracles/model_peer.hpp"
#include "tests/oracles/model_step.hpp"
#include "tests/support/native_queue.hpp"

namespace dovetail::test {

/// Makes random choices that are the same with every standard library.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  /// Returns one of 0 ... count - 1.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  /// Returns true `percent` times in a hundred.
  bool chance(unsigned percent) { return engine_() % 100 < percent; }
  template <typename T>
  T& of(std::vector<T>& choices) {
    return choices[below(choices.size())];
  }

 private:
  std::mt19937_64 engine_;
};

struct ModelBuffer {
  int number;
  Buffer whole;
  Buffer half;  ///< A sub-buffer: the words from the middle on.

  ModelBuffer(const Context& context, int number, std::size_t words);
  std::size_t words() const { return whole.nbytes() / sizeof(cl_uint); }
};

/// Reads the buffer through `stream`, after all work that was enqueued on it. Blocks.
std::vector<cl_uint> read_words(const Stream& stream, const ModelBuffer& buffer);

struct ModelStream {
  Stream stream;
  bool takes_raw = false;           ///< Others enqueue on its queue, untold.
  std::shared_ptr<ModelPeer> peer;  ///< Enqueues on it, when told to.
  bool may_go = true;               ///< With work on it that is not done.
};

/// How a kernel takes words of a buffer: as an argument and an index of the first word in it.
struct Operand {
  KernelArgument argument;
  cl_uint first;
};

struct World {
  World(const Context& context, const StepKernel& kernel, std::uint64_t seed);

  /// Makes a stream of a kind that the dice choose.
  ModelStream make_stream(Dice& dice);

  /// Chooses words for a step: anywhere in a buffer, often where a sub-buffer may begin.
  std::pair<cl_uint, cl_uint> choose_range(Dice& dice) const;  // first, count
  /// Chooses how a kernel takes words of `buffer`: by a range, a view, a sub-buffer or a handle.
  Operand operand(Dice& dice, const ModelBuffer& buffer, cl_uint first, cl_uint count,
                  Access access) const;

  Context context;
  const StepKernel& kernel;
  std::size_t alignment;  ///< Of sub-buffers, in words.
  std::size_t words;      ///< Of each buffer.
  std::mutex mutex;
  std::vector<std::unique_ptr<NativeQueue>> borrowed;  ///< By mutex; they outlive all streams.
  std::vector<ModelBuffer> buffers;
  std::vector<ModelStream> streams;

 private:
  StreamPool pool_;
};

}  // namespace dovetail::test
