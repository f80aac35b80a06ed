// SPDX-License-Identifier: Apache-2.0
// That a layer replaces every entry point but those that are named here.
#include "layer/entry_points.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "layer/interposition.hpp"

// Members of the dispatch table that layers pass through: sharing with OpenGL, EGL and Direct3D.
// Some have no type but void* where their interface is not built.
#define DOVETAIL_LEFT_OUT(X)              \
  X(clCreateFromGLBuffer)                 \
  X(clCreateFromGLTexture2D)              \
  X(clCreateFromGLTexture3D)              \
  X(clCreateFromGLRenderbuffer)           \
  X(clGetGLObjectInfo)                    \
  X(clGetGLTextureInfo)                   \
  X(clEnqueueAcquireGLObjects)            \
  X(clEnqueueReleaseGLObjects)            \
  X(clGetGLContextInfoKHR)                \
  X(clGetDeviceIDsFromD3D10KHR)           \
  X(clCreateFromD3D10BufferKHR)           \
  X(clCreateFromD3D10Texture2DKHR)        \
  X(clCreateFromD3D10Texture3DKHR)        \
  X(clEnqueueAcquireD3D10ObjectsKHR)      \
  X(clEnqueueReleaseD3D10ObjectsKHR)      \
  X(clCreateEventFromGLsyncKHR)           \
  X(clCreateFromGLTexture)                \
  X(clGetDeviceIDsFromD3D11KHR)           \
  X(clCreateFromD3D11BufferKHR)           \
  X(clCreateFromD3D11Texture2DKHR)        \
  X(clCreateFromD3D11Texture3DKHR)        \
  X(clCreateFromDX9MediaSurfaceKHR)       \
  X(clEnqueueAcquireD3D11ObjectsKHR)      \
  X(clEnqueueReleaseD3D11ObjectsKHR)      \
  X(clGetDeviceIDsFromDX9MediaAdapterKHR) \
  X(clEnqueueAcquireDX9MediaSurfacesKHR)  \
  X(clEnqueueReleaseDX9MediaSurfacesKHR)  \
  X(clCreateFromEGLImageKHR)              \
  X(clEnqueueAcquireEGLObjectsKHR)        \
  X(clEnqueueReleaseEGLObjectsKHR)        \
  X(clCreateEventFromEGLSyncKHR)

namespace dovetail::layer {
namespace {

TEST(EntryPoints, CoverTheDispatchTableButWhatIsLeftOutHere) {
  // The name of each member that has one here; a name for each of the others is missing.
  std::vector<std::string_view> names(sizeof(cl_icd_dispatch) / sizeof(void*));
  const auto name = [&](std::size_t offset, std::string_view member) {
    std::string_view& place = names.at(offset / sizeof(void*));
    EXPECT_EQ(place, "") << member << " stands twice";
    place = member;
  };
#define DOVETAIL_NAME(member, ...) name(offsetof(cl_icd_dispatch, member), #member);
  DOVETAIL_LAYER_ENTRY_POINTS(DOVETAIL_NAME)
  DOVETAIL_LEFT_OUT(DOVETAIL_NAME)
#undef DOVETAIL_NAME
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_NE(names[i], "") << "nobody names member " << i << " of cl_icd_dispatch, after "
                            << (i == 0 ? "none" : names[i - 1]);
  }
}

}  // namespace
}  // namespace dovetail::layer
