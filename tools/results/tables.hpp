// SPDX-License-Identifier: Apache-2.0
// Results on the terminal.
#pragma once

#include <string>

#include "tools/results/results.hpp"

namespace dovetail::tool {

/// Returns tables of the rows that there are, the advice, and a line for each reason to skip.
std::string tables(const Results& results, const Device& device);

}  // namespace dovetail::tool
