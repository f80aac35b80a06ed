// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/matmul/peak.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dovetail/runtime/kernel.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tools/embedded.hpp"
#include "tools/measure/effort.hpp"
#include "tools/measure/verification.hpp"

namespace dovetail::tool {
namespace {

constexpr cl_uint rounds = 1U << 16;
// Twelve vectors and four constants fit the sixteen registers of the smallest instruction sets in
// question, and twelve cover two units with a latency of up to six cycles.
constexpr unsigned chains = 12;

template <typename T>
T device_info(const Device& device, cl_device_info what) {
  T value{};
  check_raw(clGetDeviceInfo(device.get(), what, sizeof(value), &value, nullptr), "clGetDeviceInfo");
  return value;
}

/// How the kernels are built and launched for elements of type T.
template <typename T>
struct Layout {
  bool is_cpu;
  unsigned width;
  std::size_t group, items;

  /// @param gpu_width  Elements of a vector where a processor has no vectors of its own.
  Layout(const Device& device, unsigned gpu_width) : is_cpu(device.type() == DeviceType::cpu) {
    constexpr unsigned smallest = 16 / sizeof(T), largest = 64 / sizeof(T);
    const auto native =
        static_cast<unsigned>(device.native_float_vector_width() * sizeof(float) / sizeof(T));
    width = is_cpu ? std::clamp(native, smallest, largest) : gpu_width;
    group = is_cpu ? 1 : std::min<std::size_t>(256, device.max_work_group_size());
    items = 16 * group * device.compute_units();
  }

  Kernel kernel(const Context& context, std::string_view name) const {
    return Kernel(
        ProgramCache::of(context).get(embedded_source("commands/matmul/peak.cl"),
                                      BuildOptions()
                                          .define("REAL", sizeof(T) == 8 ? "double" : "float")
                                          .define("WIDTH", width)
                                          .define("CHAINS", chains)
                                          .define("IN_PIECES", is_cpu ? 1 : 0)),
        name);
  }
  NDRange range() const { return NDRange({items}, {group}); }
};

/// Times launches in samples.
class Rate {
 public:
  /// @param seconds  Aim of one sample.
  /// @param amount   Of what is counted, done by one launch.
  Rate(Stream stream, double seconds, double amount, std::function<void()> launch)
      : stream_(std::move(stream)), amount_(amount), launch_(std::move(launch)) {
    time(1);  // touches all there is to touch
    launches_ = runs_in_sample(seconds, time(1));
  }

  /// Takes a sample, after untimed launches.
  void sample() {
    warm_up([this] { time(1); });
    per_s_.push_back(amount_ * launches_ / time(launches_));
  }
  /// One number for each sample.
  const std::vector<double>& per_s() const { return per_s_; }

 private:
  double time(int launches) {
    stream_.synchronize();
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < launches; ++i) launch_();
    stream_.synchronize();
    return seconds_since(start);
  }

  Stream stream_;
  double amount_;
  std::function<void()> launch_;
  int launches_ = 1;
  std::vector<double> per_s_;
};

void expect(bool is_right, std::string_view kernel) {
  if (!is_right) {
    throw VerificationFailed(fmt::format("[peak] kernel {}: the result is wrong.", kernel));
  }
}

/// Multiply-adds whose factors undo each other, so that numbers stay ordinary ones however often;
/// the shifts add up to 1 over all rounds, which shows that each was done.
template <typename T>
class Arithmetic {
 public:
  Arithmetic(const Stream& stream, double seconds)
      : layout_(stream.device(), 1),
        kernel_(layout_.kernel(stream.context(), "multiply_adds")),
        out_(Tensor::zeros(stream, {static_cast<std::int64_t>(layout_.items * layout_.width)},
                           dtype_of<T>)) {
    launch(stream);
    expect(is_right(out_.to_host<T>(stream)), "multiply_adds");
    const double flop = 2.0 * 2.0 * rounds * chains * layout_.width;
    rate_.emplace(stream, seconds, flop * static_cast<double>(layout_.items),
                  [this, stream] { launch(stream); });
  }
  Arithmetic(const Arithmetic&) = delete;
  Arithmetic& operator=(const Arithmetic&) = delete;

  Rate& rate() { return *rate_; }

 private:
  void launch(const Stream& stream) const {
    constexpr T up{-1.25}, up_shift{0.5}, down = static_cast<T>(-0.8);
    kernel_.launch(stream, layout_.range(), out_, up, up_shift, down,
                   T{-down * up_shift + T{1} / rounds}, cl_uint{rounds});
  }

  bool is_right(const std::vector<T>& sums) const {
    for (std::size_t i = 0; i < sums.size(); ++i) {
      double expected = 0;
      for (std::size_t c = 0; c < chains; ++c) {
        expected += 1 + static_cast<double>(i % layout_.width) / 64 +
                    static_cast<double>((i / layout_.width + c) % 32) / 32;
      }
      if (!(std::abs(sums[i] - expected) < 0.02 * expected)) return false;
    }
    return true;
  }

  Layout<T> layout_;
  Kernel kernel_;
  Tensor out_;
  std::optional<Rate> rate_;
};

/// Two ways to go over more memory than the caches hold.
class Memory {
 public:
  Memory(const Stream& stream, std::size_t count)
      : layout_(stream.device(), gpu_width),
        count_(count),
        stream_(stream),
        a_(ones(stream)),
        b_(ones(stream)),
        out_(ones(stream)),
        sums_(Tensor::zeros(stream, {static_cast<std::int64_t>(layout_.items * layout_.width)})),
        triad_(layout_.kernel(stream.context(), "triad")),
        read_(layout_.kernel(stream.context(), "read")) {}

  void triad() const { triad_.launch(stream_, layout_.range(), a_, b_, out_, 0.5f, vectors()); }
  void read() const { read_.launch(stream_, layout_.range(), a_, sums_, vectors()); }

  void verify() const {
    triad();
    const auto out = out_.to_host<float>(stream_);
    expect(std::ranges::all_of(out, [](float value) { return value == 1.5f; }), "triad");
    read();
    double sum = 0;
    for (const float part : sums_.to_host<float>(stream_)) sum += part;
    expect(sum == static_cast<double>(count_), "read");
  }

  static std::size_t count_for(const Device& device) {
    const Layout<float> layout(device, gpu_width);
    const std::size_t piece = std::size_t{4} * layout.width * layout.items;
    return std::max<std::size_t>(array_nbytes(device) / sizeof(float) / piece, 1) * piece;
  }

 private:
  static constexpr unsigned gpu_width = 4;

  /// Twice the last cache, within reason: some report one that many machines share, and GPUs may
  /// report less than their last one.
  static std::size_t array_nbytes(const Device& device) {
    constexpr std::size_t mebi = 1U << 20;
    const auto cache = device_info<cl_ulong>(device, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE);
    const auto largest = device_info<cl_ulong>(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    const std::size_t least = device.type() == DeviceType::cpu ? 32 * mebi : 256 * mebi;
    return std::min({std::clamp<std::size_t>(2 * cache, least, 4 * least), std::size_t{largest},
                     std::size_t{device.global_memory() / 8}});
  }
  Tensor ones(const Stream& stream) const {
    return Tensor::full(stream, {static_cast<std::int64_t>(count_)}, 1.0);
  }
  cl_ulong vectors() const { return count_ / layout_.width; }

  Layout<float> layout_;
  std::size_t count_;
  Stream stream_;
  Tensor a_, b_, out_, sums_;
  Kernel triad_, read_;
};

Spread spread_in_units_of(double unit, std::vector<double> values) {
  for (double& value : values) value /= unit;
  return Spread::of(std::move(values));
}

}  // namespace

struct PeakMeter::State {
  State(const Stream& stream_in, bool quick)
      : stream(stream_in), effort(product_effort(quick)), f32(stream, effort.seconds) {
    if (stream.device().has_extension("cl_khr_fp64")) f64.emplace(stream, effort.seconds);
  }

  Stream stream;
  Effort effort;
  Arithmetic<float> f32;
  std::optional<Arithmetic<double>> f64;
  std::vector<double> triad, read;
};

PeakMeter::PeakMeter(const Stream& stream, bool quick)
    : state_(std::make_unique<State>(stream, quick)) {}

PeakMeter::~PeakMeter() = default;

void PeakMeter::sample_arithmetic() {
  state_->f32.rate().sample();
  if (state_->f64) state_->f64->rate().sample();
}

void PeakMeter::sample_memory() {
  {
    const std::size_t count = Memory::count_for(state_->stream.device());
    const Memory memory(state_->stream, count);
    if (state_->read.empty()) memory.verify();
    const double nbytes = sizeof(float) * static_cast<double>(count);
    const Effort& effort = state_->effort;
    Rate triad(state_->stream, effort.seconds, 3 * nbytes, [&] { memory.triad(); });
    Rate read(state_->stream, effort.seconds, nbytes, [&] { memory.read(); });
    for (std::size_t i = 0; i < effort.samples; ++i) {
      triad.sample();
      read.sample();
    }
    state_->triad.insert(state_->triad.end(), triad.per_s().begin(), triad.per_s().end());
    state_->read.insert(state_->read.end(), read.per_s().begin(), read.per_s().end());
  }
  MemoryPool::of(state_->stream.context()).trim();
}

Peak PeakMeter::peak() const {
  constexpr double giga = 1e9;
  const Device& device = state_->stream.device();
  Peak peak{.f32_gflops = spread_in_units_of(giga, state_->f32.rate().per_s()),
            .f64_gflops = std::nullopt,
            .triad_gb_s = spread_in_units_of(giga, state_->triad),
            .read_gb_s = spread_in_units_of(giga, state_->read),
            .array_bytes = sizeof(float) * Memory::count_for(device),
            .cache_bytes = device_info<cl_ulong>(device, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE)};
  if (state_->f64) peak.f64_gflops = spread_in_units_of(giga, state_->f64->rate().per_s());
  return peak;
}

}  // namespace dovetail::tool
