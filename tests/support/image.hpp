// SPDX-License-Identifier: Apache-2.0
// Memory objects that are no buffers.
#pragma once

#include <CL/cl.h>

#include "dovetail/core/context.hpp"

namespace dovetail::test {

/// A two-dimensional image; null where the device has none.
class Image {
 public:
  explicit Image(const Context& context) {
    constexpr cl_image_format format{CL_RGBA, CL_FLOAT};
    cl_image_desc description{};
    description.image_type = CL_MEM_OBJECT_IMAGE2D;
    description.image_width = description.image_height = 16;
    image_ =
        clCreateImage(context.get(), CL_MEM_READ_WRITE, &format, &description, nullptr, nullptr);
  }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  ~Image() {
    if (image_ != nullptr) clReleaseMemObject(image_);
  }

  cl_mem get() const noexcept { return image_; }

 private:
  cl_mem image_ = nullptr;
};

}  // namespace dovetail::test
