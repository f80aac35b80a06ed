#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows: PyOpenCL and Dovetail at work on one queue and one array, in both directions. Handles cross
the border as integers; nothing is copied, and the queue's order stands in for synchronisation.
Prints: the first elements of both results, and whether all are right.

    share_queue.py <path of libdovetail_share_queue.so>
"""
import ctypes
import sys

import numpy
import pyopencl as cl
import pyopencl.array

SIZE = 1000
library = ctypes.CDLL(sys.argv[1])
handle, size_t, int64 = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64
library.relu_on.argtypes = [handle, handle, size_t, int64]
library.session_open.restype = library.session_queue.restype = library.session_memory.restype = handle
library.session_open.argtypes = [int64, ctypes.c_float]
for function in ("session_close", "session_queue", "session_memory", "session_relu"):
    getattr(library, function).argtypes = [handle]


def dovetail_on_pyopencls_queue():
    """PyOpenCL made context, queue and array; Dovetail adopts them for one operation."""
    context = cl.Context([cl.get_platforms()[0].get_devices()[0]])
    queue = cl.CommandQueue(context)
    x = cl.array.to_device(queue, numpy.arange(SIZE, dtype=numpy.float32))
    x -= 2
    if not library.relu_on(queue.int_ptr, x.base_data.int_ptr, x.offset, x.size):
        raise RuntimeError("relu_on failed")
    x *= 3
    result = x.get()  # the only wait
    return result, 3 * numpy.maximum(numpy.arange(SIZE) - 2, 0)


def pyopencl_on_dovetails_stream():
    """Dovetail made stream and tensor; PyOpenCL wraps them. It retains both (retain=True)."""
    session = library.session_open(SIZE, -2.0)
    if not session:
        raise RuntimeError("session_open failed")
    queue = cl.CommandQueue.from_int_ptr(library.session_queue(session), retain=True)
    memory = cl.Buffer.from_int_ptr(library.session_memory(session), retain=True)
    x = cl.array.Array(queue, SIZE, numpy.float32, data=memory)
    x += cl.array.arange(queue, SIZE, dtype=numpy.float32)
    if not library.session_relu(session):
        raise RuntimeError("session_relu failed")
    x *= 3
    library.session_close(session)  # PyOpenCL's references keep queue and memory
    return x.get(), 3 * numpy.maximum(numpy.arange(SIZE) - 2, 0)


is_right = True
for run in (dovetail_on_pyopencls_queue, pyopencl_on_dovetails_stream):
    result, expected = run()
    same = numpy.array_equal(result, expected)
    print(f"{run.__name__}: {result[:6]} ... {'all right' if same else 'WRONG'}")
    is_right = is_right and same
sys.exit(0 if is_right else 1)
