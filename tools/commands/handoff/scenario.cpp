// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/handoff/scenario.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/elementwise.hpp"
#include "dovetail/ops/matmul.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "tools/embedded.hpp"

namespace dovetail::tool {
namespace {

constexpr float shift = 0.25f;
constexpr std::size_t group = 64;

Kernel user_kernel(const Context& context) {
  const ProgramSource source = embedded_source("commands/handoff/handoff.cl");
  return Kernel(ProgramCache::of(context).get(source), "user_step");
}

bool close_to(const std::vector<float>& values, const std::vector<double>& expected) {
  return std::ranges::equal(values, expected, [](double value, double wanted) {
    return std::abs(value - wanted) <= 1e-4 * std::max(1.0, std::abs(wanted));
  });
}

/// A user's kernel x = 0.5 x + shift, then the framework's x = -x, on 4096 floats.
class KernelAndTensor : public Scenario {
 public:
  explicit KernelAndTensor(const Context& context)
      : kernel_(user_kernel(context)),
        x_(Tensor::from_host<float>(context, std::vector<float>(size, 1.0f),
                                    {static_cast<std::int64_t>(size)})) {}

  void step(const JoinedStreams& streams) override {
    kernel_.launch(streams.first(), NDRange({size}, {group}), x_, shift,
                   static_cast<cl_uint>(size));
    streams.hand_to_second();
    unary_into(streams.second(), UnaryOperation::negate, x_, x_);
    streams.hand_to_first();
  }

  bool verify(const JoinedStreams& streams, unsigned steps) override {
    double x = 1.0;
    for (unsigned i = 0; i < steps; ++i) x = -(0.5 * x + shift);
    return close_to(x_.to_host<float>(streams.first()), std::vector<double>(size, x));
  }

 private:
  static constexpr std::size_t size = 4096;
  Kernel kernel_;
  Tensor x_;
};

/// A user's kernel x = 0.5 x + shift, the vendor's product y = x w, and x = relu(y) by the
/// framework. The vendor's queue is the second; the user's and the framework's work is on the
/// first.
class VendorMatmul : public Scenario {
 public:
  explicit VendorMatmul(const Context& context)
      : kernel_(user_kernel(context)),
        w_host_(weights()),
        w_(Tensor::from_host<float>(context, w_host_, {n, n})),
        x_(Tensor::from_host<float>(context, std::vector<float>(n * n, 1.0f), {n, n})),
        y_(Tensor::empty(Stream(context), {n, n})) {}

  void step(const JoinedStreams& streams) override {
    kernel_.launch(streams.first(), NDRange({n * n}, {group}), x_, shift,
                   static_cast<cl_uint>(n * n));
    streams.hand_to_second();
    matmul_into(streams.second(), x_, w_, y_, {.backend = MatmulBackend::clblast});
    streams.hand_to_first();
    unary_into(streams.first(), UnaryOperation::relu, y_, x_);
  }

  bool verify(const JoinedStreams& streams, unsigned steps) override {
    std::vector<double> x(n * n, 1.0), y(n * n);
    for (unsigned step = 0; step < steps; ++step) {
      for (double& value : x) value = 0.5 * value + shift;
      std::ranges::fill(y, 0.0);
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t p = 0; p < n; ++p) {
          for (std::size_t j = 0; j < n; ++j) y[i * n + j] += x[i * n + p] * w_host_[p * n + j];
        }
      }
      std::ranges::transform(y, x.begin(), [](double value) { return std::max(value, 0.0); });
    }
    return close_to(x_.to_host<float>(streams.first()), x);
  }

 private:
  static constexpr std::size_t n = 64;

  /// Random weights whose products stay of the order of 1.
  static std::vector<float> weights() {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<float> uniform(-0.25f, 0.25f);
    std::vector<float> values(n * n);
    for (float& value : values) value = uniform(random);
    return values;
  }

  Kernel kernel_;
  std::vector<float> w_host_;
  Tensor w_, x_, y_;
};

}  // namespace

void JoinedStreams::hand_over(const Stream& from) const {
  if (joint_ == Joint::finish) from.synchronize();
}

std::unique_ptr<Scenario> make_scenario(std::string_view name, const Context& context) {
  if (name == scenario_names[0]) return std::make_unique<KernelAndTensor>(context);
  return std::make_unique<VendorMatmul>(context);
}

}  // namespace dovetail::tool
