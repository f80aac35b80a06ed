// SPDX-License-Identifier: Apache-2.0
#include "tests/oracles/model_world.hpp"

#include <algorithm>
#include <stdexcept>

#include "dovetail/tensor/tensor.hpp"

namespace dovetail::test {
namespace {

Buffer second_half(const Context& context, const Buffer& whole) {
  const cl_buffer_region region{whole.nbytes() / 2, whole.nbytes() / 2};
  cl_mem half = clCreateSubBuffer(whole.get(), 0, CL_BUFFER_CREATE_TYPE_REGION, &region, nullptr);
  if (half == nullptr) throw std::runtime_error("ModelBuffer: clCreateSubBuffer failed");
  Buffer buffer = Buffer::retain(context, half);
  clReleaseMemObject(half);
  return buffer;
}

}  // namespace

ModelBuffer::ModelBuffer(const Context& context, int number_in, std::size_t words)
    : number(number_in),
      whole(context, words * sizeof(cl_uint), initial_words(number_in, words).data()),
      half(second_half(context, whole)) {}

std::vector<cl_uint> read_words(const Stream& stream, const ModelBuffer& buffer) {
  const Shape shape{static_cast<std::int64_t>(buffer.words())};
  const auto words =
      Tensor::from_buffer(buffer.whole, shape, DType::i32).to_host<std::int32_t>(stream);
  return {words.begin(), words.end()};
}

World::World(const Context& context_in, const StepKernel& kernel_in, std::uint64_t seed)
    : context(context_in),
      kernel(kernel_in),
      alignment(context.device().base_address_alignment() / sizeof(cl_uint)),
      words(4 * alignment),
      pool_(context, {.size = 2}) {
  Dice dice(seed);
  const std::size_t buffer_count = 2 + dice.below(4), stream_count = 2 + dice.below(4);
  for (std::size_t i = 0; i < buffer_count; ++i) {
    buffers.emplace_back(context, static_cast<int>(i), words);
  }
  for (std::size_t i = 0; i < stream_count; ++i) streams.push_back(make_stream(dice));
}

ModelStream World::make_stream(Dice& dice) {
  const std::size_t choice = dice.below(8);
  if (choice < 2) return {.stream = Stream(context), .peer = nullptr};
  if (choice == 2) return {.stream = pool_.get(), .peer = nullptr};
  const AdoptionOptions options{.exclusive = choice < 5};
  auto queue = std::make_unique<NativeQueue>(context);
  const bool is_borrowed = dice.chance(50);
  ModelStream made{.stream = is_borrowed ? Stream::borrow(context, queue->get(), options)
                                         : Stream::retain(context, queue->get(), options),
                   .takes_raw = !options.exclusive && choice != 7,
                   .peer = nullptr,
                   .may_go = !is_borrowed};
  if (choice == 7) {
    made.peer = std::make_shared<ModelPeer>(kernel, queue->get());
    made.stream.attach(made.peer);
  }
  if (is_borrowed) {
    const std::scoped_lock lock(mutex);
    borrowed.push_back(std::move(queue));
  }
  return made;
}

std::pair<cl_uint, cl_uint> World::choose_range(Dice& dice) const {
  const auto aligned = [&] { return dice.below(words / alignment) * alignment; };
  const std::size_t first = dice.chance(60) ? aligned() : dice.below(words);
  const std::size_t count = 1 + dice.below(std::min<std::size_t>(words - first, 48));
  return {static_cast<cl_uint>(first), static_cast<cl_uint>(count)};
}

Operand World::operand(Dice& dice, const ModelBuffer& buffer, cl_uint first, cl_uint count,
                       Access access) const {
  const std::size_t at = first * sizeof(cl_uint), nbytes = count * sizeof(cl_uint);
  const auto middle = static_cast<cl_uint>(words / 2);
  const auto use = [&](const Buffer& of, std::size_t offset, std::size_t size) {
    return MemoryUse{{of, offset, size}, access};
  };
  const std::size_t choice = dice.below(8);
  // NVIDIA's driver 580 gives wrong results, and crashes, where sub-buffers overlap; see
  // docs/design/0008-ordering-core.md.
  const bool as_sub_buffer = choice < 4 || choice == 5;
  if (as_sub_buffer && context.device().type() != DeviceType::cpu) {
    return {whole_buffer(use(buffer.whole, at, nbytes)), first};
  }
  switch (choice) {
    case 0:
    case 1:
      if (first % alignment == 0) return {use(buffer.whole, at, nbytes), 0};
      break;
    case 2:
      if (first >= middle) return {use(buffer.half, 0, buffer.half.nbytes()), first - middle};
      break;
    case 3:
      if (first >= middle) {
        return {whole_buffer(use(buffer.half, at - middle * sizeof(cl_uint), nbytes)),
                first - middle};
      }
      break;
    case 4:
      return {buffer.whole.get(), first};
    case 5:
      if (first >= middle) return {buffer.half.get(), first - middle};
      return {buffer.whole, first};
    default:
      break;
  }
  return {whole_buffer(use(buffer.whole, at, nbytes)), first};
}

}  // namespace dovetail::test
