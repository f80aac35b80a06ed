// SPDX-License-Identifier: Apache-2.0
// How many bytes a call moves, by its arguments: the choices for entry_points.hpp.
#pragma once

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 300
#endif
#include <CL/cl.h>

#include <cstddef>
#include <cstdint>
#include <tuple>

namespace dovetail::layer {

/// Bytes of an entry point that moves none, or does not say how many.
struct NoBytes {
  static std::uint64_t in(const auto& /*arguments*/) { return 0; }
};

/// Bytes given by the size_t argument at `Index`.
template <std::size_t Index>
struct SizeAt {
  static std::uint64_t in(const auto& arguments) {
    const std::size_t& size = std::get<Index>(arguments);
    return size;
  }
};

/// Bytes of a rectangle: the product of the three sizes at `Index`, the first of them in bytes.
template <std::size_t Index>
struct RegionAt {
  static std::uint64_t in(const auto& arguments) {
    const std::size_t* region = std::get<Index>(arguments);
    return std::uint64_t{region[0]} * region[1] * region[2];
  }
};

/// Bytes of a new buffer, if its flags at `Index` have it copied from host memory; its size
/// follows the flags.
template <std::size_t Index>
struct CopiedHostPtrAt {
  static std::uint64_t in(const auto& arguments) {
    const cl_mem_flags& flags = std::get<Index>(arguments);
    return (flags & CL_MEM_COPY_HOST_PTR) != 0 ? SizeAt<Index + 1>::in(arguments) : 0;
  }
};

}  // namespace dovetail::layer
