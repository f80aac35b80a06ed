// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/matmul/product_calls.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "tools/commands/matmul/contender.hpp"
#include "tools/measure/call_counts.hpp"

namespace dovetail::tool {
namespace {

using Json = nlohmann::json;

DeviceProduct make_product(MatmulBackend backend, DType dtype, const MatmulShape& s) {
  const Stream stream = current_stream();
  const auto operand = [&](std::uint64_t rows, std::uint64_t columns, bool transposed) {
    return Tensor::full(stream, DeviceProduct::operand_shape(s, rows, columns, transposed), 1.0,
                        dtype);
  };
  return {backend, s, operand(s.m, s.k, s.transpose_a), operand(s.k, s.n, s.transpose_b)};
}

std::map<std::string, std::uint64_t> calls_of(const DeviceProduct& product) {
  std::map<std::string, std::uint64_t> calls;
  for (const auto& [name, count] : count_calls([&] { product.enqueue(); })) {
    calls[name] = count.calls;
  }
  return calls;
}

}  // namespace

MatmulRow::Calls ask_for_product_calls(Worker& counter, const std::string& backend,
                                       const std::string& dtype, const MatmulShape& shape) {
  const Json counted = counter.ask({{"do", "matmul.count"},
                                    {"backend", backend},
                                    {"dtype", dtype},
                                    {"sizes", {shape.batch, shape.m, shape.n, shape.k}},
                                    {"transposes", {shape.transpose_a, shape.transpose_b}}});
  return {.new_arguments = counted.at("new"), .same_arguments = counted.at("same")};
}

Json count_product_calls(const Json& request) {
  const auto sizes = request.at("sizes").get<std::array<std::uint64_t, 4>>();
  const auto transposes = request.at("transposes").get<std::array<bool, 2>>();
  const MatmulShape shape{.set = {},
                          .name = {},
                          .batch = sizes[0],
                          .m = sizes[1],
                          .n = sizes[2],
                          .k = sizes[3],
                          .transpose_a = transposes[0],
                          .transpose_b = transposes[1]};
  const auto backend = *matmul_backend_named(request.at("backend").get<std::string>());
  const DType dtype = dtype_named(request.at("dtype").get<std::string>()).value();
  const DeviceProduct first = make_product(backend, dtype, shape);
  const DeviceProduct second = make_product(backend, dtype, shape);
  first.enqueue();  // what only the first product of a shape does is not counted
  Json calls;
  calls["new"] = calls_of(second);
  calls["same"] = calls_of(second);
  second.stream().synchronize();
  return calls;
}

}  // namespace dovetail::tool
