// SPDX-License-Identifier: Apache-2.0
// One thread of a random program.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tests/oracles/model_world.hpp"
#include "tests/support/gate.hpp"

namespace dovetail::test {

/// A step, and what another party enqueued after it on the same queue and the same words.
struct GivenStep {
  Step step;
  std::vector<Step> raw;
};

/// What a thread read back during the program.
struct HostRead {
  int buffer;
  std::vector<cl_uint> words;
};

struct ModelThreadOptions {
  int index = 0;
  std::uint64_t seed = 0;
  bool is_alone = true;  ///< No other thread: raw work on any buffer, and reads to the host.
};

/// Does random actions whose order the program defines: Dovetail orders conflicting launches, and
/// the thread orders everything else by the waits that users have.
class ModelThread {
 public:
  /// The most steps of a thread; step numbers are unique in the program.
  static constexpr std::size_t most_steps = 4096;

  ModelThread(World& world, const ModelThreadOptions& options, std::size_t threads);

  /// Does one random action.
  void act();
  /// Releases the gates that it holds.
  void release_gates();
  /// Makes `stream` wait for all work on the thread's buffers and on `others`.
  void gather(const Stream& stream, const std::vector<ModelBuffer>& others);

  const std::vector<GivenStep>& steps() const noexcept { return steps_; }
  const std::vector<HostRead>& host_reads() const noexcept { return reads_; }
  /// Returns its own buffers, to be read after `gather`.
  std::vector<ModelBuffer> buffers() const;
  /// Waits for its own streams and releases them.
  void end();

  /// Counts the actions of all threads of the process, for watchdogs.
  static std::atomic<std::uint64_t> progress;

 private:
  /// Memory that Dovetail does not know, ordered by Stream::wait alone.
  struct Chain {
    ModelBuffer memory;
    Point point{};
    std::optional<Event> event{};
    std::optional<Stream> stream{};
  };

  const ModelStream& any_stream();
  const ModelBuffer& any_buffer(bool own_only = false);
  Step any_step(const ModelBuffer& out, const ModelBuffer& in);
  void give(const Stream& stream, const Step& step, const Operand& out, const Operand& in);
  void give_any(const ModelStream& on, const ModelBuffer& out, const ModelBuffer& in);
  void scatter();
  void give_raw();
  void drop_stream(std::uint64_t id);
  void extend_chain(const ModelStream& on);
  void wait_for_chain(const Stream& stream);
  void wait_somewhere();
  void block();
  void hold();
  void read_back();
  void change_buffers();
  void change_streams();
  std::size_t next_tag() const { return options_.index * most_steps + steps_.size(); }

  World& world_;
  ModelThreadOptions options_;
  Dice dice_;
  Buffer tags_;
  std::vector<ModelBuffer> own_buffers_;
  std::vector<ModelStream> own_streams_;
  Chain chain_;
  std::vector<Event> events_;
  std::vector<Point> points_;
  std::vector<GivenStep> steps_;
  std::vector<HostRead> reads_;
  int next_number_;
  std::vector<std::unique_ptr<Gate>> gates_;
};

}  // namespace dovetail::test
