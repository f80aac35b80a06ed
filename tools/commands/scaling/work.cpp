// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/scaling/work.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "dovetail/ops/matmul.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tools/embedded.hpp"
#include "tools/measure/verification.hpp"

namespace dovetail::tool {
namespace {

/// How much each kind of work does on a device: about a millisecond for the heavy ones on two
/// cores.
struct Amount {
  std::size_t items, group = 64;
  std::size_t elements;  ///< Of each array.
};

constexpr cl_uint compute_rounds = 4096;

Amount amount_of(Work work, const Device& device) {
  const bool is_cpu = device.type() == DeviceType::cpu;
  switch (work) {
    case Work::empty:
      return {.items = 1, .group = 1, .elements = 1};
    case Work::launch:
      return {.items = 256, .elements = 256};
    case Work::memory: {
      const std::size_t items = is_cpu ? 1U << 20 : 1U << 24;
      return {.items = items, .elements = items};
    }
    case Work::compute:
      break;
  }
  const std::size_t items = is_cpu ? 256 : 16384;
  return {.items = items, .elements = 16 * items};
}

constexpr const char* source_path = "commands/scaling/work.cl";
constexpr float y = 0.5f;

double expected(Work work, std::size_t i, std::uint64_t runs) {
  if (work == Work::launch) return static_cast<double>(runs) * y;
  if (work == Work::memory) return 2.0;
  float x = static_cast<float>(i / 16 % 1024) / 1024.0f;
  for (cl_uint round = 0; round < compute_rounds; ++round) x = x * y + 0.25f;
  return x;
}

/// One of the four kernels, with its data.
class KernelOperation : public Operation {
 public:
  KernelOperation(const Context& context, Work work)
      : work_(work), amount_(amount_of(work, context.device())) {
    const Stream stream(context);
    const Shape shape{static_cast<std::int64_t>(amount_.elements)};
    a_ = Tensor::full(stream, shape, 1.0);
    b_ = Tensor::full(stream, shape, 2.0);
    out_ = Tensor::full(stream, shape, 0.0);
    stream.synchronize();
  }

  void enqueue(const Stream& stream) final {
    ++runs_;
    launch(stream);
  }

  bool verify(const Stream& stream) final {
    enqueue(stream);
    const auto values = out_->to_host<float>(stream);
    if (work_ == Work::empty) return true;  // the kernel writes nothing; no error is all there is
    for (std::size_t i = 0; i < values.size(); i += values.size() / 64) {
      if (std::abs(values[i] - expected(work_, i, runs_)) > 1e-5) return false;
    }
    return true;
  }

 protected:
  virtual void launch(const Stream& stream) = 0;

  /// Calls `use` with the kernel's arguments.
  template <typename Use>
  void with_arguments(const Use& use) const {
    switch (work_) {
      case Work::empty:
        return use();
      case Work::launch:
        return use(*out_, y, static_cast<cl_uint>(amount_.items));
      case Work::memory:
        return use(*a_, *b_, *out_, y);
      case Work::compute:
        return use(*out_, y, compute_rounds);
    }
  }

  const Amount& amount() const noexcept { return amount_; }

 private:
  Work work_;
  Amount amount_;
  std::optional<Tensor> a_, b_, out_;
  std::uint64_t runs_ = 0;
};

/// A kernel through Dovetail's launch.
class StreamOperation : public KernelOperation {
 public:
  StreamOperation(const Context& context, Work work)
      : KernelOperation(context, work),
        kernel_(ProgramCache::of(context).get(embedded_source(source_path)), name_of(work)) {}

 protected:
  void launch(const Stream& stream) override {
    with_arguments([&](const auto&... arguments) {
      kernel_.launch(stream, NDRange({amount().items}, {amount().group}), arguments...);
    });
  }

 private:
  Kernel kernel_;
};

/// A kernel through OpenCL's own calls, which set the arguments each time: the floor.
class RawOperation : public KernelOperation {
 public:
  RawOperation(const Context& context, Work work) : KernelOperation(context, work) {
    try {
      cl::Program program(cl::Context(context.get(), true),
                          std::string(embedded_file(source_path)));
      program.build();  // without the bindings' own choice of language version
      kernel_ = cl::Kernel(program, std::string(name_of(work)).c_str());
    } catch (const cl::Error& error) {
      throw Error(fmt::format("[scaling] {} failed: {}", error.what(), status_name(error.err())));
    }
  }

 protected:
  void launch(const Stream& stream) override {
    with_arguments([this](const auto&... arguments) {
      [[maybe_unused]] cl_uint index = 0;
      (set_argument(index++, arguments), ...);
    });
    check_raw(clEnqueueNDRangeKernel(stream.get(), kernel_(), 1, nullptr, &amount().items,
                                     &amount().group, 0, nullptr, nullptr),
              "clEnqueueNDRangeKernel");
  }

 private:
  void set_argument(cl_uint index, const Tensor& tensor) {
    set_argument(index, tensor.storage().buffer.lend());
  }
  template <typename T>
  void set_argument(cl_uint index, const T& value) {
    check_raw(clSetKernelArg(kernel_(), index, sizeof(value), &value), "clSetKernelArg");
  }

  cl::Kernel kernel_;
};

struct ProductSizes {
  std::int64_t m, n, k;
};

/// Returns the product that stands for a kind of work: the smallest of all, a small one, a row
/// vector times a matrix of 4 MiB, or a square one.
constexpr ProductSizes product_sizes(Work work) {
  constexpr std::array<ProductSizes, 4> sizes{
      {{1, 1, 1}, {32, 32, 32}, {1, 1024, 1024}, {256, 256, 256}}};
  return sizes[static_cast<std::size_t>(work)];
}

class MatmulOperation : public Operation {
 public:
  MatmulOperation(const Context& context, MatmulBackend backend, Work work, std::uint64_t seed)
      : backend_(backend),
        sizes_(product_sizes(work)),
        random_(seed),
        a_host_(random_values(sizes_.m * sizes_.k)),
        b_host_(random_values(sizes_.k * sizes_.n)),
        a_(Tensor::from_host<float>(context, a_host_, {sizes_.m, sizes_.k})),
        b_(Tensor::from_host<float>(context, b_host_, {sizes_.k, sizes_.n})),
        out_(Tensor::empty(Stream(context), {sizes_.m, sizes_.n})) {}

  void enqueue(const Stream& stream) override {
    matmul_into(stream, a_, b_, out_, {.backend = backend_});
  }

  bool verify(const Stream& stream) override {
    enqueue(stream);
    const auto values = out_.to_host<float>(stream);
    for (std::int64_t i = 0; i < sizes_.m; ++i) {
      for (std::int64_t j = 0; j < sizes_.n; ++j) {
        double sum = 0, magnitude = 0;
        for (std::int64_t p = 0; p < sizes_.k; ++p) {
          const double product =
              static_cast<double>(a_host_[index(i, p, sizes_.k)]) * b_host_[index(p, j, sizes_.n)];
          sum += product;
          magnitude += std::abs(product);
        }
        const double bound = static_cast<double>(sizes_.k + 1) * 6e-8 * magnitude;
        if (!(std::abs(values[index(i, j, sizes_.n)] - sum) <= bound)) return false;
      }
    }
    return true;
  }

 private:
  static std::size_t index(std::int64_t row, std::int64_t column, std::int64_t columns) {
    return static_cast<std::size_t>(row * columns + column);
  }
  std::vector<float> random_values(std::int64_t count) {
    std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = uniform(random_);
    return values;
  }

  MatmulBackend backend_;
  ProductSizes sizes_;
  std::mt19937_64 random_;
  std::vector<float> a_host_, b_host_;
  Tensor a_, b_, out_;
};

}  // namespace

std::unique_ptr<Operation> OperationTable::make(Path path, Work work) const {
  switch (path) {
    case Path::raw:
      return std::make_unique<RawOperation>(context_, work);
    case Path::stream:
      return std::make_unique<StreamOperation>(context_, work);
    case Path::clblast:
      return std::make_unique<MatmulOperation>(context_, MatmulBackend::clblast, work, seed_);
    case Path::kernel:
      break;
  }
  return std::make_unique<MatmulOperation>(context_, MatmulBackend::kernel, work, seed_);
}

Operation& OperationTable::get(Path path, Work work, unsigned thread) {
  auto& place = operations_[{path, work, thread}];
  if (place) return *place;
  auto made = make(path, work);
  if (!made->verify(Stream(context_))) {
    throw VerificationFailed(fmt::format("[scaling] path {}, work {}: the result is wrong.",
                                         name_of(path), name_of(work)));
  }
  place = std::move(made);
  return *place;
}

}  // namespace dovetail::tool
