// SPDX-License-Identifier: Apache-2.0
// The OpenCL calls of one product, counted in a worker.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tools/commands/matmul/shapes.hpp"
#include "tools/measure/worker.hpp"
#include "tools/results/results.hpp"

namespace dovetail::tool {

/// Asks a worker under the counting layer for the calls of a product.
/// @throws Error  the worker failed.
MatmulRow::Calls ask_for_product_calls(Worker& counter, const std::string& backend,
                                       const std::string& dtype, const MatmulShape& shape);

/// Counts the calls of a product in the worker process.
/// @throws Error  this process runs without the counting layer.
nlohmann::json count_product_calls(const nlohmann::json& request);

}  // namespace dovetail::tool
