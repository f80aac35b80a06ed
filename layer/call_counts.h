// Reads the call counts of Dovetail's OpenCL layer from inside the counted process. C and C++.
//
// The layer counts every OpenCL call that the program and its libraries make through the loader.
// Start the program with OPENCL_LAYERS=<path>/libDovetailLayer.so, then:
//
//   void* layer = dlopen(DOVETAIL_LAYER_LIBRARY, RTLD_NOW | RTLD_NOLOAD);  // null: not active
//   dovetail_layer_snapshot_fn snapshot =
//       (dovetail_layer_snapshot_fn)dlsym(layer, DOVETAIL_LAYER_SNAPSHOT_SYMBOL);
//
// The loader opens the layer at the program's first OpenCL call, so call these functions after it.
// Take a snapshot before and after a stretch of work and subtract: counts only grow.
//
// If DOVETAIL_LAYER_REPORT names a file, or is `stderr`, the process also prints a table of its
// counts as it ends. `%p` in the name becomes the process id; processes that share a name overwrite
// each other's table. A process that ends by _exit, exec or a signal prints none. Neither does a
// child of fork that never calls exec: its parent's table covers the work before the fork.
//
// Counting adds about 0.1 us to a call, mostly for reading the clock twice; part of it shows in the
// times.
//
// The layer does not count
//   - functions from clGetExtensionFunctionAddress(ForPlatform), command buffers among them:
//     the driver hands these out and they bypass every layer (getting one is itself counted);
//   - OpenGL, EGL, Direct3D and DX9 sharing, and entry points after OpenCL 3.0: passed through;
//   - calls that a driver makes within itself.
#ifndef DOVETAIL_LAYER_CALL_COUNTS_H
#define DOVETAIL_LAYER_CALL_COUNTS_H

#include <stddef.h>
#include <stdint.h>

/// The name of the loaded layer for dlopen with RTLD_NOLOAD, in whatever folder it is.
#define DOVETAIL_LAYER_LIBRARY "libDovetailLayer.so"

/// The symbol to pass to dlsym for a `dovetail_layer_snapshot_fn`.
#define DOVETAIL_LAYER_SNAPSHOT_SYMBOL "dovetail_layer_snapshot"

#ifdef __cplusplus
extern "C" {
#endif

/// The counts of one OpenCL entry point since the layer was loaded. Calls count when they return.
typedef struct {
  /// Such as "clFinish"; valid for as long as the layer is loaded.
  const char* name;

  uint64_t calls;

  /// Calls that returned an error status, or, instead of a handle or pointer, null or an error
  /// through `errcode_ret`. Included in `calls`.
  uint64_t failures;

  /// Wall time inside the calls, summed over threads. OpenCL calls made by a callback that runs
  /// inside a call count for both.
  uint64_t nanoseconds;

  /// Bytes that successful calls move: buffer and SVM reads, writes, copies and fills, rectangles,
  /// and buffers created with CL_MEM_COPY_HOST_PTR. Not counted: images, and maps and migrations,
  /// which move bytes only if the driver chooses to.
  uint64_t bytes;

  /// Sum of `num_events_in_wait_list` over all calls that take one, failed calls included; for
  /// clWaitForEvents and clEnqueueWaitForEvents, of `num_events`.
  uint64_t wait_list_events;

  /// Events that successful calls returned through a `cl_event*`; not those of clCreateUserEvent,
  /// which returns its event directly.
  uint64_t events;
} dovetail_call_count;

/// Copies the counts of all entry points, always in the same order.
///
/// Exact for calls that returned before it on this thread, or on a thread synchronised with it;
/// a call that returns meanwhile may show in some fields and not yet in others.
/// @param out       Room for `capacity` counts; may be null if `capacity` is 0.
/// @param capacity  The most counts to write.
/// @return          The number of entry points counted, which may exceed `capacity`.
/// Thread-safe and lock-free.
typedef size_t (*dovetail_layer_snapshot_fn)(dovetail_call_count* out, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
