// SPDX-License-Identifier: Apache-2.0
// Lists of matrix products to compare.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dovetail::tool {

/// out[batch, m, n] = op(a)[batch, m, k] op(b)[batch, k, n].
struct MatmulShape {
  std::string set, name;
  std::uint64_t batch, m, n, k;
  bool transpose_a, transpose_b;

  double flops() const {
    return 2.0 * static_cast<double>(batch) * static_cast<double>(m) * static_cast<double>(n) *
           static_cast<double>(k);
  }
  /// Bytes of the operands and the result, each once.
  double nbytes(std::size_t operand_element, std::size_t result_element) const {
    const double operands = static_cast<double>(m) * static_cast<double>(k) +
                            static_cast<double>(k) * static_cast<double>(n);
    return static_cast<double>(batch) *
           (static_cast<double>(operand_element) * operands +
            static_cast<double>(result_element) * static_cast<double>(m) * static_cast<double>(n));
  }
};

/// Parses lines of set,name,batch,m,n,k,transpose_a,transpose_b, a header first.
/// @param origin  The name of the text in messages.
/// @throws InvalidArgument  a line is wrong; the message names it and what is wrong with it.
std::vector<MatmulShape> parse_shapes(std::string_view text, std::string_view origin);

/// Reads the shapes of a file.
/// @throws InvalidArgument  it cannot be read.
std::vector<MatmulShape> read_shapes(const std::filesystem::path& path);

/// Returns the shapes that come with the tool: products of published models, and odd ones.
std::vector<MatmulShape> builtin_shapes();

/// Returns the shapes of a file, or those that come with the tool if `path` is empty.
/// @param sets  Only these sets; all if there are none.
/// @throws InvalidArgument  the file cannot be read, or has no such set.
std::vector<MatmulShape> select_shapes(const std::filesystem::path& path = {},
                                       const std::vector<std::string>& sets = {});

}  // namespace dovetail::tool
