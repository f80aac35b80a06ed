// SPDX-License-Identifier: Apache-2.0
#include "tools/scaling/work.hpp"

#include <fmt/format.h>

#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "dovetail/opencl.hpp"
#include "dovetail/ops/matmul.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tools/embedded.hpp"

namespace dovetail::tool {
namespace {

/// How much each kind of work does on a device: about a millisecond for the heavy ones on two
/// cores.
struct Amount {
  std::size_t group = 64;
  std::size_t launch_items = 256;
  std::size_t memory_items;
  std::size_t compute_items;
  cl_uint compute_rounds = 4096;

  explicit Amount(const Device& device)
      : memory_items(device.type() == DeviceType::cpu ? std::size_t{1} << 20
                                                      : std::size_t{1} << 24),
        compute_items(device.type() == DeviceType::cpu ? 256 : 16384) {}
};

Kernel work_kernel(const Context& context, std::string_view name) {
  const ProgramSource source{"tools/scaling/work.cl",
                             std::string(embedded_file("scaling/work.cl"))};
  return Kernel(ProgramCache::of(context).get(source), name);
}

struct KernelData {
  Tensor a, b, out;
};

KernelData make_data(const Context& context, Work work) {
  const Amount amount(context.device());
  const std::size_t items = work == Work::memory    ? amount.memory_items
                            : work == Work::compute ? 16 * amount.compute_items
                                                    : amount.launch_items;
  const Stream stream(context);
  const Shape shape{static_cast<std::int64_t>(items)};
  KernelData data{Tensor::full(stream, shape, 1.0), Tensor::full(stream, shape, 2.0),
                  Tensor::full(stream, shape, 0.0)};
  stream.synchronize();
  return data;
}

constexpr float y = 0.5f;

double expected(Work work, std::size_t i, const Amount& amount, std::uint64_t runs) {
  if (work == Work::launch) return static_cast<double>(runs) * y;
  if (work == Work::memory) return 2.0;
  float x = static_cast<float>(i / 16 % 1024) / 1024.0f;
  for (cl_uint round = 0; round < amount.compute_rounds; ++round) x = x * y + 0.25f;
  return x;
}

bool right(const Stream& stream, const Tensor& out, Work work, std::uint64_t runs) {
  if (work == Work::empty) {
    stream.synchronize();
    return true;  // nothing is written; that the queue got here without an error is all there is
  }
  const Amount amount(stream.device());
  const auto values = out.to_host<float>(stream);
  for (std::size_t i = 0; i < values.size(); i += values.size() / 64) {
    if (std::abs(values[i] - expected(work, i, amount, runs)) > 1e-5) return false;
  }
  return true;
}

/// The four kernels through Dovetail's launch.
class StreamOperation : public Operation {
 public:
  StreamOperation(const Context& context, Work work)
      : work_(work),
        amount_(context.device()),
        kernel_(work_kernel(context, name_of(work))),
        data_(make_data(context, work)) {}

  void enqueue(const Stream& stream) override {
    ++runs_;
    switch (work_) {
      case Work::empty:
        return kernel_.launch(stream, NDRange({1}, {1}));
      case Work::launch:
        return kernel_.launch(stream, NDRange({amount_.launch_items}, {amount_.group}), data_.out,
                              y, static_cast<cl_uint>(amount_.launch_items));
      case Work::memory:
        return kernel_.launch(stream, NDRange({amount_.memory_items}, {amount_.group}), data_.a,
                              data_.b, data_.out, y);
      case Work::compute:
        return kernel_.launch(stream, NDRange({amount_.compute_items}, {amount_.group}), data_.out,
                              y, amount_.compute_rounds);
    }
  }

  bool verify(const Stream& stream) override {
    enqueue(stream);
    return right(stream, data_.out, work_, runs_);
  }

 private:
  Work work_;
  Amount amount_;
  Kernel kernel_;
  KernelData data_;
  std::uint64_t runs_ = 0;
};

/// The same through OpenCL's own calls, arguments set each time: the floor.
class RawOperation : public Operation {
 public:
  RawOperation(const Context& context, Work work)
      : work_(work), amount_(context.device()), data_(make_data(context, work)) {
    const std::string text(embedded_file("scaling/work.cl"));
    try {
      cl::Program program(cl::Context(context.get(), true), text);
      program.build();  // without the bindings' own choice of language version
      kernel_ = cl::Kernel(program, std::string(name_of(work)).c_str());
    } catch (const cl::Error& error) {
      throw Error(fmt::format("[scaling] {} failed: {}", error.what(), status_name(error.err())));
    }
  }

  void enqueue(const Stream& stream) override {
    ++runs_;
    const cl_mem a = data_.a.storage().buffer.lend();
    const cl_mem b = data_.b.storage().buffer.lend();
    const cl_mem out = data_.out.storage().buffer.lend();
    const auto launch_items = static_cast<cl_uint>(amount_.launch_items);
    std::size_t items = 1;
    std::size_t group = amount_.group;
    switch (work_) {
      case Work::empty:
        group = 1;
        break;
      case Work::launch:
        set_argument(0, out);
        set_argument(1, y);
        set_argument(2, launch_items);
        items = amount_.launch_items;
        break;
      case Work::memory:
        set_argument(0, a);
        set_argument(1, b);
        set_argument(2, out);
        set_argument(3, y);
        items = amount_.memory_items;
        break;
      case Work::compute:
        set_argument(0, out);
        set_argument(1, y);
        set_argument(2, amount_.compute_rounds);
        items = amount_.compute_items;
        break;
    }
    check_raw(clEnqueueNDRangeKernel(stream.get(), kernel_(), 1, nullptr, &items, &group, 0,
                                     nullptr, nullptr),
              "clEnqueueNDRangeKernel");
  }

  bool verify(const Stream& stream) override {
    enqueue(stream);
    return right(stream, data_.out, work_, runs_);
  }

 private:
  template <typename T>
  void set_argument(cl_uint index, const T& value) {
    check_raw(clSetKernelArg(kernel_(), index, sizeof(value), &value), "clSetKernelArg");
  }

  Work work_;
  Amount amount_;
  KernelData data_;
  cl::Kernel kernel_;
  std::uint64_t runs_ = 0;
};

struct ProductSizes {
  std::int64_t m, n, k;
};

/// A product that stands for each kind of work: the smallest there is, a small one, a row vector
/// times a matrix of 4 MiB, and a square one.
ProductSizes product_sizes(Work work) {
  switch (work) {
    case Work::empty:
      return {1, 1, 1};
    case Work::launch:
      return {32, 32, 32};
    case Work::memory:
      return {1, 1024, 1024};
    case Work::compute:
      break;
  }
  return {256, 256, 256};
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

void check_raw(cl_int status, const char* call) {
  if (status != CL_SUCCESS) {
    throw OpenCLError(status, call, SourceLocation::current(), "scaling, path raw");
  }
}

Operation& OperationTable::get(Path path, Work work, unsigned thread) {
  auto& place = operations_[{path, work, thread}];
  if (place) return *place;
  std::unique_ptr<Operation> made;
  switch (path) {
    case Path::raw:
      made = std::make_unique<RawOperation>(context_, work);
      break;
    case Path::stream:
      made = std::make_unique<StreamOperation>(context_, work);
      break;
    case Path::clblast:
      made = std::make_unique<MatmulOperation>(context_, MatmulBackend::clblast, work, seed_);
      break;
    case Path::kernel:
      made = std::make_unique<MatmulOperation>(context_, MatmulBackend::kernel, work, seed_);
      break;
  }
  if (!made->verify(Stream(context_))) {
    throw VerificationFailed(fmt::format("[scaling] path {}, work {}: the result is wrong.",
                                         name_of(path), name_of(work)));
  }
  place = std::move(made);
  return *place;
}

}  // namespace dovetail::tool
