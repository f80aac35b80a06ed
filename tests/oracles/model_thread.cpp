// SPDX-License-Identifier: Apache-2.0
#include "tests/oracles/model_thread.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

namespace dovetail::test {

std::atomic<std::uint64_t> ModelThread::progress{0};

ModelThread::ModelThread(World& world, const ModelThreadOptions& options, std::size_t threads)
    : world_(world),
      options_(options),
      dice_(options.seed),
      tags_(world.context, threads * most_steps),
      chain_{ModelBuffer(world.context, 1000 * (options.index + 1), world.words)},
      next_number_(1000 * (options.index + 1) + 1) {
  own_buffers_.emplace_back(world.context, next_number_++, world.words);
  own_streams_.push_back(world.make_stream(dice_));
}

void ModelThread::act() {
  progress.fetch_add(1, std::memory_order_relaxed);
  const std::size_t choice = dice_.below(100);
  if (steps_.size() + 200 > most_steps) throw std::runtime_error("ModelThread: too many steps");
  if (choice < 45) return give_any(any_stream(), any_buffer(), any_buffer());
  if (choice < 55) return give_raw();
  if (choice < 65) return extend_chain(any_stream());
  if (choice < 75) return wait_somewhere();
  if (choice < 80) return block();
  if (choice < 88) return hold();
  if (choice < 91) return read_back();
  if (choice < 95) return change_buffers();
  if (choice < 98) return change_streams();
  if (dice_.chance(80)) return any_stream().stream.flush();
  scatter();
}

const ModelStream& ModelThread::any_stream() {
  const std::size_t shared = world_.streams.size();
  const std::size_t choice = dice_.below(shared + own_streams_.size());
  return choice < shared ? world_.streams[choice] : own_streams_[choice - shared];
}

const ModelBuffer& ModelThread::any_buffer(bool own_only) {
  if (!own_only && dice_.chance(75)) return dice_.of(world_.buffers);
  return dice_.of(own_buffers_);
}

Step ModelThread::any_step(const ModelBuffer& out, const ModelBuffer& in) {
  const auto [out_first, out_count] = world_.choose_range(dice_);
  const auto [in_first, in_count] = world_.choose_range(dice_);
  return {.kind = static_cast<Step::Kind>(dice_.below(3)),
          .out = out.number,
          .in = in.number,
          .out_first = out_first,
          .in_first = in_first,
          .count = std::min(out_count, in_count),
          .c = static_cast<cl_uint>(3 + 2 * dice_.below(1000))};
}

void ModelThread::give(const Stream& stream, const Step& step, const Operand& out,
                       const Operand& in) {
  const BufferView tag{tags_, next_tag(), 1};
  steps_.push_back({step, {}});
  const auto kind = static_cast<cl_uint>(step.kind);
  const std::array<KernelArgument, 8> arguments{whole_buffer(reads(tag)),
                                                out.argument,
                                                out.first,
                                                in.argument,
                                                in.first,
                                                step.count,
                                                step.c,
                                                kind};
  world_.kernel.tracked().enqueue(stream, NDRange({1}, {1}), arguments);
}

void ModelThread::give_any(const ModelStream& on, const ModelBuffer& out, const ModelBuffer& in) {
  const Step step = any_step(out, in);
  const Access access = step.kind == Step::Kind::copy ? Access::write : Access::read_write;
  give(on.stream, step, world_.operand(dice_, out, step.out_first, step.count, access),
       world_.operand(dice_, in, step.in_first, step.count, Access::read));
}

/// Uses more ranges of one buffer than the tracking keeps before it drops finished ones.
void ModelThread::scatter() {
  const ModelBuffer& buffer = any_buffer();
  for (int i = 0; i < 90; ++i) {
    Step step = any_step(buffer, buffer);
    step.kind = Step::Kind::update;
    step.count = 1;
    const Operand word{whole_buffer(updates({buffer.whole, step.out_first * sizeof(cl_uint), 4})),
                       step.out_first};
    const Operand none{whole_buffer(reads({buffer.whole, 0, 0})), 0};
    give(any_stream().stream, step, word, none);
  }
}

/// Enqueues another party's work on words that Dovetail saw the same stream use just before.
void ModelThread::give_raw() {
  const ModelStream& on = any_stream();
  if (!on.takes_raw && !on.peer) return give_any(on, any_buffer(), any_buffer());
  const ModelBuffer buffer = any_buffer(!options_.is_alone);
  Step step = any_step(buffer, buffer);
  step.kind = Step::Kind::update;
  give(on.stream, step,
       world_.operand(dice_, buffer, step.out_first, step.count, Access::read_write),
       world_.operand(dice_, buffer, step.in_first, step.count, Access::read));
  for (std::size_t i = dice_.below(3) + 1; i > 0; --i) {
    if (dice_.chance(40)) any_stream().stream.wait(on.stream);  // covers the step, not later work
    if (dice_.chance(30)) gates_.push_back(std::make_unique<Gate>(on.stream));
    step.c += 2;
    steps_.back().raw.push_back(step);
    if (on.peer) {
      on.peer->record(buffer.whole, step);
    } else {
      world_.kernel.enqueue_raw(on.stream.get(), buffer.whole, step);
    }
  }
  if (dice_.chance(20)) drop_stream(on.stream.id());
  if (dice_.chance(70)) give_any(any_stream(), any_buffer(), buffer);
}

void ModelThread::drop_stream(std::uint64_t id) {
  const auto place =
      std::ranges::find(own_streams_, id, [](const ModelStream& own) { return own.stream.id(); });
  if (place != own_streams_.end() && place->may_go) own_streams_.erase(place);
}

void ModelThread::wait_for_chain(const Stream& stream) {
  if (chain_.event && dice_.chance(50)) return stream.wait(*chain_.event);
  if (chain_.stream && dice_.chance(50)) return stream.wait(*chain_.stream);
  if (chain_.point.stream != 0) stream.wait(chain_.point);
}

void ModelThread::extend_chain(const ModelStream& on) {
  wait_for_chain(on.stream);
  const ModelBuffer& in = any_buffer();
  const Step step = any_step(chain_.memory, in);
  const Operand untold{whole_buffer(updates({chain_.memory.whole, 0, 0})), step.out_first};
  give(on.stream, step, untold, world_.operand(dice_, in, step.in_first, step.count, Access::read));
  chain_.point = on.stream.point();
  chain_.event.reset();
  chain_.stream.reset();
  if (dice_.chance(40)) chain_.event = on.stream.record();
  if (dice_.chance(40)) chain_.stream = on.stream;
}

void ModelThread::wait_somewhere() {
  const Stream& stream = any_stream().stream;
  const ModelStream& other = any_stream();
  switch (dice_.below(4)) {
    case 0:
      return stream.wait(other.stream);
    case 1:
      events_.push_back(other.stream.record());
      points_.push_back(other.stream.point());
      if (events_.size() > 6) events_.erase(events_.begin());
      return;
    case 2:
      if (!events_.empty()) stream.wait(dice_.of(events_));
      return;
    default:
      if (!points_.empty()) stream.wait(dice_.of(points_));
  }
}

void ModelThread::block() {
  constexpr std::chrono::seconds limit(300);
  if (!events_.empty() && dice_.chance(50)) {
    static_cast<void>(dice_.of(events_).is_done());
    return;
  }
  release_gates();  // a waiting thread must hold no other
  if (!events_.empty() && dice_.chance(50)) return dice_.of(events_).synchronize();
  if (dice_.chance(50)) return any_stream().stream.synchronize_for(limit);
  any_stream().stream.synchronize();
}

void ModelThread::hold() {
  if (gates_.size() < 3 && dice_.chance(70)) {
    gates_.push_back(std::make_unique<Gate>(any_stream().stream));
  } else if (!gates_.empty()) {
    const std::size_t choice = dice_.below(gates_.size());
    gates_[choice]->release();
    gates_.erase(gates_.begin() + static_cast<std::ptrdiff_t>(choice));
  }
}

void ModelThread::release_gates() {
  for (const auto& gate : gates_) gate->release();
  gates_.clear();
}

void ModelThread::read_back() {
  if (!options_.is_alone) return;  // which of several reads an entry stands for would be unclear
  release_gates();
  const ModelBuffer& buffer = any_buffer();
  reads_.push_back({buffer.number, read_words(any_stream().stream, buffer)});
}

void ModelThread::change_buffers() {
  if (own_buffers_.size() < 3) {
    own_buffers_.emplace_back(world_.context, next_number_++, world_.words);
  } else {
    own_buffers_.erase(own_buffers_.begin());  // its work may be in flight
  }
}

void ModelThread::change_streams() {
  if (own_streams_.size() < 3) return own_streams_.push_back(world_.make_stream(dice_));
  const ModelStream& going = dice_.of(own_streams_);
  if (!going.may_go) {
    release_gates();
    going.stream.synchronize();
  }
  const std::uint64_t id = going.stream.id();
  std::erase_if(own_streams_, [&](const ModelStream& own) { return own.stream.id() == id; });
}

void ModelThread::gather(const Stream& stream, const std::vector<ModelBuffer>& others) {
  wait_for_chain(stream);
  const auto touch = [&](const ModelBuffer& buffer) {
    give(stream, {.out = buffer.number, .in = buffer.number}, {updates(buffer.whole), 0},
         {reads(buffer.whole), 0});
  };
  for (const ModelBuffer& buffer : own_buffers_) touch(buffer);
  for (const ModelBuffer& buffer : others) touch(buffer);
}

std::vector<ModelBuffer> ModelThread::buffers() const {
  std::vector<ModelBuffer> all = own_buffers_;
  all.push_back(chain_.memory);
  return all;
}

void ModelThread::end() {
  for (const ModelStream& own : own_streams_) own.stream.synchronize();
}

}  // namespace dovetail::test
