// SPDX-License-Identifier: Apache-2.0
// Every OpenCL entry point that a layer interposes, one line each.
#pragma once

#include <array>
#include <cstddef>

/// Calls `X(name, Bytes)` for each entry point. `Bytes` finds the number of bytes that a call moves
/// among its arguments; the choices are in call_bytes.hpp. tests/layer/entry_points_test.cpp names
/// the members of the dispatch table that have no line here.
#define DOVETAIL_LAYER_ENTRY_POINTS(X)                 \
  X(clGetPlatformIDs, NoBytes)                         \
  X(clGetPlatformInfo, NoBytes)                        \
  X(clGetDeviceIDs, NoBytes)                           \
  X(clGetDeviceInfo, NoBytes)                          \
  X(clCreateContext, NoBytes)                          \
  X(clCreateContextFromType, NoBytes)                  \
  X(clRetainContext, NoBytes)                          \
  X(clReleaseContext, NoBytes)                         \
  X(clGetContextInfo, NoBytes)                         \
  X(clCreateCommandQueue, NoBytes)                     \
  X(clRetainCommandQueue, NoBytes)                     \
  X(clReleaseCommandQueue, NoBytes)                    \
  X(clGetCommandQueueInfo, NoBytes)                    \
  X(clSetCommandQueueProperty, NoBytes)                \
  X(clCreateBuffer, CopiedHostPtrAt<1>)                \
  X(clCreateImage2D, NoBytes)                          \
  X(clCreateImage3D, NoBytes)                          \
  X(clRetainMemObject, NoBytes)                        \
  X(clReleaseMemObject, NoBytes)                       \
  X(clGetSupportedImageFormats, NoBytes)               \
  X(clGetMemObjectInfo, NoBytes)                       \
  X(clGetImageInfo, NoBytes)                           \
  X(clCreateSampler, NoBytes)                          \
  X(clRetainSampler, NoBytes)                          \
  X(clReleaseSampler, NoBytes)                         \
  X(clGetSamplerInfo, NoBytes)                         \
  X(clCreateProgramWithSource, NoBytes)                \
  X(clCreateProgramWithBinary, NoBytes)                \
  X(clRetainProgram, NoBytes)                          \
  X(clReleaseProgram, NoBytes)                         \
  X(clBuildProgram, NoBytes)                           \
  X(clUnloadCompiler, NoBytes)                         \
  X(clGetProgramInfo, NoBytes)                         \
  X(clGetProgramBuildInfo, NoBytes)                    \
  X(clCreateKernel, NoBytes)                           \
  X(clCreateKernelsInProgram, NoBytes)                 \
  X(clRetainKernel, NoBytes)                           \
  X(clReleaseKernel, NoBytes)                          \
  X(clSetKernelArg, NoBytes)                           \
  X(clGetKernelInfo, NoBytes)                          \
  X(clGetKernelWorkGroupInfo, NoBytes)                 \
  X(clWaitForEvents, NoBytes)                          \
  X(clGetEventInfo, NoBytes)                           \
  X(clRetainEvent, NoBytes)                            \
  X(clReleaseEvent, NoBytes)                           \
  X(clGetEventProfilingInfo, NoBytes)                  \
  X(clFlush, NoBytes)                                  \
  X(clFinish, NoBytes)                                 \
  X(clEnqueueReadBuffer, SizeAt<4>)                    \
  X(clEnqueueWriteBuffer, SizeAt<4>)                   \
  X(clEnqueueCopyBuffer, SizeAt<5>)                    \
  X(clEnqueueReadImage, NoBytes)                       \
  X(clEnqueueWriteImage, NoBytes)                      \
  X(clEnqueueCopyImage, NoBytes)                       \
  X(clEnqueueCopyImageToBuffer, NoBytes)               \
  X(clEnqueueCopyBufferToImage, NoBytes)               \
  X(clEnqueueMapBuffer, NoBytes)                       \
  X(clEnqueueMapImage, NoBytes)                        \
  X(clEnqueueUnmapMemObject, NoBytes)                  \
  X(clEnqueueNDRangeKernel, NoBytes)                   \
  X(clEnqueueTask, NoBytes)                            \
  X(clEnqueueNativeKernel, NoBytes)                    \
  X(clEnqueueMarker, NoBytes)                          \
  X(clEnqueueWaitForEvents, NoBytes)                   \
  X(clEnqueueBarrier, NoBytes)                         \
  X(clGetExtensionFunctionAddress, NoBytes)            \
  X(clSetEventCallback, NoBytes)                       \
  X(clCreateSubBuffer, NoBytes)                        \
  X(clSetMemObjectDestructorCallback, NoBytes)         \
  X(clCreateUserEvent, NoBytes)                        \
  X(clSetUserEventStatus, NoBytes)                     \
  X(clEnqueueReadBufferRect, RegionAt<5>)              \
  X(clEnqueueWriteBufferRect, RegionAt<5>)             \
  X(clEnqueueCopyBufferRect, RegionAt<5>)              \
  X(clCreateSubDevicesEXT, NoBytes)                    \
  X(clRetainDeviceEXT, NoBytes)                        \
  X(clReleaseDeviceEXT, NoBytes)                       \
  X(clCreateSubDevices, NoBytes)                       \
  X(clRetainDevice, NoBytes)                           \
  X(clReleaseDevice, NoBytes)                          \
  X(clCreateImage, NoBytes)                            \
  X(clCreateProgramWithBuiltInKernels, NoBytes)        \
  X(clCompileProgram, NoBytes)                         \
  X(clLinkProgram, NoBytes)                            \
  X(clUnloadPlatformCompiler, NoBytes)                 \
  X(clGetKernelArgInfo, NoBytes)                       \
  X(clEnqueueFillBuffer, SizeAt<5>)                    \
  X(clEnqueueFillImage, NoBytes)                       \
  X(clEnqueueMigrateMemObjects, NoBytes)               \
  X(clEnqueueMarkerWithWaitList, NoBytes)              \
  X(clEnqueueBarrierWithWaitList, NoBytes)             \
  X(clGetExtensionFunctionAddressForPlatform, NoBytes) \
  X(clCreateCommandQueueWithProperties, NoBytes)       \
  X(clCreatePipe, NoBytes)                             \
  X(clGetPipeInfo, NoBytes)                            \
  X(clSVMAlloc, NoBytes)                               \
  X(clSVMFree, NoBytes)                                \
  X(clEnqueueSVMFree, NoBytes)                         \
  X(clEnqueueSVMMemcpy, SizeAt<4>)                     \
  X(clEnqueueSVMMemFill, SizeAt<4>)                    \
  X(clEnqueueSVMMap, NoBytes)                          \
  X(clEnqueueSVMUnmap, NoBytes)                        \
  X(clCreateSamplerWithProperties, NoBytes)            \
  X(clSetKernelArgSVMPointer, NoBytes)                 \
  X(clSetKernelExecInfo, NoBytes)                      \
  X(clGetKernelSubGroupInfoKHR, NoBytes)               \
  X(clCloneKernel, NoBytes)                            \
  X(clCreateProgramWithIL, NoBytes)                    \
  X(clEnqueueSVMMigrateMem, NoBytes)                   \
  X(clGetDeviceAndHostTimer, NoBytes)                  \
  X(clGetHostTimer, NoBytes)                           \
  X(clGetKernelSubGroupInfo, NoBytes)                  \
  X(clSetDefaultDeviceCommandQueue, NoBytes)           \
  X(clSetProgramReleaseCallback, NoBytes)              \
  X(clSetProgramSpecializationConstant, NoBytes)       \
  X(clCreateBufferWithProperties, CopiedHostPtrAt<2>)  \
  X(clCreateImageWithProperties, NoBytes)              \
  X(clSetContextDestructorCallback, NoBytes)

namespace dovetail::layer {

/// An index for each entry point.
enum class EntryPoint : std::size_t {
#define DOVETAIL_LAYER_ENUMERATOR(name, bytes) name,
  DOVETAIL_LAYER_ENTRY_POINTS(DOVETAIL_LAYER_ENUMERATOR)
#undef DOVETAIL_LAYER_ENUMERATOR
      count
};

inline constexpr auto entry_point_count = static_cast<std::size_t>(EntryPoint::count);

inline constexpr std::array<const char*, entry_point_count> entry_point_names{
#define DOVETAIL_LAYER_NAME(name, bytes) #name,
    DOVETAIL_LAYER_ENTRY_POINTS(DOVETAIL_LAYER_NAME)
#undef DOVETAIL_LAYER_NAME
};

}  // namespace dovetail::layer
