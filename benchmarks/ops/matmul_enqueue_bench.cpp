// SPDX-License-Identifier: Apache-2.0
// Host time of enqueuing a small product, beside CLBlast called directly: on a queue that is held,
// so that only the calls are timed, and on one that runs meanwhile.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <vector>

#include "benchmarks/ops/raw_clblast.hpp"
#include "benchmarks/support/raw.hpp"
#include "benchmarks/support/report.hpp"
#include "benchmarks/support/timing.hpp"
#include "benchmarks/support/values.hpp"
#include "dovetail/ops/matmul.hpp"

namespace dovetail::bench {
namespace {

constexpr std::size_t size = 64;
constexpr std::size_t batch = 64;  // below the depth at which drivers block

/// Whether the queue runs while it is given the products.
enum Running : std::int64_t { held, running };
/// Whether the arguments are those of the call before.
enum Arguments : std::int64_t { repeated, new_out };

class Products {
 public:
  Products()
      : a_(Tensor::from_host<float>(stream_.context(), random_values(size * size, 1), shape())),
        b_(Tensor::from_host<float>(stream_.context(), random_values(size * size, 2), shape())),
        outs_{Tensor::zeros(stream_, shape()), Tensor::zeros(stream_, shape())} {}

  void ours(const Tensor& out) const {
    matmul_into(stream_, a_, b_, out, {.backend = MatmulBackend::kernel});
  }
  void raw(const Tensor& out) const {
    raw_clblast(stream_.get(), size, size, size, memory(a_), memory(b_), memory(out));
  }
  const Tensor& out(Arguments arguments) { return outs_[arguments == new_out ? count_++ % 2 : 0]; }

  /// Whether both ways give the same.
  bool agree() const {
    ours(outs_[0]);
    raw(outs_[1]);
    const auto expected = outs_[1].to_host<float>(stream_);
    return all_close(outs_[0].to_host<float>(stream_),
                     std::vector<double>(expected.begin(), expected.end()), 1e-4);
  }
  HeldQueue held_queue() const { return HeldQueue(stream_.context().get(), stream_.get()); }
  void drain() const { stream_.synchronize(); }

 private:
  static Shape shape() { return {size, size}; }
  static cl_mem memory(const Tensor& tensor) { return tensor.storage().buffer.lend(); }

  Stream stream_;
  Tensor a_, b_;
  std::array<Tensor, 2> outs_;
  std::size_t count_ = 0;
};

void matmul_enqueue(benchmark::State& state) {
  if (!has_raw_clblast()) return state.SkipWithError("this build has no CLBlast");
  Products products;
  if (!products.agree()) return fail(state, "a wrong result");
  const auto arguments = static_cast<Arguments>(state.range(0));
  const auto ours = [&] { products.ours(products.out(arguments)); };
  const auto raw = [&] { products.raw(products.out(arguments)); };
  if (state.range(1) == running) {
    time_beside(state, &Times::enqueue, batch, ours, raw, [&] { products.drain(); });
    return;
  }
  HeldQueue queue = products.held_queue();
  const auto release = [&] {
    queue.release();
    products.drain();
  };
  time_beside(state, &Times::enqueue, batch, ours, raw, release, [&] { queue.hold(); });
}
BENCHMARK(matmul_enqueue)
    ->ArgNames({"new_out", "running"})
    ->ArgsProduct({{repeated, new_out}, {held, running}})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond)
    ->Apply(report_spread);

}  // namespace
}  // namespace dovetail::bench
