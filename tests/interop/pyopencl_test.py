#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyOpenCL and Dovetail on one queue, which is held so that work shows where it waits.

    pyopencl_test.py <path of libdovetail_share_queue.so>    the library of the example
"""
import ctypes
import sys
import unittest

import numpy
import pyopencl as cl
import pyopencl.array

SIZE = 1000
library = ctypes.CDLL(sys.argv.pop(1))
handle, size_t, int64 = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64
library.relu_on.argtypes = [handle, handle, size_t, int64]
library.session_open.restype = library.session_queue.restype = library.session_memory.restype = handle
library.session_open.argtypes = [int64, ctypes.c_float]
for function in ("session_close", "session_queue", "session_memory", "session_relu"):
    getattr(library, function).argtypes = [handle]


class SharedQueue(unittest.TestCase):
    def hold(self, queue):
        """Everything enqueued from now on waits for the event that this returns."""
        gate = cl.UserEvent(queue.context)
        cl.enqueue_barrier(queue, wait_for=[gate])
        self.addCleanup(lambda: None if self.released else gate.set_status(0))
        self.released = False
        return gate

    def release(self, gate, last):
        """Expects that `last` has not run, lets the queue go on, and waits for it."""
        free = cl.CommandQueue(last.context)
        for _ in range(10):
            cl.array.zeros(free, 1, numpy.int32).get()
            self.assertNotEqual(last.command_execution_status, cl.command_execution_status.COMPLETE)
        self.released = True
        gate.set_status(0)
        last.wait()

    def test_dovetail_runs_between_operations_of_pyopencl_on_its_held_queue(self):
        context = cl.Context([cl.get_platforms()[0].get_devices()[0]])
        queue = cl.CommandQueue(context)
        x = cl.array.to_device(queue, numpy.arange(SIZE, dtype=numpy.float32))
        gate = self.hold(queue)
        x -= 2
        self.assertEqual(library.relu_on(queue.int_ptr, x.base_data.int_ptr, x.offset, x.size), 1)
        x *= 3
        self.release(gate, cl.enqueue_marker(queue))
        expected = 3 * numpy.maximum(numpy.arange(SIZE) - 2, 0)
        numpy.testing.assert_array_equal(x.get(), expected)

    def test_dovetail_works_on_a_part_of_an_array(self):
        context = cl.Context([cl.get_platforms()[0].get_devices()[0]])
        queue = cl.CommandQueue(context)
        x = cl.array.to_device(queue, numpy.full(256, -1, dtype=numpy.float32))
        part = x[128:192]
        self.assertEqual(
            library.relu_on(queue.int_ptr, part.base_data.int_ptr, part.offset, part.size), 1)
        expected = numpy.full(256, -1)
        expected[128:192] = 0
        numpy.testing.assert_array_equal(x.get(), expected)

    def test_pyopencl_runs_between_operations_of_dovetail_on_its_held_stream(self):
        session = library.session_open(SIZE, -2.0)
        queue = cl.CommandQueue.from_int_ptr(library.session_queue(session), retain=True)
        memory = cl.Buffer.from_int_ptr(library.session_memory(session), retain=True)
        x = cl.array.Array(queue, SIZE, numpy.float32, data=memory)
        summand = cl.array.arange(queue, SIZE, dtype=numpy.float32)
        gate = self.hold(queue)
        x += summand
        self.assertEqual(library.session_relu(session), 1)
        x *= 3
        self.release(gate, cl.enqueue_marker(queue))
        expected = 3 * numpy.maximum(numpy.arange(SIZE) - 2, 0)
        numpy.testing.assert_array_equal(x.get(), expected)
        library.session_close(session)

    def test_queue_and_memory_of_dovetail_outlive_it_by_pyopencls_references(self):
        session = library.session_open(SIZE, 5.0)
        queue = cl.CommandQueue.from_int_ptr(library.session_queue(session), retain=True)
        memory = cl.Buffer.from_int_ptr(library.session_memory(session), retain=True)
        library.session_close(session)
        x = cl.array.Array(queue, SIZE, numpy.float32, data=memory)
        x += 1
        numpy.testing.assert_array_equal(x.get(), numpy.full(SIZE, 6))

    def test_a_queue_without_order_is_refused(self):
        context = cl.Context([cl.get_platforms()[0].get_devices()[0]])
        queue = cl.CommandQueue(
            context, properties=cl.command_queue_properties.OUT_OF_ORDER_EXEC_MODE_ENABLE)
        x = cl.array.zeros(queue, SIZE, numpy.float32)
        self.assertEqual(library.relu_on(queue.int_ptr, x.base_data.int_ptr, 0, x.size), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
